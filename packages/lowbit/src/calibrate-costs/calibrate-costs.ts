import { costAxes, type CostFamily, type CostGrid, type CostTable } from "@lowbit/backend-x86";
import { newModel, parseGraph } from "@lowbit/ir";
import { kernelTimes, type KernelRun } from "@lowbit/runtime";
import { feedsFor } from "./feeds-for.ts";
import { kernelShape, measuredSizes } from "./kernel-shapes.ts";
import { launch, profilingOverhead } from "./profiling-overhead.ts";

/** Products beyond which a kernel is not measured: its cost per product changes no more, and a run takes long. */
const mostWork = 3e8;

/** How kernels are measured. */
export interface CalibrateCostsOptions {
  /** Called with the share that is done, from 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/**
 * A kernel is measured this often, with all others between, and its median counts. The least would flatter kernels that wait for
 * memory, whose times vary most: they are float ones.
 */
const passes = 3;

/**
 * Measures what ONNX Runtime's kernels cost on this machine with one thread, on floats and on codes, at a grid of shapes;
 * takes about three minutes on a machine that is not busy.
 *
 * @throws CompileError `runtime/…`
 */
export async function calibrateCosts({ onProgress }: CalibrateCostsOptions = {}): Promise<CostTable> {
  const families = Object.keys(costAxes) as CostFamily[];
  const points = families.flatMap((family) => pointsOf(measuredSizes[family]).map((at) => kernelShape(family, at)));
  const overhead = await profilingOverhead();
  const times = points.map(() => ({ float: [] as number[], integer: [] as number[] }));
  for (let pass = 0; pass < passes; pass++) {
    for (const [index, { work, kernels, ...texts }] of points.entries()) {
      if (work <= mostWork) {
        const float = await microsecondsOf(texts.float, kernels, overhead);
        // Conversions are one graph for both.
        const integer = texts.integer === texts.float ? float : await microsecondsOf(texts.integer, kernels, overhead);
        times[index]!.float.push(float);
        times[index]!.integer.push(integer);
      }
      onProgress?.((pass * points.length + index + 1) / (passes * points.length));
    }
  }
  let next = 0;
  const gridOf = (family: CostFamily): CostGrid => {
    const [float, integer]: [number[], number[]] = [[], []];
    for (const _ of pointsOf(measuredSizes[family])) {
      const [{ work }, own] = [points[next]!, times[next]!];
      next++;
      // The last axis runs fastest, so what was measured last is the same kernel at the size before.
      float.push(work > mostWork ? float.at(-1)! : rounded((1000 * middle(own.float)) / work));
      integer.push(work > mostWork ? integer.at(-1)! : rounded((1000 * middle(own.integer)) / work));
    }
    return { axes: measuredSizes[family], float, integer };
  };
  return Object.fromEntries(families.map((family) => [family, gridOf(family)])) as unknown as CostTable;
}

function middle(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[(times.length - 1) / 2]!;
}

function pointsOf(axes: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return axes.reduce<readonly (readonly number[])[]>(
    (points, sizes) => points.flatMap((point) => sizes.map((size) => [...point, size])),
    [[]],
  );
}

/** Time of the kernels of some ops in one run; `Op/2` counts half. */
async function microsecondsOf(
  text: string,
  ops: readonly string[],
  overhead: (kernel: KernelRun) => number,
): Promise<number> {
  const model = newModel(parseGraph(text));
  const times = await kernelTimes(model, feedsFor(model), { threads: 1 });
  let sum = 0;
  for (const op of ops) {
    const [name, divisor = "1"] = op.split("/");
    for (const kernel of times)
      if (kernel.op === name) sum += Math.max(launch, kernel.microseconds - overhead(kernel)) / Number(divisor);
  }
  return Math.max(sum, launch);
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
