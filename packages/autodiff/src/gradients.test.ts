import { CompileError, GraphEditor, modelNodes, parseGraph, printGraph, Tensor, type Graph } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { expect, test } from "vitest";
import { gradients } from "./gradients.ts";

/** Differentiates the first output of a text by the named values and makes the gradients the graph's outputs. */
function differentiate(text: string, wrt: readonly string[]): Graph {
  const graph = parseGraph(text);
  const editor = new GraphEditor(graph);
  const found = gradients(
    editor,
    graph.outputs[0]!,
    wrt.map((name) => graph.value(name)!),
  );
  editor.setOutputs([...found.values()].filter((grad) => grad !== null));
  return graph;
}

/** The backward nodes as text, without the list of initializers. */
function backwardText(graph: Graph): string {
  const lines = printGraph(graph).split("\n");
  return lines.slice(lines.findIndex((line) => line.includes(" loss = ")) + 1, -1).join("\n");
}

function opsOf(graph: Graph): readonly string[] {
  return [...graph.nodes].map((node) => node.op);
}

function errorOf(run: () => unknown): CompileError["diagnostic"] {
  try {
    run();
  } catch (error) {
    if (error instanceof CompileError) return error.diagnostic;
    throw error;
  }
  throw new Error("nothing was thrown");
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

test("an op without gradient is named with its reason and the path from the parameter to the loss", () => {
  const text = `g (float[2,3,3] x) => (loss) <float[1] w> {
    [first] a = Mul (x, w)
    b = Neg (a)
    [volume] c = Det (b)
    [last] loss = ReduceSum <keepdims = 0> (c)
  }`;
  expect(errorOf(() => differentiate(text, ["w"]))).toMatchInlineSnapshot(`
    {
      "code": "autodiff/no-gradient",
      "help": "freeze what comes before this node, or express it by ops that have gradients",
      "message": "Det "volume" has no gradient: it needs the inverse of a matrix, which ONNX has no op for (on the path w -> first -> b -> volume -> last)",
      "severity": "error",
      "where": {
        "node": "volume",
      },
    }
  `);
});

test("after an error the graph is as it was", () => {
  const text = `g (float[2,2] x) => (loss) {
    a = Neg (x)
    b = Det (a)
    c = Mul (b, b)
    loss = Exp (c)
  }`;
  const graph = parseGraph(text);
  const before = printGraph(graph);
  expect(() => gradients(new GraphEditor(graph), graph.outputs[0]!, graph.inputs)).toThrow(CompileError);
  expect(printGraph(graph)).toBe(before);
});

test.each([
  [
    "the scales of Resize",
    "(float[1,1,2,2] x, float[4] s) => (loss) { y = Resize (x, , s) loss = ReduceSum <keepdims = 0> (y) }",
  ],
  [
    "the ratio of Dropout",
    "(float[2] x, float s) => (loss) <bool t = {1}> { y = Dropout (x, s, t) loss = ReduceSum <keepdims = 0> (y) }",
  ],
  [
    "the class weights of a loss",
    "(float[2,3] x, float[3] s) => (loss) <int64[2] t = {0, 1}> { loss = SoftmaxCrossEntropyLoss (x, t, s) }",
  ],
  [
    "the saved mean of LayerNormalization",
    "(float[2,3] s) => (loss) <float[3] g> { y, m = LayerNormalization (s, g) loss = ReduceSum <keepdims = 0> (m) }",
  ],
])("%s have no gradient, and that is said", (_, text) => {
  expect(errorOf(() => differentiate(`g ${text}`, ["s"])).code).toBe("autodiff/no-gradient");
});

test("an op of an unknown domain has no gradient", () => {
  const text =
    "g (float[2] x) => (loss) <float[2] a> { [mine] a = acme.Magic (x) loss = ReduceSum <keepdims = 0> (a) }";
  expect(errorOf(() => differentiate(text, ["x"])).message).toMatchInlineSnapshot(
    `"Magic "mine" has no gradient: lowbit does not know the op of domain "acme" (on the path x -> mine -> loss)"`,
  );
});

test("control flow whose bodies read a wanted value has no gradient", () => {
  const text = `g (float[2] x, bool c) => (loss) {
    [branch] a = If (c) <
      then_branch = t () => (float[2] p) { p = Relu (x) },
      else_branch = e () => (float[2] q) { q = Neg (x) }
    >
    loss = ReduceSum <keepdims = 0> (a)
  }`;
  expect(errorOf(() => differentiate(text, ["x"])).message).toMatchInlineSnapshot(
    `"If "branch" has no gradient: gradients do not go into the bodies of control flow; unroll it, or keep what is trained outside (on the path x -> branch -> loss)"`,
  );
});

test("a long path is shown by its ends", () => {
  const steps = Array.from({ length: 12 }, (_, i) => `v${i + 1} = Neg (v${i})`).join("\n");
  const text = `g (float[2,2] v0) => (loss) { ${steps} d = Det (v12) loss = Identity (d) }`;
  expect(errorOf(() => differentiate(text, ["v0"])).message).toMatchInlineSnapshot(
    `"Det "d" has no gradient: it needs the inverse of a matrix, which ONNX has no op for (on the path v0 -> v1 -> v2 -> v3 -> ... -> v11 -> v12 -> d -> loss)"`,
  );
});

test.each([
  ["a vector", "float[3] x"],
  ["of unknown size", "float[N] x"],
  ["an integer", "int64 x"],
])("a loss that is %s is refused", (_, type) => {
  const text = `g (${type}) => (loss) { loss = Identity (x) }`;
  expect(errorOf(() => differentiate(text, ["x"])).code).toBe("autodiff/loss-not-scalar");
});

test("a rank that a rule needs and nobody knows is a diagnostic", () => {
  const text = "g (float[] a, float[4,3] b) => (y) { m = MatMul (a, b) y = ReduceSum <keepdims = 0> (m) }";
  expect(errorOf(() => differentiate(text, ["a"]))).toMatchInlineSnapshot(`
    {
      "code": "autodiff/unknown-type",
      "help": "declare the shapes of the model's inputs, or run shape inference first",
      "message": "the gradient needs the rank of "a", which is float[]",
      "severity": "error",
      "where": {
        "value": "a",
      },
    }
  `);
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
