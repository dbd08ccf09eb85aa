import { arity, parseGraph, schemaOf, type AttributeSchema, type Node } from "@lowbit/ir";
import { floatTextOf } from "./graph-text.ts";
import { aspects } from "./op-aspects.ts";
import type { OpGraph } from "./op-graphs/op-graph.ts";

const autoPads = ["SAME_UPPER", "SAME_LOWER", "VALID"];

/** The words that attributes of text may hold besides their defaults, where one example would not do. */
const words: Readonly<Record<string, readonly string[]>> = {
  "Conv.auto_pad": autoPads,
  "MaxPool.auto_pad": autoPads,
  "AveragePool.auto_pad": autoPads,
  "Pad.mode": ["edge", "reflect", "wrap"],
  "Resize.mode": ["linear", "cubic"],
  "Resize.nearest_mode": ["round_prefer_ceil", "floor", "ceil"],
  "Resize.keep_aspect_ratio_policy": ["not_larger", "not_smaller"],
  "Resize.coordinate_transformation_mode": [
    "align_corners",
    "asymmetric",
    "half_pixel_symmetric",
    "pytorch_half_pixel",
    "tf_crop_and_resize",
    "tf_half_pixel_for_nn",
  ],
  "DepthToSpace.mode": ["CRD"],
};

/** Ops whose attributes list a number per axis of an image: each is a form of its own along one, two and three axes. */
const windowed: ReadonlySet<string> = new Set(["Conv", "MaxPool", "AveragePool"]);

/**
 * What a graph of an op can look like: every attribute at another value than its default (every word of those above), every
 * optional operand once present and once absent, and every answer above.
 */
export function formsOf(op: string): readonly string[] {
  const schema = schemaOf(op)!;
  const prefixes = windowed.has(op) ? [1, 2, 3].map((axes) => `${op} along ${axes}`) : [op];
  const attributes = Object.keys(schema.attributes).flatMap((name) =>
    (words[`${op}.${name}`] ?? [null]).flatMap((word) =>
      prefixes.map((prefix) => `${prefix}.${name}${word === null ? "" : ` = ${word}`}`),
    ),
  );
  const optional = schema.inputs.filter((name) => arity(name) === "optional").map((name) => name.replace("?", ""));
  return [
    ...attributes,
    ...optional.flatMap((name) =>
      prefixes.flatMap((prefix) => [`${prefix} with ${name}`, `${prefix} without ${name}`]),
    ),
    ...(aspects[op] ?? []).flatMap(({ answers }) => answers.map((answer) => `${op}: ${answer}`)),
  ];
}

/** The forms that a graph has. */
export function formsIn(graph: OpGraph): readonly string[] {
  const node = [...parseGraph(floatTextOf(graph)).nodes].find(({ op }) => op === graph.op)!;
  const { op } = node;
  const schema = schemaOf(op)!;
  const prefix = windowed.has(op) ? `${op} along ${(node.inputs[0]?.shape?.length ?? 2) - 2}` : op;
  const attributes = Object.entries(schema.attributes).flatMap(([name, attribute]) => {
    const value = valueOf(node, name);
    if (value === undefined || value === defaultOf(attribute)) return [];
    return [`${prefix}.${name}${words[`${op}.${name}`] ? ` = ${value}` : ""}`];
  });
  const presence = schema.inputs.flatMap((name, i) =>
    arity(name) === "optional" ? [`${prefix} ${node.inputs[i] ? "with" : "without"} ${name.replace("?", "")}`] : [],
  );
  return [...attributes, ...presence, ...(aspects[op] ?? []).map((aspect) => `${op}: ${aspect.of(node, graph)}`)];
}

function valueOf(node: Node, name: string): string | undefined {
  const attribute = node.attributes.get(name);
  return attribute && "value" in attribute ? textOf(attribute.value) : undefined;
}

function defaultOf(attribute: AttributeSchema): string | undefined {
  return attribute.default === undefined ? undefined : textOf(attribute.default);
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? Number(part) : part));
}
