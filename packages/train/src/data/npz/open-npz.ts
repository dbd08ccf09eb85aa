import type { Tensor } from "@lowbit/ir";
import { missingArray } from "../../diagnostics.ts";
import type { Dataset } from "../dataset.ts";
import type { Fitting, RawBatch } from "../fitting/fitting.ts";
import { inMemory } from "../in-memory.ts";
import { parseNpy } from "./npy.ts";
import { ZipFile } from "./zip-file.ts";

/**
 * The data of a NumPy `.npz` file: arrays named after the model's inputs, or `x` when it has one; targets `y`. Other
 * arrays are not read.
 *
 * @throws CompileError `data/missing-file`, `data/bad-file`, `data/missing-array`, and what `inMemory` throws
 */
export async function openNpz(path: string, fitting: Fitting): Promise<Dataset> {
  const file = await ZipFile.open(path);
  let raw: RawBatch;
  try {
    const inputs: Record<string, Tensor> = {};
    for (const { name } of fitting.inputs) {
      const found = (await readArray(file, name)) ?? (fitting.inputs.length === 1 ? await readArray(file, "x") : null);
      if (!found) throw missingArray(name, fitting.inputs.length === 1, arrayNames(file), path);
      inputs[name] = found;
    }
    raw = { inputs, target: fitting.wantsTargets ? ((await readArray(file, "y")) ?? undefined) : undefined };
  } finally {
    await file.close();
  }
  return inMemory(raw, fitting);
}

async function readArray(file: ZipFile, name: string): Promise<Tensor | null> {
  const member = file.members.get(`${name}.npy`);
  return member ? parseNpy(await file.read(member), file.path, name) : null;
}

function arrayNames(file: ZipFile): readonly string[] {
  return [...file.members.keys()].filter((name) => name.endsWith(".npy")).map((name) => name.slice(0, -4));
}
