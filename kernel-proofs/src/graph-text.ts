import type { Codes } from "./codes.ts";
import type { OpGraph } from "./op-graphs/op-graph.ts";

/** Dimensions; a type without any is that of a scalar. */
const list = (all: readonly number[]): string => (all.length === 0 ? "" : `[${all.join(",")}]`);

/** Names of a graph's results, by their first letter. */
function resultsOf(letter: string, { results = 1 }: OpGraph): readonly string[] {
  return ["", "2", "3"].slice(0, results).map((number) => letter + number);
}

/** The graph in float, as a backend sees it when it plans; its operands may be given as sums. */
export function floatTextOf(graph: OpGraph, { afterSum = false } = {}): string {
  const { x, z, isConstantZ = false, w, bias, data, body } = graph;
  const second = z ? [`float${list(z)} ${afterSum && !isConstantZ ? "z" : "zd"}`] : [];
  const initializers = [
    ...(isConstantZ ? second : []),
    ...(w ? [`float${list(w.dims)} wd`] : []),
    ...(bias ? [`float${list(bias)} bd`] : []),
    ...(data === undefined ? [] : [data]),
  ];
  const inputs = [`float${list(x)} ${afterSum ? "x" : "xd"}`, ...(isConstantZ ? [] : second)];
  const sum = afterSum ? `xd = Add (x, x)\n${z && !isConstantZ ? "zd = Add (z, z)\n" : ""}` : "";
  return `g (${inputs.join(", ")}) => (${resultsOf("r", graph).join(", ")}) <${initializers.join(", ")}> {\n${sum}${body}\n}`;
}

/** The graph between codes. */
export function textOf(graph: OpGraph, { activation: a, weight, perChannel }: Codes): string {
  const { x, z, isConstantZ = false, w, bias, data, body, result } = graph;
  const isPerChannel = w !== undefined && perChannel && w.isPerTensor !== true;
  const channels = isPerChannel ? list([w.dims[w.axis]!]) : "";
  const along = (axis: number): string => (isPerChannel ? `<axis = ${axis}> ` : "");
  const second = z ? [`${a}${list(z)} z`] : [];
  const inputs = [`${a}${list(x)} x`, ...(isConstantZ ? [] : second)];
  const initializers = [
    `float sx, ${a} zx`,
    ...(z ? [`float sz, ${a} zz`] : []),
    ...(isConstantZ ? second : []),
    ...(w ? [`${weight.dtype}${list(w.dims)} w, float${channels} sw, ${weight.dtype}${channels} zw`] : []),
    ...(bias ? [`int32${list(bias)} b, float${channels} sb, int32${channels} zb`] : []),
    ...(result === "float" ? [] : [`float sy, ${a} zy`]),
    ...(data === undefined ? [] : [data]),
  ];
  const results = resultsOf("r", graph);
  const codes = resultsOf("y", graph);
  const nodes = [
    "xd = DequantizeLinear (x, sx, zx)",
    ...(z ? ["zd = DequantizeLinear (z, sz, zz)"] : []),
    ...(w ? [`wd = DequantizeLinear ${along(w.axis)}(w, sw, zw)`] : []),
    ...(bias ? [`bd = DequantizeLinear ${along(bias.length - 1)}(b, sb, zb)`] : []),
    body,
    ...(result === "float" ? [] : results.map((name, i) => `${codes[i]} = QuantizeLinear (${name}, sy, zy)`)),
  ];
  const outputs = result === "float" ? results : codes;
  return `g (${inputs.join(", ")}) => (${outputs.join(", ")}) <${initializers.join(", ")}> {\n${nodes.join("\n")}\n}`;
}
