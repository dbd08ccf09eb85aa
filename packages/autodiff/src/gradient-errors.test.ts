import { CompileError, GraphEditor, parseGraph, printGraph } from "@lowbit/ir";
import { expect, test } from "vitest";
import { differentiate } from "./cases/differentiate-text.testing.ts";
import { gradients } from "./gradients.ts";

function errorOf(run: () => unknown): CompileError["diagnostic"] {
  try {
    run();
  } catch (error) {
    if (error instanceof CompileError) return error.diagnostic;
    throw error;
  }
  throw new Error("nothing was thrown");
}

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
      "help": "freeze this node and what comes before it, or express it by ops that have gradients",
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

const total = "loss = ReduceSum <keepdims = 0> (y)";

test.each([
  [
    "GatherND",
    "batch_dims",
    `(float[2,3] x, int64[2,1] i) => (loss) { y = GatherND <batch_dims = 1> (x, i) ${total} }`,
  ],
  [
    "Resize",
    "keep_aspect_ratio_policy",
    `(float[1,1,4,4] x) => (loss) <int64[4] s = {1, 1, 7, 6}> {
      y = Resize <mode = "linear", keep_aspect_ratio_policy = "not_larger"> (x, , , s) ${total} }`,
  ],
  [
    "ScatterElements",
    'not "mul"',
    `(float[3] x, int64[2] i, float[2] u) => (loss) { y = ScatterElements <reduction = "mul"> (x, i, u) ${total} }`,
  ],
  [
    "ScatterND",
    'not "max"',
    `(float[3] x, int64[2,1] i, float[2] u) => (loss) { y = ScatterND <reduction = "max"> (x, i, u) ${total} }`,
  ],
  ["Einsum", "ellipsis", `(float[2,3] x) => (loss) { y = Einsum <equation = "...i->..."> (x) ${total} }`],
  ["Einsum", "repeats an index", `(float[3,3] x) => (loss) { y = Einsum <equation = "ii->i"> (x) ${total} }`],
  [
    "DepthToSpace",
    "number of channels is not known",
    `(float[1,C,2,2] x) => (loss) { y = DepthToSpace <blocksize = 2, mode = "CRD"> (x) ${total} }`,
  ],
  [
    "ConvTranspose",
    "the size of its input is not known",
    `(float[1,2,H,W] x) => (loss) <float[2,1,2,2] w> { y = ConvTranspose <output_shape = [8,8]> (x, w) ${total} }`,
  ],
  [
    "BatchNormalization",
    "its output 1, which is not differentiated",
    `(float[4,3] x) => (loss) <float[3] g, float[3] b, float[3] m, float[3] v> {
      n, y, rv = BatchNormalization <training_mode = 1> (x, g, b, m, v) ${total} }`,
  ],
  [
    "DequantizeLinear",
    "scales per block",
    `(float[2,4] x) => (loss) <float[2,2] s> {
      q = QuantizeLinear <axis = 1, block_size = 2, output_dtype = 3> (x, s)
      y = DequantizeLinear <axis = 1, block_size = 2> (q, s) ${total} }`,
    "s",
  ],
  [
    "LSTM",
    "steps are inside one op",
    `(float[3,1,2] x) => (loss) <float[1,8,2] w, float[1,8,2] r> { y = LSTM <hidden_size = 2> (x, w, r) ${total} }`,
  ],
])("%s whose rule refuses says why: %s", (op, reason, text, wrt = "x") => {
  const { code, message } = errorOf(() => differentiate(`g ${text}`, [wrt]));
  expect(code).toBe("autodiff/no-gradient");
  expect(message).toContain(`${op} "`);
  expect(message).toContain(reason);
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
