import {
  CompileError,
  elementCount,
  graphsOf,
  hasTrait,
  isInteger,
  isStatic,
  operandRole,
  schemaOf,
  Tensor,
  byteLength,
  type Node,
  type Value,
} from "@lowbit/ir";
import { evaluateNode, hasKernel } from "@lowbit/reference";
import { isDead, isUnread } from "../rule/erase-dead.ts";
import { recomputedResult } from "./recomputed-tensor.ts";

/** The results of a node that depend on no input, or why they are not stored although they could be. */
export type ConstantResults = { readonly tensors: readonly (Tensor | null)[] } | { readonly reason: string };

/** Multiplications above which a product of constants is left to the runtime. */
const maxProducts = 2 ** 26;

/** Ops whose point is what they are applied to: an integer weight with its scale must not become a float weight again. */
const kept = new Set(["DequantizeLinear", "FakeQuantize"]);

/** Ops whose result is the data of an operand, which needs no reading. */
const views = new Set(["Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze"]);

/** What a node computes, when that can be known now; null when it depends on inputs, or nothing would be gained. */
export function constantResults(node: Node, maxBytes: number): ConstantResults | null {
  if (isDead(node) || isReturnedConstant(node)) return null;
  const known = fromElements(node);
  if (known) return { tensors: [known] };
  const operands: (Tensor | null)[] = [];
  for (const value of node.inputs) {
    const data = value && value.constant;
    if (value && !data) return null;
    operands.push(data);
  }
  const reason = objection(node, maxBytes);
  if (reason !== null) return { reason };
  if (node.outputs.length === 1 && !views.has(node.op) && inferredBytes(node.output) > maxBytes) {
    const large = recomputedResult(node, operands);
    if (large) return { tensors: [large] };
  }
  try {
    const tensors = evaluateNode(node, operands).map((tensor, index) =>
      node.outputs[index] && !isUnread(node.outputs[index]) ? tensor : null,
    );
    const excess = tooLarge(node, sizeOf(tensors), maxBytes);
    return excess === null ? { tensors } : { reason: excess };
  } catch (error) {
    if (error instanceof CompileError) return { reason: error.diagnostic.message };
    throw error;
  }
}

/** An Identity that only gives an initializer the name of a graph output; there is no shorter form of that. */
function isReturnedConstant(node: Node): boolean {
  return (
    node.is("Identity") && node.output.isGraphOutput && node.output.uses.size === 0 && node.input.initializer !== null
  );
}

/** The result of integer shape arithmetic, when inference knows every element. */
function fromElements(node: Node): Tensor | null {
  const value = node.outputs[0];
  if (!value || node.outputs.length > 1 || !value.elements || value.dtype === null) return null;
  if (!(isInteger(value.dtype) || value.dtype === "bool") || !isStatic(value.shape)) return null;
  if (hasTrait(node, "random") || hasTrait(node, "sideEffect") || hasBodies(node)) return null;
  const elements = value.elements.filter((element) => typeof element === "number");
  return elements.length === elementCount(value.shape) ? Tensor.of(value.dtype, elements, value.shape) : null;
}

function objection(node: Node, maxBytes: number): string | null {
  if (hasTrait(node, "random")) return "its result is random";
  if (hasTrait(node, "sideEffect")) return "it has a side effect";
  if (kept.has(node.op)) return "it keeps a constant in integers";
  if (hasBodies(node)) return "it has bodies";
  if (!hasKernel(node.op, node.domain)) return "its op cannot be evaluated";
  if (products(node) > maxProducts) return "it multiplies too much to be computed here";
  const outputs = node.outputs.filter((value) => value !== null && !isUnread(value));
  return tooLarge(
    node,
    outputs.reduce((sum, value) => sum + inferredBytes(value!), 0),
    maxBytes,
  );
}

/** Bytes that may be stored once more for each body that computes the same from a constant around it. */
const maxRepeated = 4096;

function tooLarge(node: Node, bytes: number, maxBytes: number): string | null {
  const around = node.inputs.find((value) => value && value.graph !== node.graph && value.uses.size > 1);
  if (around && bytes > maxRepeated) {
    return `its result would store the ${bytes} bytes of "${around.name}" once more, which is read elsewhere too`;
  }
  if (bytes <= maxBytes) return null;
  const freed = node.inputs.filter((value) => value !== null && value.uses.size === 1);
  if (bytes <= sizeOf(freed.map((value) => value!.constant))) return null;
  return `its result would take ${bytes} bytes, and at most ${maxBytes} are stored`;
}

function hasBodies(node: Node): boolean {
  return [...node.attributes.values()].some((attribute) => graphsOf(attribute).length > 0);
}

/** Multiplications of a linear node: elements of the result times weights per output channel. */
function products(node: Node): number {
  const schema = schemaOf(node.op, node.domain);
  if (!schema?.traits.includes("linear")) return 0;
  const at = node.inputs.findIndex((_, index) => operandRole(schema, index).role === "weight");
  const weight = node.inputs[at]?.constant;
  if (!weight) return 0;
  const { channelAxis } = operandRole(schema, at);
  const axis = typeof channelAxis === "function" ? channelAxis(node) : channelAxis;
  const channels = (axis === undefined ? undefined : weight.dims[axis]) ?? 1;
  return (elementCount(node.output.shape) ?? 0) * (weight.size / Math.max(1, channels));
}

function inferredBytes(value: Value): number {
  const count = elementCount(value.shape);
  return count === null || value.dtype === null ? 0 : byteLength(value.dtype, count);
}

function sizeOf(tensors: readonly (Tensor | null)[]): number {
  return tensors.reduce((sum, tensor) => sum + (tensor?.source.byteLength ?? 0), 0);
}
