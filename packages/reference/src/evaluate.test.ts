import { CompileError, parseGraph, Tensor } from "@lowbit/ir";
import { describe, expect, test } from "vitest";
import { evaluate } from "./evaluate.ts";
import { evaluateNode } from "./evaluate-node.ts";
import { evaluateText, outputTexts, tensorText } from "./text-graph.testing.ts";

/** The code of the diagnostic that an evaluation ends with. */
function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof CompileError) return error.diagnostic.code;
    throw error;
  }
  return "no error";
}

describe("evaluate", () => {
  test("gives the graph's outputs by name", () => {
    const text = `g (float[2] x) => (float[2] y, float[2] z) { y = Add(x, x)  z = Relu(y) }`;
    expect(outputTexts(evaluateText(text, { x: [-1, 2] }))).toEqual({ y: "float[2] -2 4", z: "float[2] 0 4" });
  });

  test("computes only what the wanted values need", () => {
    const graph = parseGraph(`g (float[2] x) => (float[2] y, float[2] z) { y = Neg(x)  z = local.Unknown(x) }`);
    const results = evaluate(graph, new Map([["x", Tensor.of("float", [1, 2])]]), { outputs: [graph.value("y")!] });
    expect(outputTexts(results)).toEqual({ y: "float[2] -1 -2" });
  });

  test("lets an input replace the data of an initializer", () => {
    const graph = parseGraph(`g () => (float[2] y) <float[2] w = {1, 2}> { y = Neg(w) }`);
    expect(outputTexts(evaluate(graph, new Map()))).toEqual({ y: "float[2] -1 -2" });
    expect(outputTexts(evaluate(graph, new Map([["w", Tensor.of("float", [5, 6])]])))).toEqual({ y: "float[2] -5 -6" });
  });

  test("returns what Assign wrote as state, while the graph itself still reads the old data", () => {
    const text = `
      g (float[2] x) => (float[2] y) <float[2] steps = {10, 20}  # buffer
      > {
        next = Add(steps, x)
        updated = lowbit.Assign(steps, next)
        y = Mul(steps, x)
      }`;
    const evaluation = evaluateText(text, { x: [1, 2] });
    expect(outputTexts(evaluation)).toEqual({ y: "float[2] 10 40" });
    expect(tensorText(evaluation.state.get("steps"))).toBe("float[2] 11 22");
  });

  test("says which input is missing, unknown or of another dtype", () => {
    const graph = parseGraph(`g (float[1] x) => (float[1] y) { y = Neg(x) }`);
    expect(codeOf(() => evaluate(graph, new Map()))).toBe("reference/input");
    const one = Tensor.of("float", [1]);
    expect(
      codeOf(() =>
        evaluate(
          graph,
          new Map([
            ["x", one],
            ["z", one],
          ]),
        ),
      ),
    ).toBe("reference/input");
    expect(codeOf(() => evaluate(graph, new Map([["x", Tensor.of("int8", [1])]])))).toBe("reference/input");
  });

  test("refuses an op it does not know, and one it has no kernel for", () => {
    expect(codeOf(() => evaluateText(`g () => (float[1] y) { y = local.Unknown() }`))).toBe("reference/no-kernel");
    expect(codeOf(() => evaluateText(`g () => (int64 y) { s = SequenceEmpty()  y = SequenceLength(s) }`))).toBe(
      "reference/no-kernel",
    );
  });

  test("refuses operands that do not fit, with the op and both shapes", () => {
    const run = () => evaluateText(`g (float[2] x, float[N] z) => (float[N] y) { y = Add(x, z) }`);
    const graph = parseGraph(`g (float[2] x, float[N] z) => (float[N] y) { y = Add(x, z) }`);
    const fed = new Map([
      ["x", Tensor.of("float", [1, 2])],
      ["z", Tensor.of("float", [1, 2, 3])],
    ]);
    expect(codeOf(run)).toBe("reference/input");
    expect(() => evaluate(graph, fed)).toThrowErrorMatchingInlineSnapshot(`
      [CompileError: error reference/invalid-node: Add "y": shapes [2] and [3] cannot be broadcast
        --> node y]
    `);
  });
});

describe("bodies", () => {
  test("If runs the chosen branch, which reads the graph around it", () => {
    const text = `
      g (bool c, float[2] x) => (float[2] y) {
        doubled = Add(x, x)
        y = If(c) <
          then_branch = then_body () => (float[2] t) { t = Neg(doubled) },
          else_branch = else_body () => (float[2] e) { e = Identity(x) }
        >
      }`;
    expect(outputTexts(evaluateText(text, { c: [1], x: [1, 2] }))).toEqual({ y: "float[2] -2 -4" });
    expect(outputTexts(evaluateText(text, { c: [0], x: [1, 2] }))).toEqual({ y: "float[2] 1 2" });
  });

  test("Loop carries values, stacks scan outputs and stops at its condition", () => {
    const text = `
      g (int64 trips, float x) => (float last, float[n] all) <bool go = {1}, float limit = {20}> {
        last, all = Loop(trips, go, x) <
          body = step (int64 i, bool before, float old) => (bool again, float next, float seen) {
            next = Add(old, old)
            seen = Identity(old)
            again = Less(next, limit)
          }
        >
      }`;
    expect(outputTexts(evaluateText(text, { trips: [3], x: [1] }))).toEqual({
      last: "float[] 8",
      all: "float[3] 1 2 4",
    });
    expect(outputTexts(evaluateText(text, { trips: [99], x: [1] }))).toEqual({
      last: "float[] 32",
      all: "float[5] 1 2 4 8 16",
    });
    expect(outputTexts(evaluateText(text, { trips: [0], x: [1] }))).toEqual({ last: "float[] 1", all: "float[0]" });
  });

  test("Scan runs over slices, also backward and along another axis", () => {
    const text = `
      g (float start, float[2,3] x) => (float total, float[3,2] sums) {
        total, sums = Scan <
          num_scan_inputs = 1, scan_input_axes = [1], scan_input_directions = [1],
          body = step (float s, float[2] column) => (float next, float[2] running) {
            sum = ReduceSum <keepdims = 0> (column)
            next = Add(s, sum)
            running = Add(column, next)
          }
        > (start, x)
      }`;
    expect(outputTexts(evaluateText(text, { start: [100], x: [1, 2, 3, 10, 20, 30] }))).toEqual({
      total: "float[] 166",
      sums: "float[3,2] 136 163 157 175 167 176",
    });
  });

  test("evaluateNode looks up what a body reads", () => {
    const graph = parseGraph(`
      g (bool c, float[1] x) => (float[1] y) {
        y = If(c) <then_branch = a () => (float[1] t) { t = Neg(x) }, else_branch = b () => (float[1] e) { e = Abs(x) }>
      }`);
    const node = graph.nodes.first!;
    const lookup = () => Tensor.of("float", [-7]);
    expect(evaluateNode(node, [Tensor.scalar("bool", 1)], { lookup }).map((tensor) => tensorText(tensor!))).toEqual([
      "float[1] 7",
    ]);
    expect(codeOf(() => evaluateNode(node, [Tensor.scalar("bool", 1)]))).toBe("reference/invalid-node");
  });
});

describe("integers", () => {
  test("64-bit arithmetic is exact beyond 2^53", () => {
    const text = `g (int64[2] a, int64[2] b) => (int64[2] sum, int64[2] product, int64[2] quotient, bool[2] less) {
      sum = Add(a, b)  product = Mul(a, b)  quotient = Div(product, b)  less = Less(a, sum)
    }`;
    expect(outputTexts(evaluateText(text, { a: [2n ** 53n, -5n], b: [1n, 3n] }))).toMatchInlineSnapshot(`
      {
        "less": "bool[2] 1 1",
        "product": "int64[2] 9007199254740992 -15",
        "quotient": "int64[2] 9007199254740992 -5",
        "sum": "int64[2] 9007199254740993 -2",
      }
    `);
  });

  test("results wrap around at the width of the dtype", () => {
    const text = `g (int8[2] a, int32[1] b) => (int8[2] sum, int32[1] product) { sum = Add(a, a)  product = Mul(b, b) }`;
    expect(outputTexts(evaluateText(text, { a: [100, -100], b: [123456789] }))).toEqual({
      sum: "int8[2] -56 56",
      product: `int32[1] ${Math.imul(123456789, 123456789)}`,
    });
  });

  test("division truncates, and by zero is refused", () => {
    const text = `g (int32[4] a, int32[4] b) => (int32[4] q, int32[4] m) { q = Div(a, b)  m = Mod(a, b) }`;
    expect(outputTexts(evaluateText(text, { a: [7, -7, 7, -7], b: [2, 2, -2, -2] }))).toEqual({
      q: "int32[4] 3 -3 -3 3",
      m: "int32[4] 1 1 -1 -1",
    });
    expect(codeOf(() => evaluateText(text, { a: [1, 1, 1, 1], b: [1, 0, 1, 1] }))).toBe("reference/invalid-node");
  });

  test("a 64-bit sum of products does not lose bits", () => {
    const text = `g (int64[1,2] a, int64[2,1] b) => (int64[1,1] y, int64[1,1] s) { y = MatMul(a, b)  s = ReduceSum(a) }`;
    expect(outputTexts(evaluateText(text, { a: [2n ** 60n, 1n], b: [1n, 3n] }))).toEqual({
      y: `int64[1,1] ${2n ** 60n + 3n}`,
      s: `int64[1,1] ${2n ** 60n + 1n}`,
    });
  });
});

describe("small floats", () => {
  test("float16 and bfloat16 results are rounded once, to nearest even", () => {
    const text = `g (float16[2] a, bfloat16[2] b) => (float16[2] x, bfloat16[2] y) <float16[1] c = {1.0}, bfloat16[1] d = {1.0}> {
      x = Add(a, c)  y = Add(b, d)
    }`;
    expect(outputTexts(evaluateText(text, { a: [2 ** -11, 3 * 2 ** -11], b: [2 ** -8, 3 * 2 ** -8] }))).toEqual({
      x: `float16[2] 1 ${1 + 2 ** -9}`,
      y: `bfloat16[2] 1 ${1 + 2 ** -6}`,
    });
  });
});
