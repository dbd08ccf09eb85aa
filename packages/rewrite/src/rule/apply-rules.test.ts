import { CompileError, originText, parseGraph, printGraph, Tensor } from "@lowbit/ir";
import { expect, test } from "vitest";
import { any } from "../pattern/any.ts";
import { constant } from "../pattern/constant.ts";
import { op } from "../pattern/op.ts";
import { applyRules } from "./apply-rules.ts";
import { Explanation, findingText } from "./explanation.ts";
import { Reject, rule } from "./rule.ts";

const doubleNeg = rule({
  name: "double-neg",
  pattern: op("Neg", [op("Neg", [any("x")])]),
  rewrite: ({ x }) => x,
});

const addToSub = rule({
  name: "add-to-sub",
  pattern: op("Add", [any("x"), constant("c")], { as: "add" }),
  rewrite({ x, c, add }, { op, constant }) {
    if (c.uses.size > 1) return new Reject("constant is shared with another node", c);
    const negated = constant(
      Tensor.of(
        "float",
        c.constant.numbers().map((value) => -value),
        c.constant.dims,
      ),
      c,
    );
    return add.output.shape?.length === 1 ? op.Sub([x, negated]) : new Reject("is not a vector", add);
  },
});

test("rules apply until none does, and what they leave unread is erased", () => {
  const graph = parseGraph(
    "g (float[2] x) => (float[2] y) { a = Neg(x) b = Neg(a) c = Neg(b) d = Neg(c) y = Relu(d) }",
  );
  const result = applyRules(graph, [doubleNeg]);
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "g (float[2] x) => (float[2] y) {
      y = Relu (x)
    }"
  `);
  expect([...result.byRule]).toEqual([["double-neg", 2]]);
});

test("a replacement takes over the names of what it replaces and says where it came from", () => {
  const graph = parseGraph("g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> { t = Add(x, w) y = Relu(t) }");
  applyRules(graph, [addToSub]);
  expect(printGraph(graph, { origins: true })).toMatchInlineSnapshot(`
    "g (float[2] x) => (float[2] y)
    <float[2] w = {-1, -2}> {
      t = Sub (x, w)  # add-to-sub(t)
      y = Relu (t)
    }"
  `);
  expect(originText(graph.nodes.first!.origin)).toBe("add-to-sub(t)");
});

test("a rejected rewrite leaves the graph as it was", () => {
  const graph = parseGraph("g (float[2,2] x) => (float[2,2] y) <float[2] w = {1, 2}> { y = Add(x, w) }");
  const before = printGraph(graph);
  const explanation = new Explanation();
  expect(applyRules(graph, [addToSub], { explanation }).applied).toBe(0);
  expect(printGraph(graph)).toBe(before);
  expect(explanation.findings().map(findingText)).toEqual(["add-to-sub: not at y: is not a vector"]);
});

test("the explanation tells what was applied and what nearly was", () => {
  const graph = parseGraph(`g (float[2] x) => (float[2] y) <float[2] w = {1, 2}, float[2] v> {
    a = Add(x, w)
    b = Add(a, v)
    c = Add(b, v)
    y = Add(c, x)
  }`);
  const explanation = new Explanation();
  applyRules(graph, [addToSub], { explanation });
  expect(explanation.findings().map(findingText).join("\n")).toMatchInlineSnapshot(`
    "add-to-sub: at a
    add-to-sub: not at b: constant is shared with another node (v)
    add-to-sub: not at c: constant is shared with another node (v)
    add-to-sub: not at y: is a graph input, not constant (x)"
  `);
});

test("an explanation can watch some rules only", () => {
  const graph = parseGraph("g (float[2] x) => (float[2] y) { a = Neg(x) y = Add(a, x) }");
  const explanation = new Explanation(["double-neg"]);
  applyRules(graph, [addToSub, doubleNeg], { explanation });
  expect(explanation.findings().map(findingText)).toEqual([
    "double-neg: not at a: is a graph input, not the result of Neg (x)",
  ]);
});

test("rules that undo each other are named when the limit is hit", () => {
  const back = rule({
    name: "sub-to-add",
    pattern: op("Sub", [any("x"), constant("c")]),
    rewrite: ({ x, c }, { op }) => op.Add([x, c]),
  });
  const graph = parseGraph("g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> { t = Add(x, w) y = Relu(t) }");
  expect(() => applyRules(graph, [addToSub, back], { limit: 50 })).toThrow(
    new CompileError({
      code: "rewrite/no-fixed-point",
      severity: "error",
      message: "rules add-to-sub and sub-to-add go on undoing each other at t; stopped after 50 rewrites",
      where: { node: "t" },
      help: "Make each rule reduce one measure (nodes, operands, bytes), so that no rule can restore what another removed.",
    }),
  );
});

test("a rule that feeds on its own result is named when the limit is hit", () => {
  const grow = rule({
    name: "grow",
    pattern: op("Relu", [any("x")]),
    rewrite: ({ x }, { op }) => op.Relu([op.Neg([x])]),
  });
  const graph = parseGraph("g (float[2] x) => (float[2] y) { y = Relu(x) }");
  expect(() => applyRules(graph, [grow], { limit: 50 })).toThrow("rule grow goes on applying to what it made at y");
});

test("a rule that changes a type is stopped", () => {
  const wrong = rule({ name: "wrong", pattern: op("Neg", [any("x")]), rewrite: ({ x }, { op }) => op.Shape([x]) });
  const graph = parseGraph("g (float[2] x) => (float[2] y) { t = Neg(x) y = Relu(t) }");
  expect(() => applyRules(graph, [wrong])).toThrow(
    "rule wrong replaces t, which is float[2], by a value that is int64[1]",
  );
});

test("a declared type that is out of date does not count", () => {
  const drop = rule({ name: "drop", pattern: op("Identity", [any("x")]), rewrite: ({ x }) => x });
  const graph = parseGraph("g (float[2] x) => (float[2] y) <float[3] t> { t = Identity(x) y = Relu(t) }");
  expect(applyRules(graph, [drop]).applied).toBe(1);
});

test("a rewrite brings back nodes that see it through several others", () => {
  const negNegNeg = rule({
    name: "neg-neg-neg",
    pattern: op("Neg", [op("Neg", [op("Neg", [any("x")])])]),
    rewrite: ({ x }, { op }) => op.Neg([x]),
  });
  const ceilToAbs = rule({ name: "ceil", pattern: op("Ceil", [any("x")]), rewrite: ({ x }, { op }) => op.Abs([x]) });
  const absToNeg = rule({ name: "abs", pattern: op("Abs", [any("x")]), rewrite: ({ x }, { op }) => op.Neg([x]) });
  // When y is first visited, what a became is still waiting for its second rule.
  const graph = parseGraph("g (float[2] x) => (float[2] y) { a = Ceil(x) b = Neg(a) y = Neg(b) }");
  applyRules(graph, [negNegNeg, ceilToAbs, absToNeg]);
  expect([...graph.nodes].map((node) => node.op)).toEqual(["Neg"]);
});

test("an interior node that becomes private is looked at again", () => {
  const text = `g (float[2] x) => (float[2] y, float[2] z) {
    a = Neg(x)
    b = Neg(a)
    y = Relu(b)
    c = Abs(a)
    z = Relu(c)
  }`;
  const dropAbs = rule({
    name: "abs-of-neg",
    pattern: op("Abs", [op("Neg", [any("x")], { shared: true })]),
    rewrite: ({ x }, { op }) => op.Abs([x]),
  });
  const graph = parseGraph(text);
  applyRules(graph, [doubleNeg, dropAbs]);
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "g (float[2] x) => (float[2] y, float[2] z) {
      y = Relu (x)
      c = Abs (x)
      z = Relu (c)
    }"
  `);
});

test("bodies are rewritten too, and may read what the graphs around them compute", () => {
  const graph = parseGraph(`g (bool c, float[2] x) => (float[2] y) {
    s = Neg(x)
    y = If(c) <
      then_branch = t () => (float[2] a) { n = Neg(s) m = Neg(n) a = Relu(m) },
      else_branch = e () => (float[2] b) { k = Neg(s) b = Neg(k) }
    >
  }`);
  applyRules(graph, [doubleNeg]);
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "g (bool c, float[2] x) => (float[2] y) {
      s = Neg (x)
      y = If (c) <
        then_branch = t () => (float[2] a) {
          a = Relu (s)
        },
        else_branch = e () => (float[2] b) {
          b = Identity (s)
        }
      >
    }"
  `);
});

test("the same rules on the same graph give the same text", () => {
  const text =
    "g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> { t = Add(x, w) u = Neg(t) v = Neg(u) y = Relu(v) }";
  const run = (): string => {
    const graph = parseGraph(text);
    applyRules(graph, [doubleNeg, addToSub]);
    return printGraph(graph);
  };
  expect(run()).toBe(run());
});

test("a chain of 5,000 nodes takes no recursion", () => {
  const lines = Array.from({ length: 5_000 }, (_, i) => `v${i + 1} = Neg(v${i})`).join("\n");
  const graph = parseGraph(`g (float[2] v0) => (float[2] v5000) { ${lines} }`);
  expect(applyRules(graph, [doubleNeg]).applied).toBe(2_500);
});

test("10,000 readers of one value are each looked at when their own turn comes", { timeout: 20_000 }, () => {
  const readers = Array.from({ length: 10_000 }, (_, i) => `a${i} = Neg(x)  b${i} = Neg(a${i})  c${i} = Abs(b${i})`);
  const results = readers.map((_, i) => `c${i}`).join(", ");
  const graph = parseGraph(`g (float[2] v) => (y) { x = Exp(v) ${readers.join("\n")} y = Sum(${results}) }`);
  expect(applyRules(graph, [doubleNeg]).applied).toBe(10_000);
});
