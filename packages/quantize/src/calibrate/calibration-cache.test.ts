import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompileError, newModel, parseGraph, seeded, Tensor, type Model } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPlan, type QuantPlan } from "../plan/plan.ts";
import { observed, observerNames } from "../plan/spec.ts";
import type { CalibrationRunOptions } from "./calibration-options.ts";
import { calibrateAll } from "./calibrate.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lowbit-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function modelOf(op: "Relu" | "Neg"): { readonly model: Model; readonly plan: QuantPlan } {
  const model = newModel(parseGraph(`g (float[N,3] x) => (float[N,3] y) { y = ${op} (x) }`));
  const { graph } = model;
  const specs = new Map(["x", "y"].map((name) => [graph.value(name)!, observed("uint8")]));
  return { model, plan: createPlan(graph, specs) };
}

const { model, plan } = modelOf("Relu");

const stream = seeded("calibration", "float", [40, 3]).floats();

/** Batches of the given sizes, from the beginning of one stream of samples. */
function batches(...sizes: readonly number[]): readonly Feeds[] {
  let from = 0;
  return sizes.map((size) => {
    const rows = stream.slice(from * 3, (from + size) * 3);
    from += size;
    return { x: Tensor.of("float", rows, [size, 3]) };
  });
}

/** The ranges of all observers as text. */
async function ranges(data: Iterable<Feeds>, options: CalibrationRunOptions = {}): Promise<string> {
  const found = await calibrateAll(model, plan, data, observerNames, options);
  return JSON.stringify([...found].map(([name, { samples, ranges: each }]) => [name, samples, [...each.values()]]));
}

async function caught(run: Promise<unknown>): Promise<CompileError> {
  const error = await run.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof CompileError) return error;
  throw new Error("no CompileError was thrown");
}

let files = 0;
const fresh = (): string => join(folder, `cache${files++}.json`);

describe("a calibration cache", () => {
  test("answers without running what it has seen already", async () => {
    const cache = fresh();
    const first = await ranges(batches(20, 20), { cache });
    const bytes = readFileSync(cache);
    let drawn = 0;
    const second = await ranges(batches(20, 20), { cache, progress: () => drawn++ });
    expect([second, drawn]).toEqual([first, 0]);
    expect(readFileSync(cache)).toEqual(bytes);
  });

  test("goes on behind an interruption to the same ranges", async () => {
    const cache = fresh();
    function* interrupted(): Generator<Feeds> {
      yield* batches(16);
      throw new Error("power cut");
    }
    await expect(ranges(interrupted(), { cache })).rejects.toThrow("power cut");
    expect(await ranges(batches(16, 16, 8), { cache })).toBe(await ranges(batches(16, 16, 8)));
  });

  test("takes more samples, the rest of a batch it knows in part included", async () => {
    const cache = fresh();
    await ranges(batches(16, 4), { cache });
    expect(await ranges(batches(16, 16, 8), { cache })).toBe(await ranges(batches(16, 4, 12, 8)));
  });

  test("has nothing of a batch with values that are not finite", async () => {
    const cache = fresh();
    const [good] = batches(16);
    const bad = { x: Tensor.of("float", [1, 2, 3, 4, NaN, 6], [2, 3]) };
    const { diagnostic } = await caught(ranges([good!, bad], { cache }));
    expect(diagnostic.message).toBe('"x" is NaN or infinite in calibration sample 17 (the first is 0)');
    expect(await ranges(batches(16, 16, 8), { cache })).toBe(await ranges(batches(16, 16, 8)));
  });

  test("is refused for another model, other settings, other data, and if it is something else", async () => {
    const cache = fresh();
    await ranges(batches(16), { cache, dataName: "a" });
    const other = modelOf("Neg");
    const problems = [
      calibrateAll(other.model, other.plan, batches(16), observerNames, { cache, dataName: "a" }),
      ranges(batches(16), { cache, dataName: "a", bins: 100 }),
      calibrateAll(model, plan, batches(16), ["mse"], { cache, dataName: "a" }),
      ranges(batches(16), { cache, dataName: "b" }),
    ].map(async (run) => (await caught(run)).diagnostic);
    const settings = "was made with another plan, observer, setting or data set";
    const messages = (await Promise.all(problems)).map(({ code, message }) => [
      code,
      message.replace(`"${cache}" `, ""),
    ]);
    expect(messages).toEqual([
      ["quantize/calibration-cache", "the calibration cache was made for another model"],
      ...Array.from({ length: 3 }, () => ["quantize/calibration-cache", `the calibration cache ${settings}`]),
    ]);
    writeFileSync(cache, "{ broken");
    expect((await caught(ranges(batches(16), { cache }))).diagnostic.message).toMatch(/is no calibration cache/);
    expect(readFileSync(cache, "utf8")).toBe("{ broken");
  });

  test("is not written where there is no data", async () => {
    const cache = fresh();
    await caught(ranges([], { cache }));
    expect(existsSync(cache)).toBe(false);
  });
});
