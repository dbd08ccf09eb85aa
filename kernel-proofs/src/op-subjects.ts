import { findUnits, type Backend } from "@lowbit/backend-kit";
import { cloneModel, GraphEditor, integerRange, newModel, parseGraph, Tensor } from "@lowbit/ir";
import { integerOperators } from "@lowbit/quantize";
import { runPasses } from "@lowbit/rewrite";
import { adversarialWeights, codesBy, codesOf, patterns, randomFrom, type Codes, type Pattern } from "./codes.ts";
import { opGraphs, type OpGraph } from "./op-graphs.ts";
import type { Subject } from "./subject.ts";

/** Scales and zero points of a case; zero points count from the lowest code. */
interface Parameters {
  readonly name: string;
  readonly xScale: number;
  readonly zScale: number;
  readonly wScale: number;
  /** Whether channels differ by powers of two only, so that multipliers are exact. */
  readonly exact: boolean;
  /** The multiplier of a product of `depth` terms; for other ops y's scale is x's divided by `ratio`. */
  readonly multiplier: (depth: number) => number;
  readonly ratio: number;
  readonly x: number;
  readonly y: number;
  readonly reach?: number;
}

/** Parameters that lead a kernel to its corners: ordinary ones, ties everywhere, zero points at the ends. */
const parameterSets: readonly Parameters[] = [
  {
    name: "ordinary",
    xScale: 0.0123,
    zScale: 0.0371,
    wScale: 0.0071,
    exact: false,
    multiplier: (depth) => 0.011 / Math.sqrt(depth),
    ratio: 0.83,
    x: 117,
    y: 131,
  },
  {
    name: "ties",
    xScale: 0.5,
    zScale: 0.5,
    wScale: 1,
    exact: true,
    multiplier: () => 0.5,
    ratio: 0.5,
    x: 128,
    y: 128,
    reach: 1,
  },
  {
    name: "zero points at the ends",
    xScale: 0.031,
    zScale: 0.0021,
    wScale: 0.0013,
    exact: false,
    multiplier: (depth) => 1 / (140 * depth),
    ratio: 1.31,
    x: 0,
    y: 255,
  },
  {
    name: "zero points at the other ends",
    xScale: 0.0007,
    zScale: 0.029,
    wScale: 0.0113,
    exact: false,
    multiplier: (depth) => 1 / (140 * depth),
    ratio: 0.017,
    x: 255,
    y: 0,
  },
  {
    name: "scales far apart",
    xScale: 0.000011,
    zScale: 0.9,
    wScale: 0.5,
    exact: false,
    multiplier: (depth) => 0.9 / depth,
    ratio: 0.00001,
    x: 128,
    y: 100,
  },
];

/** All graphs under all parameters for a backend's codes, as what is shipped and as integer operators. */
export function opSubjects(backend: Backend): readonly Subject[] {
  const codes = codesOf(backend);
  return graphsFor(backend).flatMap((graph) => parameterSets.map((parameters) => subjectOf(graph, parameters, codes)));
}

/** The graphs that the backend's table has a kernel for. */
export function graphsFor({ capabilities }: Backend): readonly OpGraph[] {
  return opGraphs.filter((graph) => {
    const { units } = findUnits(parseGraph(floatTextOf(graph)), capabilities);
    return units.some(({ anchor }) => anchor.op === graph.op);
  });
}

/** The graph in float, as a backend sees it when it plans. */
function floatTextOf({ x, z, w, bias, data, body, results = 1 }: OpGraph): string {
  const inputs = [`float[${x.join(",")}] xd`, ...(z ? [`float[${z.join(",")}] zd`] : [])];
  const initializers = [
    ...(w ? [`float[${w.dims.join(",")}] wd`] : []),
    ...(w && bias ? [`float[${w.dims[w.axis]}] bd`] : []),
    ...(data === undefined ? [] : [data]),
  ];
  const outputs = results === 1 ? "r" : "r, r2";
  return `g (${inputs.join(", ")}) => (${outputs}) <${initializers.join(", ")}> { ${body} }`;
}

function subjectOf(graph: OpGraph, parameters: Parameters, codes: Codes): Subject {
  const model = newModel(filled(graph, parameters, codes));
  const integers = cloneModel(model);
  runPasses(integers, [integerOperators]);
  const feeds = patterns
    .filter((pattern) => usesPattern(graph, pattern))
    .map((pattern) => ({
      x: codesBy(pattern, codes.activation, graph.x, 2),
      ...(graph.z ? { z: codesBy(pattern, codes.activation, graph.z, 3) } : {}),
    }));
  return {
    name: `${graph.title}, ${parameters.name}`,
    op: graph.op,
    forms: { qdq: model, integers },
    feeds,
  };
}

/** Elementwise ops are run on all codes, and the others on everything else. */
function usesPattern({ op, x }: OpGraph, pattern: Pattern): boolean {
  const isExhaustive = ["Add", "Mul", "Sigmoid", "LeakyRelu"].includes(op) && x[0] === 256;
  return isExhaustive === (pattern === "all codes");
}

function filled(graph: OpGraph, parameters: Parameters, codes: Codes): ReturnType<typeof parseGraph> {
  const parsed = parseGraph(textOf(graph, codes));
  const editor = new GraphEditor(parsed);
  for (const [name, tensor] of Object.entries(dataOf(graph, parameters, codes))) {
    const value = parsed.value(name);
    if (value?.initializer) editor.setInitializer(value, tensor);
  }
  return parsed;
}

function textOf(graph: OpGraph, { activation: a, weight, perChannel }: Codes): string {
  const dims = (all: readonly number[]): string => `[${all.join(",")}]`;
  const { x, z, w, bias, data, body, result, results = 1 } = graph;
  const channels = w && perChannel ? dims([w.dims[w.axis]!]) : "";
  const along = w && perChannel ? `<axis = ${w.axis}>` : "";
  const names = ["", "2"].slice(0, results);
  const inputs = [`${a}${dims(x)} x`, ...(z ? [`${a}${dims(z)} z`] : [])];
  const initializers = [
    `float sx, ${a} zx`,
    ...(z ? [`float sz, ${a} zz`] : []),
    ...(w ? [`${weight.dtype}${dims(w.dims)} w, float${channels} sw, ${weight.dtype}${channels} zw`] : []),
    ...(w && bias ? [`int32[${w.dims[w.axis]}] b, float${channels} sb, int32${channels} zb`] : []),
    ...(result === "float" ? [] : [`float sy, ${a} zy`]),
    ...(data === undefined ? [] : [data]),
  ];
  const nodes = [
    "xd = DequantizeLinear (x, sx, zx)",
    ...(z ? ["zd = DequantizeLinear (z, sz, zz)"] : []),
    ...(w ? [`wd = DequantizeLinear ${along} (w, sw, zw)`] : []),
    ...(w && bias ? [`bd = DequantizeLinear ${along && "<axis = 0>"} (b, sb, zb)`] : []),
    body,
    ...(result === "float" ? [] : names.map((n) => `y${n} = QuantizeLinear (r${n}, sy, zy)`)),
  ];
  const outputs = names.map((n) => (result === "float" ? `r${n}` : `y${n}`));
  return `g (${inputs.join(", ")}) => (${outputs.join(", ")}) <${initializers.join(", ")}> {\n${nodes.join("\n")}\n}`;
}

function dataOf(graph: OpGraph, parameters: Parameters, codes: Codes): Readonly<Record<string, Tensor>> {
  const { activation, weight, perChannel } = codes;
  const low = integerRange(activation)[0];
  const { w, result } = graph;
  const scalar = (value: number): Tensor => Tensor.scalar("float", value);
  const zero = (fromLow: number): Tensor => Tensor.scalar(activation, low + fromLow);
  const all: Record<string, Tensor> = {
    sx: scalar(parameters.xScale),
    zx: zero(parameters.x),
    sz: scalar(parameters.zScale),
    zz: zero(parameters.y),
    sy: scalar(resultScale(graph, parameters)),
    zy: zero(parameters.y),
  };
  if (result === "moved") Object.assign(all, { sy: all["sx"], zy: all["zx"] });
  if (result === "softmax") Object.assign(all, { sy: scalar(1 / 256), zy: zero(0) });
  if (!w) return all;
  const channels = w.dims[w.axis]!;
  const count = perChannel ? channels : 1;
  const dims = perChannel ? [channels] : [];
  const scales = Float32Array.from({ length: count }, (_, i) =>
    perChannel ? parameters.wScale * (parameters.exact ? 2 ** -(i % 3) : 1 - (i % 5) / 7) : parameters.wScale,
  );
  const random = randomFrom(channels);
  const product = scales.map((scale) => Math.fround(Math.fround(parameters.xScale) * scale));
  return {
    ...all,
    w: adversarialWeights(weight, Math.min(weight.reach, parameters.reach ?? 127), w.dims, w.axis),
    sw: Tensor.of("float", scales, dims),
    zw: Tensor.of(
      weight.dtype,
      Array.from({ length: count }, () => weight.zeroPoint),
      dims,
    ),
    b: Tensor.of(
      "int32",
      Array.from({ length: channels }, () => Math.floor(4000 * random()) - 2000),
    ),
    sb: Tensor.of("float", product, dims),
    zb: Tensor.of("int32", new Int32Array(count), dims),
  };
}

/** The scale that gives a product its multiplier, and another op its ratio. */
function resultScale({ w, z, op, x }: OpGraph, parameters: Parameters): number {
  const { xScale, zScale, wScale, multiplier, ratio } = parameters;
  if (w) {
    const depth = w.dims.reduce((product, dim) => product * dim, 1) / w.dims[w.axis]!;
    return (xScale * wScale) / multiplier(depth);
  }
  if (op === "MatMul") return (xScale * zScale) / multiplier(x.at(-1)!);
  if (op === "Mul") return (xScale * zScale) / (ratio / 64);
  return z ? Math.max(xScale, zScale) / ratio : xScale / ratio;
}
