import { newModel, parseGraph, type Model } from "@lowbit/ir";
import { kernelTimes, Session, type KernelRun } from "@lowbit/runtime";
import { feedsFor } from "./feeds-for.ts";

/** About the least that a node costs in a model, in microseconds. */
export const launch = 0.3;

/** Lengths of the chains that are compared. */
const [short, long] = [4, 28];

/**
 * What a profile adds to the time of a kernel, in microseconds: it describes the operands while the clock runs, and a
 * QLinearConv has three times those of a Conv. From chains of tiny kernels of few and of many operands, with and without a profile.
 */
export async function profilingOverhead(): Promise<(kernel: KernelRun) => number> {
  const few = await overheadIn(additions);
  const many = await overheadIn(quantizedAdditions);
  const perOperand = Math.max(0, many.microseconds - few.microseconds) / (many.operands - few.operands);
  return ({ inputs }) => Math.max(0, few.microseconds + (inputs.length - few.operands) * perOperand);
}

interface Overhead {
  readonly operands: number;
  readonly microseconds: number;
}

async function overheadIn(chain: (length: number) => string): Promise<Overhead> {
  const [less, more] = [newModel(parseGraph(chain(short))), newModel(parseGraph(chain(long)))];
  const profiled = async (model: Model): Promise<readonly KernelRun[]> =>
    kernelTimes(model, feedsFor(model), { threads: 1 });
  const [a, b] = [await profiled(less), await profiled(more)];
  const sum = (kernels: readonly KernelRun[]): number => kernels.reduce((all, each) => all + each.microseconds, 0);
  const slope =
    (sum(b) - sum(a) - (await microsecondsPerRun(more)) + (await microsecondsPerRun(less))) / (long - short);
  return { operands: Math.max(...b.map(({ inputs }) => inputs.length)), microseconds: Math.max(0, slope) };
}

const groups = 60;
const runsPerGroup = 50;

/** Time of a run without a profile: the lower quartile of many groups of runs. */
async function microsecondsPerRun(model: Model): Promise<number> {
  const session = await Session.create(model, { threads: 1 });
  const feeds = feedsFor(model);
  const times: number[] = [];
  for (let group = 0; group < groups; group++) {
    const started = performance.now();
    for (let run = 0; run < runsPerGroup; run++) await session.run(feeds);
    times.push((1000 * (performance.now() - started)) / runsPerGroup);
  }
  await session.release();
  return times.toSorted((a, b) => a - b)[groups / 4]!;
}

function additions(length: number): string {
  const nodes = Array.from({ length }, (_, i) => `a${i + 1} = Add (a${i}, x)`);
  return `g (float[1,16,4,4] x) => (a${length}) {\na0 = Relu (x)\n${nodes.join("\n")}\n}`;
}

function quantizedAdditions(length: number): string {
  const quantize = (to: number, from: string): string =>
    `q${to} = QuantizeLinear (${from}, s, z)\nd${to} = DequantizeLinear (q${to}, s, z)`;
  const nodes = Array.from({ length }, (_, i) => `a${i} = Add (d${i}, d0)\n${quantize(i + 1, `a${i}`)}`);
  return `g (float[1,16,4,4] x) => (d${length}) <float s = {0.5}, uint8 z = {128}> {
    ${quantize(0, "x")}
    ${nodes.join("\n")}
  }`;
}
