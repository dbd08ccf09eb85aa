import { type Builder, type Node, type Value } from "@lowbit/ir";
import { constant, op, Reject, rule, type Rule } from "@lowbit/rewrite";
import { codesA, codesB, onlyPerTensor } from "./codes.ts";

const yScale = constant("yScale");
const yZero = constant("yZero");

type Operand = readonly [codes: Value, scale: Value, zero: Value];

/** Q(Add(DQ(a), DQ(b)))  →  QLinearAdd, and Mul likewise. */
export const elementwiseToIntegers: readonly Rule[] = (["Add", "Mul"] as const).map((name) =>
  rule({
    name: `${name.toLowerCase()}-to-integers`,
    pattern: op("QuantizeLinear", [op(name, [codesA, codesB]), yScale, yZero]),
    rewrite({ a, aScale, aZero, b, bScale, bZero, ...captures }, { op: build }) {
      const objection = onlyPerTensor(aScale, bScale, captures.yScale);
      if (objection) return objection;
      const operands = [a, aScale, aZero, b, bScale, bZero, captures.yScale, captures.yZero] as const;
      return name === "Add" ? build.QLinearAdd(operands) : build.QLinearMul(operands);
    },
  }),
);

/** How ops of one operand are written on codes. */
const unary: Readonly<Record<string, (build: Builder, node: Node, x: Operand, y: readonly [Value, Value]) => Value>> = {
  Sigmoid: (build, _, x, y) => build.QLinearSigmoid([...x, ...y]),
  LeakyRelu: (build, node, x, y) => build.QLinearLeakyRelu([...x, ...y], { alpha: node.float("alpha", 0.01) }),
  GlobalAveragePool: (build, _, x, y) => build.QLinearGlobalAveragePool([...x, ...y]),
  AveragePool: (build, node, x, y) =>
    build.QLinearAveragePool([...x, ...y], {
      kernel_shape: node.ints("kernel_shape", []),
      auto_pad: node.string("auto_pad", "NOTSET"),
      ceil_mode: node.int("ceil_mode", 0),
      count_include_pad: node.int("count_include_pad", 0),
      ...optionalInts(node, "pads"),
      ...optionalInts(node, "strides"),
    }),
  Softmax: (build, node, x, y) => build.QLinearSoftmax([...x, ...y], { axis: node.int("axis", -1), opset: 13 }),
};

function optionalInts(node: Node, name: string): Readonly<Record<string, readonly number[]>> {
  const values = node.ints(name, null);
  return values ? { [name]: values } : {};
}

/** Q(op(DQ(a)))  →  the integer form of op. */
export const unaryToIntegers: Rule = rule({
  name: "unary-to-integers",
  pattern: op("QuantizeLinear", [
    op(["Sigmoid", "LeakyRelu", "GlobalAveragePool", "AveragePool", "Softmax"], [codesA], { as: "node" }),
    yScale,
    yZero,
  ]),
  rewrite({ a, aScale, aZero, node, ...captures }, { op: build }) {
    const isDilated = node.ints("dilations", []).some((step) => step !== 1);
    if (isDilated) return new Reject("the integer kernel has no dilations", node);
    const objection = onlyPerTensor(aScale, captures.yScale);
    return objection ?? unary[node.op]!(build, node, [a, aScale, aZero], [captures.yScale, captures.yZero]);
  },
});

/** Q(Concat(DQ(x1), DQ(x2), ...))  →  QLinearConcat */
export const concatToIntegers: Rule = rule({
  name: "concat-to-integers",
  pattern: op("QuantizeLinear", [op("Concat", [], { as: "concat", moreOperands: true }), yScale, yZero]),
  rewrite({ concat, ...captures }, { op: build }) {
    const parts: Value[] = [];
    for (const value of concat.inputs) {
      const dequantize = value?.producer;
      const [codes, scale, zero] = dequantize?.is("DequantizeLinear") ? dequantize.inputs : [];
      if (!codes || !scale || !zero) return new Reject("an operand is not read as codes", concat);
      if (scale.constant?.size !== 1) return new Reject("has more than one scale", scale);
      parts.push(codes, scale, zero);
    }
    const objection = onlyPerTensor(captures.yScale);
    if (objection) return objection;
    return build.QLinearConcat([captures.yScale, captures.yZero, ...parts], { axis: concat.int("axis", 0) });
  },
});
