import { CompileError } from "../diagnostics.ts";
import { GraphEditor } from "../edit/graph-editor.ts";
import type { AttributeInput } from "../graph/attribute.ts";
import { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/value.ts";
import { Tensor } from "../tensor.ts";
import { tensorType, typeText, type DType, type Dim } from "../types.ts";

/** An operand of a row: a type as `typeText` writes it, int64 constants, any constant, or absent. */
export type Operand = string | number | readonly number[] | Tensor | null;

/** One line of a table: op (with its domain before a colon), operands, attributes, the types of its results. */
export type Row = readonly [
  op: string,
  operands: readonly Operand[],
  attributes: Readonly<Record<string, AttributeInput>>,
  expected: string,
];

/**
 * The result types of an op in words, joined by spaces; `?` for a dimension that inference could not tell.
 * @param outputs how many results are asked for; by default the mandatory ones
 */
export function inferredTypes(
  op: string,
  operands: readonly Operand[],
  attributes: Readonly<Record<string, AttributeInput>> = {},
  outputs?: number,
): string {
  const node = nodeOf(op, operands, attributes, outputs);
  return node.outputs.map((value) => typeText(value!.type).replaceAll(/"?[\w*]*__dim\d+"?/g, "?")).join(" ");
}

/** The known elements of an op's first result. */
export function inferredElements(
  op: string,
  operands: readonly Operand[],
  attributes: Readonly<Record<string, AttributeInput>> = {},
  outputs?: number,
): readonly Dim[] | null {
  return nodeOf(op, operands, attributes, outputs).output.elements;
}

/** What is wrong with an op's operands, in the words of the diagnostic; its code when that is not `shape/mismatch`. */
export function objection(
  op: string,
  operands: readonly Operand[],
  attributes: Readonly<Record<string, AttributeInput>> = {},
  outputs?: number,
): string {
  try {
    return `accepted as ${inferredTypes(op, operands, attributes, outputs)}`;
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const { code, message } = error.diagnostic;
    return code === "shape/mismatch" ? message : `${code}: ${message}`;
  }
}

function nodeOf(
  op: string,
  operands: readonly Operand[],
  attributes: Readonly<Record<string, AttributeInput>>,
  outputs?: number,
): Node {
  const editor = new GraphEditor(new Graph("g"));
  const values = operands.map((operand, i) => valueOf(editor, operand, i));
  const [domain, name] = op.includes(":") ? op.split(":") : ["", op];
  return editor.node(name!, values, attributes, {
    domain: domain!,
    name: "n",
    ...(outputs === undefined ? {} : { outputs }),
  });
}

function valueOf(editor: GraphEditor, operand: Operand, index: number): Value | null {
  if (operand === null) return null;
  if (operand instanceof Tensor) return editor.initializer(operand, `c${index}`);
  if (typeof operand === "number") return editor.initializer(Tensor.scalar("int64", operand), `c${index}`);
  if (typeof operand !== "string") return editor.initializer(Tensor.of("int64", operand), `c${index}`);
  const [, sequence, dtype, dims] = /^(seq )?(\w+)(?:\[(.*)\])?$/.exec(operand)!;
  const shape = dims === undefined ? [] : dims === "" ? null : dims.split(",").map(dimOf);
  const type = tensorType(dtype as DType, shape);
  return editor.input(`x${index}`, sequence ? { kind: "sequence", element: type } : type);
}

function dimOf(text: string): Dim {
  return text === "?" ? null : /^\d+$/.test(text) ? Number(text) : text;
}
