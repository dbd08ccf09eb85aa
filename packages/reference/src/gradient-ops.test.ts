import { parseGraph, type Tensor } from "@lowbit/ir";
import { describe, expect, test } from "vitest";
import { sampler } from "./against-runtime.testing.ts";
import { evaluate, type Evaluation } from "./evaluate.ts";
import { evaluateText, outputTexts } from "./text-graph.testing.ts";

function inner(a: Tensor, b: Tensor): number {
  const bs = b.numbers();
  return a.numbers().reduce((sum, x, i) => sum + x * bs[i]!, 0);
}

/** Evaluates a graph on random tensors for all its inputs. */
function onRandom(text: string, seed: number): Evaluation & { readonly fed: ReadonlyMap<string, Tensor> } {
  const graph = parseGraph(text);
  const { floats } = sampler(seed);
  const fed = new Map(graph.inputs.map((value) => [value.name, floats(value.shape as readonly number[])]));
  return Object.assign(evaluate(graph, fed), { fed });
}

// A linear map L and its adjoint satisfy <dy, L x> = <L* dy, x>: an oracle that knows nothing of convolutions.
describe("the gradients of a convolution are its adjoints", () => {
  test.each([
    ["plain", "float[2,3,7,6]", "float[4,3,3,2]", "float[2,4,5,5]", ""],
    [
      "padded and strided",
      "float[1,2,9,8]",
      "float[3,2,3,3]",
      "float[1,3,5,4]",
      "<pads = [1, 0, 1, 1], strides = [2, 2]>",
    ],
    ["grouped and dilated", "float[1,4,8,8]", "float[6,2,3,3]", "float[1,6,4,4]", "<group = 2, dilations = [2, 2]>"],
    [
      "one axis, SAME_UPPER",
      "float[2,3,10]",
      "float[5,3,4]",
      "float[2,5,5]",
      `<auto_pad = "SAME_UPPER", strides = [2]>`,
    ],
    ["three axes", "float[1,2,4,5,3]", "float[2,2,2,2,2]", "float[1,2,3,4,2]", ""],
  ])("%s", (_, x, w, y, attributes) => {
    const results = onRandom(
      `g (${x} x, ${w} w, ${y} dy) => (${y} y, ${x} dx, ${w} dw) {
        y = Conv ${attributes} (x, w)
        dx = lowbit.ConvGradInput ${attributes} (dy, w, x)
        dw = lowbit.ConvGradWeight ${attributes} (dy, x, w)
      }`,
      3,
    );
    const expected = inner(results.fed.get("dy")!, results.get("y")!);
    expect(inner(results.get("dx")!, results.fed.get("x")!)).toBeCloseTo(expected, 4);
    expect(inner(results.get("dw")!, results.fed.get("w")!)).toBeCloseTo(expected, 4);
  });
});

describe("the gradient of an average pool is its adjoint", () => {
  test.each(["", ", count_include_pad = 1", ", ceil_mode = 1"])("kernel 3, stride 2, padded%s", (attributes) => {
    const all = `<kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 0, 1] ${attributes}>`;
    const y = attributes.includes("ceil") ? "float[1,2,4,4]" : "float[1,2,4,4]";
    const results = onRandom(
      `g (float[1,2,8,7] x, ${y} dy) => (${y} y, float[1,2,8,7] dx) {
        y = AveragePool ${all} (x)
        dx = lowbit.AveragePoolGrad ${all} (dy, x)
      }`,
      5,
    );
    const expected = inner(results.fed.get("dy")!, results.get("y")!);
    expect(inner(results.get("dx")!, results.fed.get("x")!)).toBeCloseTo(expected, 5);
  });
});

test("MaxPoolGrad gives each cotangent to the first largest element of its window", () => {
  const text = `g (float[1,1,1,5] x, float[1,1,1,3] dy) => (float[1,1,1,5] dx) {
    y = MaxPool <kernel_shape = [1, 3]> (x)
    dx = lowbit.MaxPoolGrad <kernel_shape = [1, 3]> (dy, x, y)
  }`;
  expect(outputTexts(evaluateText(text, { x: [1, 7, 7, 2, 9], dy: [1, 10, 100] }))).toEqual({
    dx: "float[1,1,1,5] 0 11 0 0 100",
  });
});
