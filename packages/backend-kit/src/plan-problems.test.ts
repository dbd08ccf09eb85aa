import { parseGraph, type Graph } from "@lowbit/ir";
import {
  createPlan,
  fixed,
  keepFloat,
  nodesMatching,
  observed,
  PointNames,
  type QuantPlan,
  type QuantSpec,
} from "@lowbit/quantize";
import { describe, expect, test } from "vitest";
import { annotateFromCapabilities, quantizeEverything } from "./annotate.ts";
import type { CapabilityTable } from "./capabilities.ts";
import { onnxRuntimeKernels } from "./onnx-runtime-kernels.ts";
import { planProblems } from "./plan-problems.ts";

const table: CapabilityTable = {
  activation: observed("uint8"),
  weight: { ...observed("int8", { symmetric: true }), granularity: "channel" },
  ops: onnxRuntimeKernels("uint8"),
};

const text = `g (float[1,4,8,8] x) => (float[1,4,3,3] y) <float[4,4,3,3] w, float[4,4,1,1] v> {
  [conv] c = Conv (x, w)
  [pool] p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (c)
  [tanh] t = Tanh (p)
  [last] y = Mul (t, t)
}`;

/** The plan of the table with some specs replaced (or removed), by the names of their points. */
function changed(changes: (graph: Graph) => Readonly<Record<string, QuantSpec | null>>): QuantPlan {
  const graph = parseGraph(text);
  const names = new PointNames(graph);
  const specs = new Map(annotateFromCapabilities(graph, table, quantizeEverything).specs);
  for (const [name, spec] of Object.entries(changes(graph))) {
    const point = names.find(name)!;
    if (spec) specs.set(point, spec);
    else specs.delete(point);
  }
  return createPlan(graph, specs);
}

describe("the problems of a plan", () => {
  test("are none when the table made it", () => {
    expect(
      planProblems(
        changed(() => ({})),
        table,
      ),
    ).toEqual([]);
  });

  test("are none where a node that the plan keeps in float reads codes", () => {
    const graph = parseGraph(`g (float[1,4,8,8] x) => (float[1,4,8,8] y) <float[4,4,1,1] w, float[4,4,1,1] v> {
      [one] c = Conv (x, w)
      [two] y = Conv (c, v)
    }`);
    const whole = annotateFromCapabilities(graph, table, quantizeEverything);
    const kept = keepFloat(whole, nodesMatching(graph, ["two"]));
    expect(planProblems(kept, table)).toEqual([]);
    const unsaid = createPlan(graph, kept.specs);
    expect(planProblems(unsaid, table)).toEqual(["two#W stays float beside operands that are codes"]);
  });

  test.each([
    ["conv#X", observed("int8"), "conv#X is int8, and the kernel for Conv takes uint8"],
    [
      "conv#X",
      observed("uint8", { granularity: { kind: "channel", axis: 1 } }),
      "conv#X has several scales, and kernels take one for activations",
    ],
    ["conv#W", observed("uint8"), "conv#W is uint8, and the kernel for Conv takes int8"],
    [
      "conv#W",
      observed("int8", { granularity: { kind: "channel", axis: 1 } }),
      "conv#W has scales along axis 1, and output channels lie along 0",
    ],
    [
      "conv#W",
      observed("int8", { granularity: { kind: "block", axis: 1, size: 2 } }),
      "conv#W is per block, and the kernel for Conv takes tensor or channel",
    ],
    ["conv#W", null, "conv#W stays float beside operands that are codes"],
    ["p", observed("uint8"), "p must share its parameters with pool#X"],
    ["p", fixed("uint8", 0.5, 3), "p must share its parameters with pool#X"],
    ["tanh#input", observed("uint8"), "tanh#input is quantized, and no integer kernel reads or makes it"],
    ["last#B", null, "last#B stays float beside operands of last that are codes"],
  ])("name %s when the kernel cannot take it", (name, spec, problem) => {
    expect(
      planProblems(
        changed(() => ({ [name]: spec })),
        table,
      ),
    ).toEqual([problem]);
  });
});
