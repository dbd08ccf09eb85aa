import { onlyReader, schemaOf, type Node, type Value } from "@lowbit/ir";
import { codesBehind, codesMade, dataOf, floatOperands, sameParameters, type Codes } from "./dequantized.ts";

/** Ops whose integer kernels ONNX Runtime forms without a QuantizeLinear behind them. */
const floatResults: ReadonlySet<string> = new Set(["Gemm", "MatMul"]);

/** Ops whose kernels multiply by weights; a bias may stay float there. */
const products: ReadonlySet<string> = new Set(["Conv", ...floatResults]);

/**
 * Why ONNX Runtime ran a node in float: the first of its conditions for integer kernels that the file does not meet.
 *
 * @param unsupported why there is no kernel for the node at all, if so
 */
export function whyFloat(node: Node, unsupported: string | null): string {
  const operands = floatOperands(node).map(({ use, value }) => ({
    index: use.index,
    value,
    codes: codesBehind(value),
  }));
  const data = operands.filter(({ index }) => !(products.has(node.op) && index === 2));
  const quantize = quantizeBehind(node);
  return (
    (data.every(({ codes }) => !codes) && unsupported === null && data.length > 0 ? floatInput(data) : null) ??
    unsupported ??
    floatInput(data.filter(({ codes }) => !codes)) ??
    floatData(node) ??
    otherDtypes(data.flatMap(({ codes }) => codes ?? [])) ??
    (typeof quantize === "string"
      ? floatResults.has(node.op)
        ? null
        : quantize
      : otherResult(node, data, quantize)) ??
    floatBias(node) ??
    "the file meets the known conditions, and ONNX Runtime did not form an integer kernel all the same"
  );
}

/** What is silently wrong with a node that runs on integers: ONNX Runtime ignores the axis of weight scales. */
export function wrongAxis(node: Node): string | null {
  const axes: Readonly<Record<string, number>> = { Conv: 0, MatMul: 1, Gemm: node.int("transB", 0) === 1 ? 0 : 1 };
  const codes = codesBehind(node.inputs[1] ?? null);
  const wanted = axes[node.op];
  if (wanted === undefined || !codes || codes.axis === null) return null;
  const rank = codes.value.shape?.length ?? 0;
  const axis = codes.axis < 0 ? codes.axis + rank : codes.axis;
  return axis === wanted
    ? null
    : `its results are wrong: the scales of the weights run along axis ${axis}, and the kernel takes them along axis ${wanted}`;
}

function floatInput(operands: readonly { readonly value: Value }[]): string | null {
  const [first] = operands;
  return first ? `its operand "${first.value.name}" is float: it comes from no DequantizeLinear` : null;
}

/** Weights that are stored as float; scalars and vectors of other operands do not matter to kernels. */
function floatData(node: Node): string | null {
  const weight = products.has(node.op) ? (node.inputs[1] ?? null) : null;
  return weight && dataOf(weight) ? `its weights "${weight.name}" are stored as float` : null;
}

function otherDtypes(codes: readonly Codes[]): string | null {
  const wide = codes.find(({ value }) => value.dtype !== "int8" && value.dtype !== "uint8");
  if (wide) return `the codes "${wide.value.name}" are ${wide.value.dtype}, and integer kernels take 8 bits`;
  const [data, other] = codes;
  return data?.value.dtype === "int8" && other?.value.dtype === "uint8"
    ? `its operands are int8 and uint8, and there is no kernel for that`
    : null;
}

/** The QuantizeLinear that takes a node's result, clamps between them included; or why there is none to fuse with. */
function quantizeBehind(node: Node): { readonly quantize: Node; readonly clamps: readonly Node[] } | string {
  const clamps: Node[] = [];
  for (let at = node; ;) {
    const value = at.outputs[0]!;
    if (value.isGraphOutput)
      return `its result "${value.name}" is an output of the model, with no QuantizeLinear behind it`;
    const next = onlyReader(value);
    if (!next) return `its result "${value.name}" has ${value.uses.size} readers, so no QuantizeLinear alone takes it`;
    if (next.is("QuantizeLinear")) return { quantize: next, clamps };
    if (!products.has(node.op) || !(next.is("Relu") || next.is("Clip"))) {
      return `no QuantizeLinear stands behind it, but ${next.op} "${next.label}"`;
    }
    clamps.push(next);
    at = next;
  }
}

function otherResult(
  node: Node,
  operands: readonly { readonly codes: Codes | null }[],
  { quantize, clamps }: { readonly quantize: Node; readonly clamps: readonly Node[] },
): string | null {
  const made = codesMade(quantize);
  const from = operands[0]?.codes;
  if (from && from.value.dtype !== made.value.dtype) {
    return `its operand has codes of ${from.value.dtype}, its result of ${made.value.dtype}`;
  }
  for (const clamp of clamps) {
    const reason = clamp.is("Relu") ? keptRelu(clamp, made) : keptClip(clamp, made);
    if (reason) return reason;
  }
  const shares = schemaOf(node.op, node.domain)?.traits.includes("keepsScale") ?? false;
  return shares && operands.some(({ codes }) => codes && !sameParameters(codes, made))
    ? "its operands and its result have different scales or zero points, and it can only move codes"
    : null;
}

function keptRelu(relu: Node, { zeroPoint, value }: Codes): string | null {
  const least = value.dtype === "int8" ? -128 : 0;
  const zero = zeroPoint && dataOf(zeroPoint)?.numbers()[0];
  return zero === undefined || zero === null || zero === least
    ? null
    : `Relu "${relu.label}" stays behind it, since the zero point is ${zero} and not the smallest code ${least}`;
}

function keptClip(clip: Node, { scale, zeroPoint, value }: Codes): string | null {
  const [least, most] = value.dtype === "int8" ? [-128, 127] : [0, 255];
  const step = scale && dataOf(scale)?.numbers()[0];
  if (!step) return null;
  const zero = (zeroPoint && dataOf(zeroPoint)?.numbers()[0]) ?? 0;
  const bound = (index: number, otherwise: number): number => {
    const given = clip.inputs[index];
    return given ? (dataOf(given)?.numbers()[0] ?? otherwise) : clip.float(index === 1 ? "min" : "max", otherwise);
  };
  const range = [step * (least - zero), step * (most - zero)] as const;
  return bound(1, -Infinity) <= range[0] && bound(2, Infinity) >= range[1]
    ? null
    : `Clip "${clip.label}" stays behind it, since its bounds cut into the range ${range.map(short).join(" to ")} of the codes`;
}

function floatBias(node: Node): string | null {
  const codes = products.has(node.op) ? codesBehind(node.inputs[2] ?? null) : null;
  const [x, w] = [codesBehind(node.inputs[0] ?? null), codesBehind(node.inputs[1] ?? null)];
  const [s, sx, sw] = [codes, x, w].map((each) => each?.scale && dataOf(each.scale)?.numbers());
  if (!s || !sx || !sw) return null;
  const isProduct = s.every((each, i) => each === Math.fround(sx[0]! * sw[Math.min(i, sw.length - 1)]!));
  return isProduct ? null : "the scale of its bias is not that of its data times that of its weights";
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
