import {
  cloneModel,
  isStatic,
  lowbitDomain,
  parseModel,
  printGraph,
  seeded,
  type Graph,
  type Model,
  type Tensor,
} from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { Session } from "@lowbit/runtime";
import { afterAll, expect } from "vitest";
import { graphsWithin } from "../graphs-within.ts";
import { Explanation, findingText } from "../rule/explanation.ts";
import type { Pass } from "./pass.ts";
import { runPasses } from "./run-passes.ts";

/** How outputs are compared. */
export interface CheckOptions {
  /** Sizes for symbolic dimensions of inputs; default 2. */
  readonly symbols?: Readonly<Record<string, number>>;
  /** Largest allowed difference, as a share of the largest magnitude of the output; default 1e-5. */
  readonly tolerance?: number;
  readonly inputs?: ReadonlyMap<string, Tensor>;
}

/**
 * Runs a pass on the graph in `text` and returns the text of the result, after checking what every pass promises: the
 * graph is valid, the outputs stay the same on made-up inputs (on ONNX Runtime too, after the file's tests), and a second run
 * changes nothing.
 */
export function checkPass(pass: Pass, text: string, options: CheckOptions = {}): string {
  const before = parseModel(text);
  const after = cloneModel(before);
  runPasses(after, [pass], { verifyEach: true });
  expectSameOutputs(before, after, options);
  if (isForRuntime(before)) checked.push({ before, after: cloneModel(after), options });
  const printed = printGraph(after.graph, { maxElements: 4 });
  expect(runPasses(after, [pass]).changed, "a second run changes nothing").toBe(0);
  expect(printGraph(after.graph, { maxElements: 4 })).toBe(printed);
  return printed;
}

/**
 * What a pass (or one rule of it) says about a graph it should leave alone, one line per near miss; the graph must not
 * change.
 */
export function rejections(pass: Pass, text: string, rule?: string): string {
  const model = parseModel(text);
  const before = printGraph(model.graph);
  const explanation = new Explanation(rule === undefined ? null : [rule]);
  runPasses(model, [pass], { explanation });
  expect(printGraph(model.graph)).toBe(before);
  return explanation.findings().map(findingText).join("\n");
}

/** Evaluates both models on the same inputs and compares their outputs by name. */
export function expectSameOutputs(before: Model, after: Model, options: CheckOptions = {}): void {
  const inputs = options.inputs ?? inputsFor(before.graph, options.symbols ?? {});
  expectSameTensors(evaluate(before.graph, inputs), evaluate(after.graph, inputs), options.tolerance ?? 1e-5);
}

/** What the passes of a test file made of its graphs; compared on ONNX Runtime too when the file's tests are done. */
const checked: { readonly before: Model; readonly after: Model; readonly options: CheckOptions }[] = [];

afterAll(async () => {
  for (const { before, after, options } of checked.splice(0)) {
    const inputs = options.inputs ?? inputsFor(before.graph, options.symbols ?? {});
    try {
      const expected = await runtimeOutputs(before, inputs);
      const actual = await runtimeOutputs(after, inputs);
      expectSameTensors(expected, actual, options.tolerance ?? 1e-5);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`on ONNX Runtime: ${message}\n${printGraph(before.graph)}\n${printGraph(after.graph)}`, {
        cause: error,
      });
    }
  }
});

/** Ops of lowbit's own have no kernels in ONNX Runtime. */
function isForRuntime({ graph }: Model): boolean {
  return graphsWithin(graph).every((each) => [...each.nodes].every(({ domain }) => domain !== lowbitDomain));
}

async function runtimeOutputs(model: Model, inputs: ReadonlyMap<string, Tensor>): Promise<ReadonlyMap<string, Tensor>> {
  const session = await Session.create(model, { optimization: "disabled", threads: 1 });
  try {
    const outputs = await session.run(Object.fromEntries(inputs));
    return new Map(model.graph.outputs.map(({ name }) => [name, outputs[name]!]));
  } finally {
    await session.release();
  }
}

/** Compares tensors by name; the tolerance is a share of each tensor's largest magnitude. */
export function expectSameTensors(
  expected: ReadonlyMap<string, Tensor>,
  actual: ReadonlyMap<string, Tensor>,
  tolerance: number,
): void {
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  for (const [name, tensor] of expected) {
    const other = actual.get(name)!;
    expect({ name, dtype: other.dtype, dims: other.dims }).toEqual({ name, dtype: tensor.dtype, dims: tensor.dims });
    const difference = relativeDifference(tensor.numbers(), other.numbers());
    expect(difference, `difference of ${name}`).toBeLessThanOrEqual(tolerance);
  }
}

/** Made-up tensors for the inputs of a graph that have no data. */
function inputsFor(graph: Graph, symbols: Readonly<Record<string, number>>): Map<string, Tensor> {
  const inputs = new Map<string, Tensor>();
  for (const value of graph.inputs) {
    if (value.initializer || value.type?.kind !== "tensor") continue;
    const dims = (value.shape ?? []).map((dim) => (typeof dim === "string" ? (symbols[dim] ?? 2) : dim));
    if (!isStatic(dims)) throw new Error(`input ${value.name} has an unknown dimension`);
    inputs.set(value.name, seeded(value.name, value.type.dtype, dims));
  }
  return inputs;
}

/** Largest difference as a share of the largest magnitude; places where both are the same infinity or NaN do not count. */
function relativeDifference(expected: Float64Array, actual: Float64Array): number {
  let difference = 0;
  let magnitude = Number.MIN_VALUE;
  for (const [i, value] of expected.entries()) {
    if (Object.is(value, actual[i]!)) {
      if (Number.isFinite(value)) magnitude = Math.max(magnitude, Math.abs(value));
      continue;
    }
    const delta = Math.abs(value - actual[i]!);
    difference = Math.max(difference, Number.isNaN(delta) ? Infinity : delta);
    magnitude = Math.max(magnitude, Math.abs(value));
  }
  return difference / magnitude;
}
