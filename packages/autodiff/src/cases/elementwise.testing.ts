import type { OpName } from "@lowbit/ir";
import { casesOf, type GradientCase } from "./gradient-case.testing.ts";

const positive = { range: [0.3, 2] } as const;

/** A function of one element, on a matrix. */
function unary(op: OpName, range: readonly [number, number] = [-1.5, 1.5], attributes = ""): readonly GradientCase[] {
  return casesOf(op, [
    attributes || "one operand",
    `(double[3,4] x) => (y) { y = ${op} ${attributes} (x) }`,
    { range },
  ]);
}

/** Two operands, broadcast in every way. */
function binary(op: OpName, options: { readonly range?: readonly [number, number] } = {}): readonly GradientCase[] {
  return casesOf(
    op,
    ["equal shapes", `(double[3,4] a, double[3,4] b) => (y) { y = ${op} (a, b) }`, options],
    ["a row against a matrix", `(double[2,3,4] a, double[4] b) => (y) { y = ${op} (a, b) }`, options],
    ["both stretched", `(double[3,1] a, double[2,1,4] b) => (y) { y = ${op} (a, b) }`, options],
    ["a scalar", `(double a, double[2,3] b) => (y) { y = ${op} (a, b) }`, options],
    ["axes of 1 in front", `(double[1,1,3] a, double[2,4,3] b) => (y) { y = ${op} (a, b) }`, options],
    ["a value with itself", `(double[3] a) => (y) { y = ${op} (a, a) }`, options],
  );
}

/** Elementwise ops. */
export const elementwiseCases: readonly GradientCase[] = [
  ...binary("Add"),
  ...binary("Sub").slice(0, 5),
  ...binary("Mul"),
  ...binary("Div", positive).slice(0, 5),
  ...binary("Pow", positive),
  ...casesOf(
    "Pow",
    ["square", "(double[3] a) => (y) <double e = {2}> { y = Pow (a, e) }"],
    ["cube of negative numbers", "(double[5] a) => (y) <double e = {3}> { y = Pow (a, e) }"],
    ["root", "(double[5] a) => (y) <double e = {0.5}> { y = Pow (a, e) }", positive],
    ["exponent 1", "(double[5] a) => (y) <double e = {1}> { y = Pow (a, e) }"],
    ["integer exponents", "(double[3] a, int64[3] e) => (y) { y = Pow (a, e) }", { given: { e: [0, 1, 3] } }],
  ),
  ...binary("Mod", { range: [1, 5] })
    .map((row) => ({ ...row, text: row.text.replace("Mod", "Mod <fmod = 1>") }))
    .slice(0, 5),
  ...casesOf("Mod", [
    "negative dividends",
    "(double[4] a, double[4] b) => (y) { y = Mod <fmod = 1> (a, b) }",
    {
      given: { a: [-7.5, -3.1, 4.2, 9.9], b: [2, -1.7, 1.3, -4] },
    },
  ]),
  ...binary("Max").slice(0, 5),
  ...binary("Min").slice(0, 5),
  ...casesOf(
    "Max",
    [
      "three operands",
      "(double[3] a, double[2,3] b, double[2,1] c) => (y) { y = Max (a, b, c) }",
      { given: { c: [-1, 0] } },
    ],
    ["one operand", "(double[3] a) => (y) { y = Max (a) }"],
  ),
  ...casesOf("Sum", ["three operands", "(double[3] a, double[2,3] b, double[2,1] c) => (y) { y = Sum (a, b, c) }"]),
  ...casesOf("Mean", ["three operands", "(double[3] a, double[2,3] b, double[2,1] c) => (y) { y = Mean (a, b, c) }"]),
  ...casesOf(
    "Where",
    [
      "equal shapes",
      "(bool[3] c, double[3] a, double[3] b) => (y) { y = Where (c, a, b) }",
      { given: { c: [1, 0, 1] } },
    ],
    ["all broadcast", "(bool[2,1] c, double[3] a, double b) => (y) { y = Where (c, a, b) }", { given: { c: [1, 0] } }],
  ),
  ...unary("Identity"),
  ...unary("Neg"),
  ...unary("Abs"),
  ...unary("Exp"),
  ...unary("Log", [0.3, 2]),
  ...unary("Sqrt", [0.3, 2]),
  ...unary("Reciprocal", [0.5, 2]),
  ...unary("Erf"),
  ...unary("Sin"),
  ...unary("Cos"),
  ...unary("Tan", [-1, 1]),
  ...unary("Asin", [-0.8, 0.8]),
  ...unary("Acos", [-0.8, 0.8]),
  ...unary("Atan"),
  ...unary("Sinh"),
  ...unary("Cosh"),
  ...unary("Asinh"),
  ...unary("Acosh", [1.2, 3]),
  ...unary("Atanh", [-0.8, 0.8]),
  ...unary("Relu"),
  ...unary("LeakyRelu"),
  ...unary("LeakyRelu", [-2, 2], "<alpha = 0.3>"),
  ...unary("Elu"),
  ...unary("Elu", [-2, 2], "<alpha = 0.5>"),
  ...unary("Selu"),
  ...unary("Selu", [-2, 2], "<alpha = 1.5, gamma = 2.0>"),
  ...unary("Celu"),
  ...unary("Celu", [-2, 2], "<alpha = 0.7>"),
  ...unary("ThresholdedRelu", [-2, 2], "<alpha = 0.5>"),
  ...unary("Shrink", [-2, 2], "<lambd = 0.7, bias = 0.2>"),
  ...unary("Sigmoid"),
  ...unary("HardSigmoid", [-5, 5]),
  ...unary("HardSigmoid", [-5, 5], "<alpha = 0.3, beta = 0.4>"),
  ...unary("HardSwish", [-5, 5]),
  ...[...unary("Swish"), ...unary("Swish", [-2, 2], "<alpha = 1.7>")].map((row) => ({ ...row, opset: 24 })),
  ...unary("Mish"),
  ...unary("Gelu"),
  ...unary("Gelu", [-2, 2], '<approximate = "tanh">'),
  ...unary("Tanh"),
  ...unary("Softplus"),
  ...unary("Softsign"),
  ...casesOf(
    "PRelu",
    ["a slope per channel", "(double[2,3,4] x, double[3,1] slope) => (y) { y = PRelu (x, slope) }"],
    ["one slope", "(double[2,3] x, double[1] slope) => (y) { y = PRelu (x, slope) }"],
  ),
  ...casesOf(
    "Clip",
    [
      "both bounds",
      "(double[3,4] x, double low, double high) => (y) { y = Clip (x, low, high) }",
      {
        given: { low: [-0.5], high: [0.7] },
      },
    ],
    ["constant bounds", "(double[3,4] x) => (y) <double low = {-0.5}, double high = {6}> { y = Clip (x, low, high) }"],
    ["only a maximum", "(double[3,4] x) => (y) <double high = {0.4}> { y = Clip (x, , high) }"],
    ["no bounds", "(double[3] x) => (y) { y = Clip (x) }"],
  ),
  ...casesOf(
    "Softmax",
    ["last axis", "(double[2,5] x) => (y) { y = Softmax (x) }"],
    ["an inner axis", "(double[2,3,4] x) => (y) { y = Softmax <axis = 1> (x) }"],
  ),
  ...casesOf(
    "LogSoftmax",
    ["last axis", "(double[2,5] x) => (y) { y = LogSoftmax (x) }"],
    ["the first axis", "(double[2,3,4] x) => (y) { y = LogSoftmax <axis = 0> (x) }"],
  ),
];
