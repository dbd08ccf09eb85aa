import { parseGraph, type Node, type Value } from "@lowbit/ir";
import { expect, expectTypeOf, test } from "vitest";
import { any } from "./any.ts";
import { constant, number, type ConstantValue } from "./constant.ts";
import { matchAt } from "./match.ts";
import { oneOf } from "./one-of.ts";
import { op } from "./op.ts";
import { optional } from "./optional.ts";
import type { Pattern } from "./pattern.ts";

/** What a pattern says at the node that computes `name`: names of what it captured, or why not. */
function outcome(pattern: Pattern<unknown>, text: string, name: string): string {
  const graph = parseGraph(text);
  const match = matchAt(pattern, graph.value(name)!.producer!);
  const nameOf = (thing: Value | Node | null): string =>
    thing === null ? "-" : "label" in thing ? thing.label : thing.name;
  if (!match.ok) return `${match.reason} (${nameOf(match.at)})`;
  const captures = match.captures as Record<string, Value | Node | null>;
  return Object.entries(captures)
    .map(([key, thing]) => `${key}=${nameOf(thing)}`)
    .join(" ");
}

const reluOfAdd = op("Relu", [op("Add", [any("a"), constant("c")], { as: "add" })], { as: "relu" });

test("captures have the types of what they stand for, and other names do not compile", () => {
  type Captures = typeof reluOfAdd extends Pattern<infer C> ? C : never;
  expectTypeOf<Captures>().toEqualTypeOf<{
    readonly a: Value;
    readonly c: ConstantValue;
    readonly add: Node;
    readonly relu: Node;
  }>();
  const match = matchAt(reluOfAdd, parseGraph("g (float[2] x) => (float[2] y) { y = Relu(x) }").nodes.first!);
  // @ts-expect-error the pattern binds no "b"
  expect(match.ok && match.captures.b).toBe(false);
});

test("optional captures may be null, and alternatives have the names of all", () => {
  const pattern = oneOf(op("Relu", [any("x")]), op("Conv", [any("x"), constant("w"), optional(constant("b"))]));
  type Captures = typeof pattern extends Pattern<infer C> ? C : never;
  expectTypeOf<Captures>().toEqualTypeOf<{
    readonly x: Value;
    readonly w: ConstantValue | null;
    readonly b: ConstantValue | null;
  }>();
  expect(pattern.names).toEqual(["x", "w", "b"]);
});

test("an op that does not exist does not compile without a domain", () => {
  // @ts-expect-error no op of that name has a schema
  expect(() => op("Convv", [])).toThrow('internal: op pattern "Convv"');
  expect(op("Convv", [], { domain: "com.example" }).roots).toEqual(["com.example:Convv"]);
});

test("a chain matches and names its parts", () => {
  const text = "g (float[2] x) => (float[2] y) <float[2] w> { s = Add(x, w)  y = Relu(s) }";
  expect(outcome(reluOfAdd, text, "y")).toBe("a=x c=w add=s relu=y");
});

test("operands of a commutative op are tried both ways", () => {
  const text = "g (float[2] x) => (float[2] y) <float[2] w> { s = Add(w, x)  y = Relu(s) }";
  expect(outcome(reluOfAdd, text, "y")).toBe("a=x c=w add=s relu=y");
});

test("operands of other ops stay in their order", () => {
  const pattern = op("Sub", [any("a"), constant("c")]);
  const text = "g (float[2] x) => (float[2] y) <float[2] w> { y = Sub(w, x) }";
  expect(outcome(pattern, text, "y")).toBe("is a graph input, not constant (x)");
});

test.each([
  ["g (float[2] x) => (float[2] y) { s = Neg(x)  y = Relu(s) }", "is the result of Neg, not of Add (s)"],
  ["g (float[2] x) => (float[2] y) { y = Relu(x) }", "is a graph input, not the result of Add (x)"],
  ["g (float[2] x, float[2] z) => (float[2] y) { s = Add(x, z)  y = Relu(s) }", "is a graph input, not constant (z)"],
  [
    "g (float[2] x) => (float[2] y, float[2] s) <float[2] w> { s = Add(x, w)  y = Relu(s) }",
    "is also a graph output (s)",
  ],
  [
    "g (float[2] x) => (float[2] y, float[2] z) <float[2] w> { s = Add(x, w)  y = Relu(s)  z = Neg(s) }",
    "is also read by z (s)",
  ],
  [
    "g (float[2] x) => (float[2] y) <float[2] w # parameter\n> { s = Add(x, w)  y = Relu(s) }",
    "is a parameter, not constant (w)",
  ],
])("a failed match says why: %s", (text, reason) => {
  expect(outcome(reluOfAdd, text, "y")).toBe(reason);
});

test("a shared interior node may be read by others", () => {
  const pattern = op("Relu", [op("Add", [any("a"), any("b")], { shared: true })]);
  const text = "g (float[2] x) => (float[2] y, float[2] s) <float[2] w> { s = Add(x, w)  y = Relu(s) }";
  expect(outcome(pattern, text, "y")).toBe("a=x b=w");
});

test("a name that occurs twice stands for one value", () => {
  const pattern = op("Mul", [any("x"), op("Sigmoid", [any("x")])]);
  expect(outcome(pattern, "g (float[2] x) => (float[2] y) { s = Sigmoid(x)  y = Mul(s, x) }", "y")).toBe("x=x");
  const text = "g (float[2] x, float[2] z) => (float[2] y) { s = Sigmoid(x)  y = Mul(s, z) }";
  expect(outcome(pattern, text, "y")).toBe(`differs from the other "x" (x)`);
});

test("an alternative that is given up leaves no binding behind", () => {
  const pattern = oneOf(
    op("Mul", [op("Add", [any("a"), number(1)]), number(2)]),
    op("Mul", [op("Add", [number(3), any("a")]), number(4, "c")]),
  );
  const text =
    "g (float[2] x) => (float[2] y) <float three = {3}, float four = {4}> { s = Add(x, three)  y = Mul(s, four) }";
  expect(outcome(pattern, text, "y")).toBe("a=x c=four");
});

test("of several attempts the deepest failure is told", () => {
  const pattern = op("Mul", [op("Add", [any("x"), number(3)]), any("z")]);
  const text = "g (float[2] x, float[2] z) => (float[2] y) <float two = {2}> { s = Add(x, two)  y = Mul(z, s) }";
  expect(outcome(pattern, text, "y")).toBe("is 2 instead of 3 (two)");
});

test("absent attributes count with their defaults, and where-conditions give their own reasons", () => {
  const pattern = op("LeakyRelu", [any("x")], {
    attributes: { alpha: 0.01 },
    where: (_, captures) => captures.x.shape?.length === 1 || `has rank ${captures.x.shape?.length}`,
  });
  expect(outcome(pattern, "g (float[2] x) => (float[2] y) { y = LeakyRelu(x) }", "y")).toBe("x=x");
  expect(outcome(pattern, "g (float[2,2] x) => (float[2,2] y) { y = LeakyRelu(x) }", "y")).toBe("has rank 2 (y)");
  expect(outcome(pattern, "g (float[2] x) => (float[2] y) { y = LeakyRelu<alpha=0.5>(x) }", "y")).toBe(
    "attribute alpha is 0.5 instead of 0.01 (y)",
  );
});

test("nodes with several outputs can name them, and be entered through any", () => {
  const pattern = op("Add", [op("TopK", [any("x"), any("k")], { outputs: ["values", null], as: "top" }), any("z")]);
  const text = "g (float[4] x, float[2] z, int64[1] k) => (float[2] y) { v, i = TopK(x, k)  y = Add(v, z) }";
  expect(outcome(pattern, text, "y")).toBe("x=x k=k top=v values=v z=z");
  const second = op("Cast", [op("TopK", [any("x"), any("k")], { output: 1 })]);
  const cast = "g (float[4] x, int64[1] k) => (float[2] y) { v, i = TopK(x, k)  y = Cast<to=1>(i) }";
  expect(outcome(second, cast, "y")).toBe("x=x k=k");
});

test("operands besides those of the pattern are a reason not to match", () => {
  const pattern = op("Clip", [any("x")]);
  const text = "g (float[2] x) => (float[2] y) <float low = {0}> { y = Clip(x, low) }";
  expect(outcome(pattern, text, "y")).toBe("has an operand 1 besides those of the pattern (y)");
  expect(outcome(op("Clip", [any("x"), optional(constant("min")), optional(constant("max"))]), text, "y")).toBe(
    "x=x min=low max=-",
  );
});

test("a node outside the body is not part of a match inside it", () => {
  const text = `g (bool c, float[2] x) => (float[2] y) <float[2] w> {
    s = Add(x, w)
    y = If(c) <then_branch = t () => (float[2] a) { a = Relu(s) }, else_branch = e () => (float[2] b) { b = Neg(s) }>
  }`;
  const body = parseGraph(text).nodes.last!.subgraph("then_branch")!;
  const match = matchAt(reluOfAdd, body.nodes.first!);
  expect(match.ok ? "matched" : match.reason).toBe("is outside this body");
});
