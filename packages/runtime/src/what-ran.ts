import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dtypes, tensorType, type DType, type Model, type TensorType } from "@lowbit/ir";
import { noProfile } from "./diagnostics.ts";
import type { Feeds } from "./feeds.ts";
import { Session, type SessionOptions } from "./session.ts";

/** One kernel that ONNX Runtime ran, after all its optimizations. */
export interface KernelRun {
  /** Name of the node in the graph ONNX Runtime made; often the model's own, possibly with additions. */
  readonly node: string;
  /** Op of that node, without its domain. */
  readonly op: string;
  /** Types of the operands that are there, with the shapes of this run. */
  readonly inputs: readonly TensorType[];
  readonly outputs: readonly TensorType[];
  readonly microseconds: number;
}

/**
 * Runs a model once and tells which kernels ran, in order: what ONNX Runtime really made of it.
 *
 * @throws CompileError `runtime/load`, `runtime/feed`, `runtime/run`, `runtime/profile`
 */
export async function whatRan(
  model: Model | Uint8Array | string,
  feeds: Feeds,
  options: SessionOptions = {},
): Promise<readonly KernelRun[]> {
  // Prepacked weights would be missing among the operands; which kernel runs does not depend on prepacking.
  const config = { ...options.config, "session.disable_prepacking": "1" };
  return profiled(model, { ...options, config }, async (session) => void (await session.run(feeds)));
}

/**
 * Runs of `kernelTimes` that do not count: in the first, and in the second with memory planned from its shapes, kernels
 * write to pages that the system has yet to give, which takes several times as long as the kernels of large images.
 */
const warmUpRuns = 2;

/** How long `kernelTimes` runs a model beyond that: until both of the first are reached, or the last. */
const leastRuns = 5;
const leastMilliseconds = 15;
const mostRuns = 150;

/**
 * The kernels of a model with the typical time of each over several runs, as they run in earnest. Types of prepacked
 * weights are missing among the operands.
 *
 * @throws CompileError `runtime/load`, `runtime/feed`, `runtime/run`, `runtime/profile`
 */
export async function kernelTimes(
  model: Model | Uint8Array | string,
  feeds: Feeds,
  options: SessionOptions = {},
): Promise<readonly KernelRun[]> {
  const runs = await profiled(model, options, async (session) => {
    for (let i = 0; i < warmUpRuns; i++) await session.run(feeds);
    const until = performance.now() + leastMilliseconds;
    for (let i = 0; i < leastRuns || (i < mostRuns && performance.now() < until); i++) await session.run(feeds);
  });
  const byNode = new Map<string, KernelRun[]>();
  for (const run of runs) byNode.set(run.node, [...(byNode.get(run.node) ?? []), run]);
  return [...byNode.values()].map((all) => {
    const own = all.length > warmUpRuns ? all.slice(warmUpRuns) : all;
    const sorted = own.map(({ microseconds }) => microseconds).toSorted((a, b) => a - b);
    // Profiles count in whole microseconds; a mean has parts of them, and that of the middle half no outliers.
    const middle = sorted.slice(Math.floor(sorted.length / 4), Math.ceil((3 * sorted.length) / 4));
    return { ...own[0]!, microseconds: middle.reduce((sum, each) => sum + each, 0) / middle.length };
  });
}

async function profiled(
  model: Model | Uint8Array | string,
  options: SessionOptions,
  run: (session: Session) => Promise<void>,
): Promise<readonly KernelRun[]> {
  const folder = attempt(tmpdir(), () => mkdtempSync(join(tmpdir(), "lowbit-profile-")));
  try {
    const session = await Session.create(model, { ...options, profilePrefix: join(folder, "profile") });
    try {
      await run(session);
      session.endProfiling();
    } finally {
      await session.release();
    }
    const [file] = readdirSync(folder);
    // ONNX Runtime says nothing when the disk is full: the file then ends somewhere.
    return file === undefined ? [] : attempt(tmpdir(), () => parseProfile(readFileSync(join(folder, file), "utf8")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function attempt<T>(folder: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw noProfile(folder, error instanceof SyntaxError ? "it is cut off" : error.message);
  }
}

/** What an entry of a profile has that is used here; types come as `{"float": [1, 3]}`. */
interface ProfileEntry {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly Readonly<Record<string, readonly number[]>>[];
    readonly output_type_shape?: readonly Readonly<Record<string, readonly number[]>>[];
  };
}

const suffix = "_kernel_time";

function parseProfile(text: string): readonly KernelRun[] {
  return (JSON.parse(text) as readonly ProfileEntry[])
    .filter(({ cat, name }) => cat === "Node" && name.endsWith(suffix))
    .map(({ name, dur, args }) => ({
      node: name.slice(0, -suffix.length),
      op: args.op_name ?? "",
      inputs: (args.input_type_shape ?? []).flatMap(typeOf),
      outputs: (args.output_type_shape ?? []).flatMap(typeOf),
      microseconds: dur,
    }));
}

function typeOf(entry: Readonly<Record<string, readonly number[]>>): readonly TensorType[] {
  return Object.entries(entry).flatMap(([name, dims]) => {
    const dtype = dtypes.find((each): each is DType => each === name);
    return dtype ? [tensorType(dtype, dims)] : [];
  });
}
