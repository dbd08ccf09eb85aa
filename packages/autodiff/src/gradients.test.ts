import { GraphEditor, modelNodes, parseGraph, printGraph, Tensor, type Graph } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { expect, test } from "vitest";
import { differentiate } from "./cases/differentiate-text.testing.ts";
import { unary } from "./gradient-rule.ts";
import { gradients } from "./gradients.ts";

/** The backward nodes as text, without the list of initializers. */
function backwardText(graph: Graph): string {
  const lines = printGraph(graph).split("\n");
  return lines.slice(lines.findIndex((line) => line.includes(" loss = ")) + 1, -1).join("\n");
}

function opsOf(graph: Graph): readonly string[] {
  return [...graph.nodes].map((node) => node.op);
}

test("a perceptron of symbolic batch size needs no shape at run time", () => {
  const graph = differentiate(
    `g (float[N,4] x, int64[N] t) => (loss) <float[4,3] w, float[3] b> {
      z = Gemm (x, w, b)
      h = Relu (z)
      loss = SoftmaxCrossEntropyLoss (h, t)
    }`,
    ["w", "b"],
  );
  expect(backwardText(graph)).toMatchInlineSnapshot(`
    "  softmax_out = Softmax <axis = 1> (h)
      shape_out = Shape <start = 0, end = 1> (t)
      squeeze_out = Squeeze (shape_out)
      cast_out = Cast <to = 1> (squeeze_out)
      div_out = Div (one, cast_out)
      onehot_out = OneHot <axis = 1> (t, dim, off_on)
      sub_out = Sub (softmax_out, onehot_out)
      h_grad = Mul (sub_out, div_out)
      greater_out = Greater (h, zero)
      cast_out_1 = Cast <to = 1> (greater_out)
      z_grad = Mul (h_grad, cast_out_1)
      w_grad = Gemm <transA = 1> (x, z_grad)
      b_grad = ReduceSum <keepdims = 0> (z_grad, axes_1)"
  `);
});

test("a convolution block is differentiated by the ops of the lowbit domain", () => {
  const graph = differentiate(
    `g (float[N,3,8,8] x) => (loss) <float[4,3,3,3] w, float[4] b> {
      c = Conv <pads = [1,1,1,1], strides = [2,2]> (x, w, b)
      r = Relu (c)
      p = MaxPool <kernel_shape = [2,2], strides = [2,2]> (r)
      a = GlobalAveragePool (p)
      loss = ReduceMean <keepdims = 0> (a)
    }`,
    ["w", "b"],
  );
  expect(backwardText(graph)).toMatchInlineSnapshot(`
    "  shape_out = Shape <start = 0, end = 1> (a)
      squeeze_out = Squeeze (shape_out)
      cast_out = Cast <to = 1> (squeeze_out)
      mul_out = Mul (cast_out, scalar)
      div_out = Div (one, mul_out)
      shape_out_1 = Shape (a)
      a_grad = Expand (div_out, shape_out_1)
      div_out_1 = Div (a_grad, scalar)
      p_grad = Expand (div_out_1, shape)
      r_grad = lowbit.MaxPoolGrad <kernel_shape = [2, 2], strides = [2, 2]> (p_grad, r, p)
      greater_out = Greater (r, zero)
      cast_out_1 = Cast <to = 1> (greater_out)
      c_grad = Mul (r_grad, cast_out_1)
      w_grad = lowbit.ConvGradWeight <pads = [1, 1, 1, 1], strides = [2, 2]> (c_grad, x, w)
      b_grad = ReduceSum <keepdims = 0> (c_grad, axes)"
  `);
});

test("BatchNormalization in training mode is differentiated by one op", () => {
  const graph = differentiate(
    `g (float[N,3,4,4] x) => (loss) <float[3] gamma, float[3] beta, float[3] mean, float[3] var> {
      y, m, v = BatchNormalization <training_mode = 1> (x, gamma, beta, mean, var)
      loss = ReduceSum <keepdims = 0> (y)
    }`,
    ["x", "gamma", "beta"],
  );
  expect(backwardText(graph)).toMatchInlineSnapshot(`
    "  shape_out = Shape (y)
      y_grad = Expand (one, shape_out)
      x_grad, gamma_grad, beta_grad = lowbit.BatchNormalizationGrad <epsilon = 0.00001> (y_grad, x, gamma)"
  `);
});

test("what comes before the wanted values gets no gradient work", () => {
  const text = `g (float[2,4] x) => (loss) <float[4,4] u, float[4,4] w> {
    a = Gemm (x, u)
    b = Gemm (a, w)
    loss = ReduceSum <keepdims = 0> (b)
  }`;
  expect(opsOf(differentiate(text, ["w"]))).toEqual(["Gemm", "Gemm", "ReduceSum", "Expand", "Gemm"]);
});

test("a value that the loss does not depend on has no gradient", () => {
  const graph = parseGraph(
    "g (float[2] a, float[2] b) => (y) { f = Floor (b) s = Mul (a, f) y = ReduceSum <keepdims = 0> (s) }",
  );
  const found = gradients(new GraphEditor(graph), graph.outputs[0]!, graph.inputs);
  expect([...found].map(([value, grad]) => [value.name, grad?.name ?? null])).toEqual([
    ["a", "a_grad"],
    ["b", null],
  ]);
});

test("all contributions to a value are summed", () => {
  const graph = differentiate("g (double x) => (y) { a = Mul (x, x) b = Mul (a, x) y = Add (b, x) }", ["x"]);
  const results = evaluate(graph, new Map([["x", Tensor.scalar("double", 3)]]));
  expect([...results.values()].map((value) => value.item())).toEqual([3 * 9 + 1]);
});

test("inner values and the loss itself have gradients too", () => {
  const graph = differentiate("g (double x) => (y) { a = Mul (x, x) y = Mul (a, a) }", ["y", "a", "x"]);
  const results = evaluate(graph, new Map([["x", Tensor.scalar("double", 3)]]));
  expect([...results.values()].map((value) => value.item())).toEqual([1, 2 * 9, 4 * 27]);
});

test("a gradient can be differentiated again", () => {
  const graph = parseGraph("g (double x) => (y) { s = Mul (x, x) y = Mul (s, x) }");
  const editor = new GraphEditor(graph);
  const x = graph.inputs[0]!;
  const first = gradients(editor, graph.outputs[0]!, [x]).get(x)!;
  const second = gradients(editor, first, [x]).get(x)!;
  editor.setOutputs([first, second]);
  const results = evaluate(graph, new Map([["x", Tensor.scalar("double", 3)]]));
  expect([...results.values()].map((value) => value.item())).toEqual([3 * 9, 6 * 3]);
});

test("cotangents can be given for several values", () => {
  const graph = parseGraph("g (double[2] x, double[2] da, double[2] db) => (a, b) { a = Neg (x) b = Mul (x, x) }");
  const editor = new GraphEditor(graph);
  const [x, da, db] = graph.inputs;
  const [a, b] = graph.outputs;
  const seeds = [
    { value: a!, cotangent: da! },
    { value: b!, cotangent: db! },
  ];
  editor.setOutputs([gradients(editor, seeds, [x!]).get(x!)!]);
  const results = evaluate(
    graph,
    new Map([
      ["x", Tensor.of("double", [3, 5])],
      ["da", Tensor.of("double", [1, 0])],
      ["db", Tensor.of("double", [0, 1])],
    ]),
  );
  expect([...results.values()].map((value) => [...value.numbers()])).toEqual([[-1, 10]]);
});

test("the forward nodes stay, and backward nodes know where they come from", () => {
  const text = "g (float[3] x) => (y) { [square] s = Mul (x, x) [total] y = ReduceSum <keepdims = 0> (s) }";
  const graph = differentiate(text, ["x"]);
  const nodes = [...graph.nodes].slice(2);
  expect(
    nodes.map((node) => [node.op, node.origin?.kind === "rewrite" && node.origin.rule, modelNodes(node.origin)]),
  ).toEqual([
    ["Expand", "gradient", ["total"]],
    ["Mul", "gradient", ["square"]],
    ["Mul", "gradient", ["square"]],
    ["Add", "gradient", ["square"]],
  ]);
});

test("Dropout without a mask output gets one under its own name", () => {
  const text = "g (float[3] x) => (y) <bool t = {1}> { [drop] d = Dropout (x, , t) y = ReduceSum <keepdims = 0> (d) }";
  const graph = differentiate(text, ["x"]);
  const dropout = graph.value("d")!.producer!;
  expect([dropout.op, dropout.outputs.length, modelNodes(dropout.origin)]).toEqual(["Dropout", 2, ["drop"]]);
});

test("operands of equal symbolic shape are not summed over", () => {
  const graph = differentiate(
    "g (float[N,M] a, float[N,M] b) => (y) { s = Mul (a, b) y = ReduceSum <keepdims = 0> (s) }",
    ["a", "b"],
  );
  expect(opsOf(graph).slice(2)).toEqual(["Shape", "Expand", "Mul", "Mul"]);
});

test("a caller can bring the gradient of an op of its own", () => {
  const graph = parseGraph(
    "g (double[2] x) => (loss) <double[2] a> { a = acme.Triple (x) loss = ReduceSum <keepdims = 0> (a) }",
  );
  const triple = unary(({ op, constants }, dy) => op.Mul([dy, constants.scalar(3, dy)]));
  const editor = new GraphEditor(graph);
  const [x] = graph.inputs;
  const grad = gradients(editor, graph.outputs[0]!, [x!], {
    entryOf: (node) => (node.domain === "acme" ? triple : null),
  }).get(x!)!;
  const results = evaluate(graph, new Map([["x", Tensor.of("double", [1, 2])]]), { outputs: [grad] });
  expect([...results.get(grad.name)!.numbers()]).toEqual([3, 3]);
});

test("operands of unknown rank are summed at run time", () => {
  const graph = differentiate("g (double[] a, double[] b) => (y) { m = Mul (a, b) y = ReduceSum <keepdims = 0> (m) }", [
    "a",
    "b",
  ]);
  const results = evaluate(
    graph,
    new Map([
      ["a", Tensor.of("double", [1, 2, 3, 4], [2, 2])],
      ["b", Tensor.of("double", [10, 20], [2])],
    ]),
  );
  expect([...results.values()].map((value) => [value.dims, [...value.numbers()]])).toEqual([
    [
      [2, 2],
      [10, 20, 10, 20],
    ],
    [[2], [4, 6]],
  ]);
});

test("Pow with exponent 0 of base 0 has gradient 0, not NaN", () => {
  const graph = differentiate(
    "g (double[2] a, double[2] e) => (y) { p = Pow (a, e) y = ReduceSum <keepdims = 0> (p) }",
    ["a", "e"],
  );
  const results = evaluate(
    graph,
    new Map([
      ["a", Tensor.of("double", [0, 0])],
      ["e", Tensor.of("double", [0, 2])],
    ]),
  );
  expect([...results.values()].map((value) => [...value.numbers()])).toEqual([
    [0, 0],
    [0, 0],
  ]);
});

test("ties of Max and ReduceMax share the cotangent, of MaxPool the first takes it", () => {
  const gradientAt = (text: string) => {
    const graph = differentiate(text, ["x"]);
    const results = evaluate(graph, new Map([["x", Tensor.of("double", [2, 2, 1, 2], [1, 1, 4])]]));
    return [...[...results.values()][0]!.numbers()].map((value) => Math.round(value * 1000) / 1000);
  };
  const total = "y = ReduceSum <keepdims = 0> (m)";
  expect(gradientAt(`g (double[1,1,4] x) => (y) { m = ReduceMax (x) ${total} }`)).toEqual([0.333, 0.333, 0, 0.333]);
  expect(gradientAt(`g (double[1,1,4] x) => (y) <double two = {2}> { m = Max (x, two) ${total} }`)).toEqual([
    0.5, 0.5, 0, 0.5,
  ]);
  expect(gradientAt(`g (double[1,1,4] x) => (y) { m = MaxPool <kernel_shape = [4]> (x) ${total} }`)).toEqual([
    1, 0, 0, 0,
  ]);
});
