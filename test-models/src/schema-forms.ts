import { arity, schemaOf, type AttributeSchema, type Node, type OpSchema } from "@lowbit/ir";

const autoPads = ["SAME_UPPER", "SAME_LOWER", "VALID"];
const reductions = ["sum", "none"];

/** The words that attributes of text may hold besides their defaults, where one example would not do. */
const words: Readonly<Record<string, readonly string[]>> = {
  "Conv.auto_pad": autoPads,
  "ConvTranspose.auto_pad": autoPads,
  "MaxPool.auto_pad": autoPads,
  "AveragePool.auto_pad": autoPads,
  "DepthToSpace.mode": ["CRD"],
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

/** Which forms are asked for. */
export interface SchemaFormOptions {
  /** What stands before each form, once for each of them. Default: the op. */
  readonly prefixes?: readonly string[];
  /** Whether optional results are forms too. Default: operands alone. */
  readonly results?: boolean;
}

/**
 * What a node of an op can look like, as its schema tells: every attribute at another value than its default (every word of
 * those that one example would not do for), every optional operand once present and once absent.
 */
export function formsOfSchema(op: string, schema: OpSchema, options: SchemaFormOptions = {}): readonly string[] {
  const { prefixes = [op], results = false } = options;
  const attributes = Object.keys(schema.attributes).flatMap((name) =>
    (words[`${op}.${name}`] ?? [null]).flatMap((word) =>
      prefixes.map((prefix) => `${prefix}.${name}${word === null ? "" : ` = ${word}`}`),
    ),
  );
  const ports = results ? [...schema.inputs, ...schema.outputs] : schema.inputs;
  const optional = ports.filter((name) => arity(name) === "optional").map(bare);
  const presence = optional.flatMap((name) =>
    prefixes.flatMap((prefix) => [`${prefix} with ${name}`, `${prefix} without ${name}`]),
  );
  return [...attributes, ...presence];
}

/** The forms of `formsOfSchema` that a node has. @param prefix what stands before each; default: the op */
export function formsOfNode(node: Node, prefix = node.op, results = false): readonly string[] {
  const schema = schemaOf(node.op, node.domain)!;
  const attributes = Object.entries(schema.attributes).flatMap(([name, attribute]) => {
    const value = valueOf(node, name);
    if (value === undefined || value === defaultOf(attribute)) return [];
    return [`${prefix}.${name}${words[`${node.op}.${name}`] ? ` = ${value}` : ""}`];
  });
  const presence = (names: readonly string[], values: Node["inputs"]): readonly string[] =>
    names.flatMap((name, i) =>
      arity(name) === "optional" ? [`${prefix} ${values[i] ? "with" : "without"} ${bare(name)}`] : [],
    );
  return [
    ...attributes,
    ...presence(schema.inputs, node.inputs),
    ...(results ? presence(schema.outputs, node.outputs) : []),
  ];
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
