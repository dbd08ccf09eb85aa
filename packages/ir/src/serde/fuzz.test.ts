import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { materialsFolder } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { CompileError } from "../diagnostics.ts";
import { convertOpset } from "../opset/convert-opset.ts";
import { verifyModel } from "../verify/verify.ts";
import { modelBytes } from "./export-model.ts";
import { importModel } from "./import-model.ts";

const folder = materialsFolder();
const nightly = process.env["LOWBIT_NIGHTLY"] === "1";
const mutations = nightly ? 10_000 : 300;

/** A repeatable source of numbers in [0, 1) (mulberry32, public domain). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The model with a few bytes changed, cut out, doubled or moved, mostly where its structure is. */
function mutated(bytes: Uint8Array, random: () => number): Uint8Array {
  let result = Uint8Array.from(bytes);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let count = 1 + below(4); count > 0; count--) {
    const at = random() < 0.5 ? below(Math.min(result.length, 4096)) : below(result.length);
    const length = 1 + below(16);
    const kind = below(5);
    if (kind === 0) result[at] = below(256);
    else if (kind === 1) result[at]! ^= 1 << below(8);
    else if (kind === 2) result = result.slice(0, at);
    else {
      const piece = result.slice(at, at + length);
      const rest = kind === 3 ? result.slice(at + length) : result.slice(at);
      result = Uint8Array.from([...result.subarray(0, at), ...(kind === 3 ? [] : piece), ...rest]);
    }
    if (result.length === 0) return result;
  }
  return result;
}

/** What becomes of bytes that claim to be a model: a diagnostic, or a model that passes through everything. */
function fate(bytes: Uint8Array): "refused" | "accepted" {
  try {
    const model = importModel(bytes);
    verifyModel(model);
    const again = importModel(modelBytes(model));
    verifyModel(again);
    convertOpset(again);
    verifyModel(again);
    return "accepted";
  } catch (error) {
    if (error instanceof CompileError) return "refused";
    throw error;
  }
}

test.skipIf(folder === null)(
  `${mutations} mutations of real models give a diagnostic or a model, never another error`,
  { timeout: nightly ? 3_600_000 : 120_000 },
  () => {
    const models = readdirSync(join(folder!, "models"), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".onnx"))
      .map((path) => readFileSync(join(folder!, "models", path)))
      .filter((bytes) => bytes.length < 300_000);
    const fates = { refused: 0, accepted: 0 };
    for (let seed = 0; seed < mutations; seed++) {
      const random = randomNumbers(seed);
      const bytes = mutated(models[seed % models.length]!, random);
      try {
        fates[fate(bytes)]++;
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    expect(fates.refused).toBeGreaterThan(mutations / 4);
    expect(fates.accepted).toBeGreaterThan(mutations / 20);
  },
);
