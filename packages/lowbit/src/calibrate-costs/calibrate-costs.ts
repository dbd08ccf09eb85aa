import { costAxes, type CostFamily, type CostGrid, type CostTable } from "@lowbit/backend-x86";
import { newModel, parseGraph } from "@lowbit/ir";
import { kernelTimes, type Port } from "@lowbit/runtime";
import { madeUpFeeds } from "../made-up-feeds.ts";
import { kernelShape, measuredSizes } from "./kernel-shapes.ts";

/** Products beyond which a kernel is not measured: its cost per product changes no more, and a run takes long. */
const mostWork = 3e8;

/** How kernels are measured. */
export interface CalibrateCostsOptions {
  readonly onProgress?: (share: number) => void;
}

/**
 * Measures what ONNX Runtime's kernels cost on this machine with one thread, on floats and on codes, at a grid of shapes;
 * takes a minute or two on a machine that is not busy.
 *
 * @throws CompileError `runtime/…`
 */
export async function calibrateCosts({ onProgress }: CalibrateCostsOptions = {}): Promise<CostTable> {
  const families = Object.keys(costAxes) as CostFamily[];
  const total = families.reduce((sum, family) => sum + pointsOf(measuredSizes[family]).length, 0);
  const overhead = await profilingOverhead();
  const table: Partial<Record<CostFamily, CostGrid>> = {};
  let done = 0;
  for (const family of families) {
    const axes = measuredSizes[family];
    const [float, integer]: [number[], number[]] = [[], []];
    for (const at of pointsOf(axes)) {
      const { work, kernels, ...texts } = kernelShape(family, at);
      if (work > mostWork) {
        // The last axis runs fastest, so what was measured last is the same kernel at the size before.
        float.push(float.at(-1)!);
        integer.push(integer.at(-1)!);
      } else {
        float.push(rounded((1000 * (await microsecondsOf(texts.float, kernels, overhead))) / work));
        integer.push(rounded((1000 * (await microsecondsOf(texts.integer, kernels, overhead))) / work));
      }
      onProgress?.(++done / total);
    }
    table[family] = { axes, float, integer };
  }
  return table as CostTable;
}

function pointsOf(axes: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return axes.reduce<readonly (readonly number[])[]>(
    (points, sizes) => points.flatMap((point) => sizes.map((size) => [...point, size])),
    [[]],
  );
}

/** About what a kernel that does nothing takes when nobody looks, in microseconds. */
const launch = 1;

/** What a profile adds to the time of each kernel: that of a kernel for one element, apart from its launch. */
async function profilingOverhead(): Promise<number> {
  const { float, kernels } = kernelShape("quantize", [1]);
  const times: number[] = [];
  for (let i = 0; i < 3; i++) times.push(await microsecondsOf(float, kernels, 0));
  return Math.max(0, Math.min(...times) - launch);
}

/** Time of the kernels of some ops in one run; `Op/2` counts half. */
async function microsecondsOf(text: string, ops: readonly string[], overhead: number): Promise<number> {
  const model = newModel(parseGraph(text));
  const ports = model.graph.inputs.map(({ name, dtype, shape }): Port => ({
    name,
    dtype: dtype!,
    shape: shape as readonly number[],
  }));
  const times = await kernelTimes(model, madeUpFeeds(ports, 1), { threads: 1 });
  let sum = 0;
  for (const op of ops) {
    const [name, divisor = "1"] = op.split("/");
    for (const kernel of times)
      if (kernel.op === name) sum += Math.max(launch, kernel.microseconds - overhead) / Number(divisor);
  }
  return Math.max(sum, launch);
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
