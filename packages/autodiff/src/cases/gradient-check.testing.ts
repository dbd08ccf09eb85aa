import { invariant, Tensor, type Value } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { differentiateCase, floatOutputs, randomTensor, type CaseForm } from "./differentiate-case.testing.ts";
import type { GradientCase } from "./gradient-case.testing.ts";

/** Step of the central differences, in float64: their error is about step² times the third derivative. */
const step = 1e-5;

/** What the rule's gradient of one input says about a random direction, and what finite differences say. */
export interface Comparison {
  readonly input: string;
  readonly rule: number;
  readonly difference: number;
}

/** Whether rule and difference agree to 1e-8 of the larger of the difference and 1. */
export function agrees({ rule, difference }: Comparison): boolean {
  return Math.abs(rule - difference) <= 1e-8 * Math.max(1, Math.abs(difference));
}

/** Differentiates the graph of a case and compares every double input with projected central differences. */
export function compareWithDifferences(testCase: GradientCase, shapes: CaseForm["shapes"]): readonly Comparison[] {
  const { graph, feeds, cotangents, grads, random } = differentiateCase(testCase, { shapes, dtype: "double" });
  const wanted = [...grads.values()].filter((value) => value !== null);
  const results = evaluate(graph, feeds, { outputs: wanted });
  return [...grads].map(([input, grad]) => {
    const point = feeds.get(input.name)!;
    const direction = randomTensor("double", point.dims, [-1, 1], random);
    const loss = (distance: number) => {
      const moved = zip(point, direction, (x, d) => x + distance * d);
      const outputs = floatOutputs(graph, "double");
      return weightedSum(evaluate(graph, new Map([...feeds, [input.name, moved]]), { outputs }), cotangents);
    };
    const rule = grad ? project(grad, results.get(grad.name)!, direction) : 0;
    return { input: input.name, rule, difference: (loss(step) - loss(-step)) / (2 * step) };
  });
}

/** The gradient along a direction; its dtype and shape must be the input's, and what inference said of it. */
function project(grad: Value, value: Tensor, direction: Tensor): number {
  const fits = value.dtype === "double" && value.dims.join() === direction.dims.join();
  invariant(fits, `${grad.name} is ${value.dtype}[${value.dims.join()}], not double[${direction.dims.join()}]`);
  const inferred = grad.shape?.every((dim, axis) => typeof dim !== "number" || dim === value.dims[axis]) ?? true;
  invariant(inferred, `${grad.name} was inferred as [${grad.shape?.join()}], but is [${value.dims.join()}]`);
  return zip(value, direction, (g, d) => g * d)
    .numbers()
    .reduce((sum, term) => sum + term, 0);
}

function weightedSum(results: ReadonlyMap<string, Tensor>, weights: ReadonlyMap<string, Tensor>): number {
  let sum = 0;
  for (const [name, weight] of weights) {
    for (const term of zip(results.get(name)!, weight, (y, w) => y * w).numbers()) sum += term;
  }
  return sum;
}

function zip(a: Tensor, b: Tensor, combine: (x: number, y: number) => number): Tensor {
  const others = b.numbers();
  return Tensor.of(
    "double",
    a.numbers().map((x, i) => combine(x, others[i]!)),
    a.dims,
  );
}
