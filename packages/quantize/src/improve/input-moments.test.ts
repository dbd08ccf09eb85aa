import { GraphEditor, newModel, parseGraph, seeded } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { expect, test } from "vitest";
import { addInputMoments } from "./input-moments.ts";
import { summedOutputs } from "./summed-outputs.ts";
import { rowErrors } from "./rounding-problem.ts";
import { WeightRows } from "./weight-rows.ts";

/** Each: name, shape of x, shape of w, the node, axis of the output channels. */
const products = [
  ["Conv", "2,4,7,6", "5,4,3,2", "Conv <strides = [2, 1], pads = [1, 0, 2, 1]> (x, w)", 1],
  ["Conv with groups", "2,6,5,5", "4,3,3,3", "Conv <group = 2, dilations = [2, 1]> (x, w)", 1],
  ["depthwise Conv", "3,6,5,5", "6,1,3,3", "Conv <group = 6, pads = [1, 1, 1, 1]> (x, w)", 1],
  ["depthwise Conv with a multiplier", "2,3,6", "6,1,3", "Conv <group = 3> (x, w)", 1],
  ["Conv with auto_pad", "1,2,6,6", "3,2,3,3", 'Conv <auto_pad = "SAME_UPPER", strides = [2, 2]> (x, w)', 1],
  ["Gemm", "7,4", "4,3", "Gemm (x, w)", 1],
  ["Gemm, both transposed", "4,7", "3,4", "Gemm <transA = 1, transB = 1> (x, w)", 1],
  ["MatMul of many matrices", "2,3,5,4", "4,6", "MatMul (x, w)", 3],
] as const;

test.each(products)(
  "the moments of what a %s reads give the squares of its results",
  async (_, x, w, product, axis) => {
    const graph = parseGraph(`g (float[${x}] x) => (y) <float[${w}] w> { y = ${product} }`);
    const dims = x.split(",").map(Number);
    const feeds = [1, 2].map((seed) => ({ x: seeded(`x${seed}`, "float", dims) }));
    const squares: number[] = [];
    for (const { x: tensor } of feeds) {
      const y = evaluate(graph, new Map([["x", tensor]])).get("y")!;
      const inner = y.dims.slice(axis + 1).reduce((a, b) => a * b, 1);
      y.floats().forEach((value, i) => {
        const channel = Math.floor(i / inner) % y.dims[axis]!;
        squares[channel] = (squares[channel] ?? 0) + value * value;
      });
    }
    const node = graph.nodes.first!;
    const rows = WeightRows.of(node) as WeightRows;
    new GraphEditor(graph).setOutputs([...addInputMoments(node, rows)]);
    const [moments, magnitudes] = await summedOutputs(newModel(graph), feeds, 1);
    expect(magnitudes!.length).toBe(rows.groups * rows.columns);
    const { groups, rows: perGroup, columns } = rows;
    const results = { weights: rows.read(), groups, rows: perGroup, columns, products: moments! };
    // Rounding every weight to 0 makes an error of the results themselves.
    const found = rowErrors(results, new Float64Array(rows.size));
    expect(found.length).toBe(squares.length);
    for (const [channel, square] of squares.entries()) expect(found[channel]! / square).toBeCloseTo(1, 4);
  },
);

test("weights that something else reads, or that are computed, are no rows", () => {
  const reasons = [
    "y = MatMul (x, w)\n z = Add (x, w)\n v = MatMul (x, w)",
    "v = Relu (w)\n y = MatMul (x, v)",
    "y = MatMul (w, x)",
    "y = MatMul (x, x)",
  ].map((nodes) => {
    const graph = parseGraph(`g (float[2,2,2] x) => (y) <float[2,2] w> { ${nodes} }`);
    return WeightRows.of([...graph.nodes].at(-1)!);
  });
  expect(reasons).toMatchInlineSnapshot(`
    [
      "its weights are read elsewhere too, and not in the same way",
      "its weights are not float data of the model",
      "its weights are not float data of the model",
      "its weights are not float data of the model",
    ]
  `);
});
