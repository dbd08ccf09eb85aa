import type { Dataset } from "./dataset.ts";
import { onlyInput } from "./fitting/only-input.ts";
import type { Fitting } from "./fitting/fitting.ts";
import { readIdx } from "./idx.ts";
import { inMemory } from "./in-memory.ts";

/**
 * The data of an IDX file of samples and, unless null, one of labels, as in MNIST.
 *
 * @throws CompileError `data/missing-file`, `data/bad-file`, `data/several-inputs`, and what `inMemory` throws
 */
export async function openIdx(samples: string, labels: string | null, fitting: Fitting): Promise<Dataset> {
  const { name } = onlyInput(fitting, "IDX files");
  const [x, y] = await Promise.all([
    readIdx(samples),
    labels !== null && fitting.wantsTargets ? readIdx(labels) : undefined,
  ]);
  return inMemory({ inputs: { [name]: x }, target: y }, fitting, samples);
}
