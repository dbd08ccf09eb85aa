import { arity, parseGraph, schemaOf, lowbitDomain, type AttributeSchema, type Node } from "@lowbit/ir";
import { caseText } from "./differentiate-case.testing.ts";
import type { GradientCase } from "./gradient-case.testing.ts";

const autoPads = ["SAME_UPPER", "SAME_LOWER", "VALID"];
const reductions = ["sum", "none"];

/** The words that attributes of text may hold besides their defaults, where one example would not do. */
const words: Readonly<Record<string, readonly string[]>> = {
  "Conv.auto_pad": autoPads,
  "ConvTranspose.auto_pad": autoPads,
  "MaxPool.auto_pad": autoPads,
  "AveragePool.auto_pad": autoPads,
  "Pad.mode": ["edge", "reflect", "wrap"],
  "Resize.mode": ["linear", "cubic"],
  "Resize.nearest_mode": ["round_prefer_ceil", "floor", "ceil"],
  "Resize.coordinate_transformation_mode": [
    "align_corners",
    "asymmetric",
    "half_pixel_symmetric",
    "pytorch_half_pixel",
    "tf_crop_and_resize",
    "tf_half_pixel_for_nn",
  ],
  "SoftmaxCrossEntropyLoss.reduction": reductions,
  "NegativeLogLikelihoodLoss.reduction": reductions,
};

/**
 * What a case for an op can look like, as its schema tells: every attribute at another value than its default (every
 * word of those above), every optional operand and result once present and once absent.
 */
function formsOf(op: string): readonly string[] {
  const schema = schemaOf(op) ?? schemaOf(op, lowbitDomain)!;
  const attributes = Object.keys(schema.attributes).flatMap((name) =>
    (words[`${op}.${name}`] ?? [null]).map((word) => (word === null ? `${op}.${name}` : `${op}.${name} = ${word}`)),
  );
  const optional = [...schema.inputs, ...schema.outputs].filter((name) => arity(name) === "optional");
  return [...attributes, ...optional.flatMap((name) => [`${op} with ${bare(name)}`, `${op} without ${bare(name)}`])];
}

/** The forms that a node has. */
function formsIn(node: Node): readonly string[] {
  const schema = schemaOf(node.op, node.domain)!;
  const attributes = Object.entries(schema.attributes).flatMap(([name, attribute]) => {
    const value = valueOf(node, name);
    if (value === undefined || value === defaultOf(attribute)) return [];
    return words[`${node.op}.${name}`] ? [`${node.op}.${name} = ${value}`] : [`${node.op}.${name}`];
  });
  const presence = (names: readonly string[], values: Node["inputs"]): readonly string[] =>
    names.flatMap((name, i) =>
      arity(name) === "optional" ? [`${node.op} ${values[i] ? "with" : "without"} ${bare(name)}`] : [],
    );
  return [...attributes, ...presence(schema.inputs, node.inputs), ...presence(schema.outputs, node.outputs)];
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

function bare(name: string): string {
  return name.replace("?", "");
}

/** The forms of ops that no case has. */
export function formsWithoutCase(ops: readonly string[], cases: readonly GradientCase[]): readonly string[] {
  const covered = new Set<string>();
  for (const row of cases) {
    for (const node of parseGraph(caseText(row)).nodes) {
      if (node.op === row.op) for (const form of formsIn(node)) covered.add(form);
    }
  }
  return ops.flatMap(formsOf).filter((form) => !covered.has(form));
}
