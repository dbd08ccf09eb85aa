import { hasBody, isFloat, operandRole, schemaOf, type Graph, type Node, type Value } from "@lowbit/ir";
import { productOf } from "../convert/product.ts";
import { movesElements } from "../lower/moves-elements.ts";
import { isBiasBehind } from "./coded-nodes.ts";
import { keptByUser, nodesMatching } from "./edit-plan.ts";
import { createPlan, type QuantPlan, type Skipped } from "./plan.ts";
import { requireFloat } from "./require-float.ts";
import { dynamic, observed, type Granularity, type ObservedSpec, type QuantPoint, type QuantSpec } from "./spec.ts";

/** Codes of weights in plans that no backend makes. */
export interface WeightCodes {
  /** Symmetric, without the lowest code. Default: `int8`. */
  readonly dtype?: "int8" | "int4";
  /**
   * `block`: one scale for so many neighbours that are summed together, in matrices; other weights have one scale per
   * output channel. Default: `channel` for int8, blocks of 32 for int4.
   */
  readonly granularity?: "tensor" | "channel" | { readonly block: number };
}

/** What the user asks of a plan. */
export interface ModePlanOptions extends WeightCodes {
  /** Patterns of nodes that stay float. */
  readonly keepFloat?: readonly string[];
}

/**
 * Stores the weights of every Conv, ConvTranspose, Gemm, MatMul, LSTM, GRU and RNN as codes and computes in float: smaller
 * files, and on ONNX Runtime products of matrices that read codes (MatMulNBits); the other ops get their weights
 * dequantized in each run. Needs no data.
 *
 * @throws CompileError `quantize/keep-float`
 */
export function weightOnlyPlan(graph: Graph, options: ModePlanOptions = {}): QuantPlan {
  return planOfProducts(graph, options, (node) => {
    // The recurrent weights of LSTM and its like are the operand behind that of the inputs.
    const weights = isRecurrent(node) ? node.operands.slice(1, 3) : [node.operands[1]!];
    return weights.map((weight) => [weight, weightSpec(node, options)]);
  });
}

/**
 * Products of matrices on integers, with the scale of the activations found while the model runs. Needs no data.
 * Convolutions stay float: nothing fuses what stands around a ConvInteger, which makes it slower than the float kernel.
 *
 * @throws CompileError `quantize/keep-float`
 */
export function dynamicPlan(graph: Graph, options: ModePlanOptions = {}): QuantPlan {
  const first = new Map<unknown, QuantPoint>();
  const codes = {
    ...options,
    dtype: "int8",
    granularity: options.granularity === "tensor" ? "tensor" : "channel",
  } as const;
  const specsOf: SpecsOf = (node) => {
    const reason = reasonAgainstDynamic(node);
    if (reason !== null) return reason;
    const [data, weight] = [node.operands[0]!, node.operands[1]!];
    const root = first.get(node.input);
    if (!root) first.set(node.input, data);
    return [
      [data, root ? { kind: "shared", with: root } : dynamic],
      [weight, weightSpec(node, codes)],
    ];
  };
  return planOfProducts(graph, options, specsOf, "only products of matrices have scales found at run time");
}

/** The specs of a product's operands, or why it stays float. */
type SpecsOf = (node: Node) => readonly (readonly [QuantPoint, QuantSpec])[] | string;

/** @param othersFloat why ops that are no products stay float; null where products compute in float too */
function planOfProducts(
  graph: Graph,
  { keepFloat: globs = [] }: ModePlanOptions,
  specsOf: SpecsOf,
  othersFloat: string | null = null,
): QuantPlan {
  requireFloat(graph);
  const kept = nodesMatching(graph, globs);
  const specs = new Map<QuantPoint, QuantSpec>();
  const skipped: Skipped[] = [];
  for (const node of graph.nodes) {
    if (!isProduct(node)) {
      const isFloatHere = othersFloat !== null && computesFloats(node) && !isBiasBehind(node, specs);
      if (isFloatHere) skipped.push({ node, reason: othersFloat });
      continue;
    }
    const planned = kept.has(node) ? keptByUser : (reasonAgainst(node) ?? specsOf(node));
    if (typeof planned === "string") skipped.push({ node, reason: planned });
    else for (const [point, spec] of planned) specs.set(point, spec);
  }
  return createPlan(graph, specs, skipped);
}

function isProduct(node: Node): boolean {
  return productOf(node)?.weight.index === 1 || isRecurrent(node);
}

/** Whether a node computes floats, by itself or in graphs of its own, of floats that are no data of the model. */
function computesFloats(node: Node): boolean {
  const isNumber = (value: Value | null): boolean => isFloat(value?.dtype ?? "bool");
  if (movesElements(node) || !node.outputs.some(isNumber)) return false;
  return hasBody(node) || node.inputs.some((value) => isNumber(value) && !value!.initializer);
}

/** Ops with one weight for their inputs and one for their state, both [directions, gates · hidden, inputs]. */
export function isRecurrent(node: Node): boolean {
  return node.is("LSTM") || node.is("GRU") || node.is("RNN");
}

function reasonAgainst(node: Node): string | null {
  for (const weight of node.inputs.slice(1, isRecurrent(node) ? 3 : 2)) {
    if (!weight?.initializer || weight.isGraphInput) return `its weight "${weight?.name}" is computed, not constant`;
    if (weight.dtype !== "float") return `its weight "${weight.name}" is ${weight.dtype}`;
  }
  return null;
}

/** Why ONNX Runtime would not run a product on integers with scales found while it runs. */
function reasonAgainstDynamic(node: Node): string | null {
  if (isRecurrent(node)) return `ONNX has no ${node.op} on integers`;
  if (node.is("Conv") || node.is("ConvTranspose")) {
    return "integer convolutions with scales found at run time are slower than float ones";
  }
  if (node.inputs[1]!.shape?.length !== 2) return "its weight is no matrix";
  if (node.is("MatMul")) return null;
  const plain = node.int("transA", 0) === 0 && node.float("alpha", 1) === 1 && node.float("beta", 1) === 1;
  return plain ? null : "its first operand is transposed, or a factor multiplies its result";
}

function weightSpec(node: Node, { dtype = "int8", granularity }: WeightCodes): ObservedSpec {
  const [, most] = observed(dtype).range;
  const scheme = granularity ?? (dtype === "int4" ? { block: 32 } : "channel");
  return observed(dtype, { range: [-most, most], symmetric: true, granularity: granularityFor(node, scheme) });
}

function granularityFor(node: Node, scheme: NonNullable<WeightCodes["granularity"]>): Granularity {
  const axis = channelAxis(node);
  if (scheme === "tensor" || axis === null) return { kind: "tensor" };
  const isMatrix = node.inputs[1]!.shape?.length === 2;
  return scheme === "channel" || !isMatrix
    ? { kind: "channel", axis }
    : { kind: "block", axis: 1 - axis, size: scheme.block };
}

/** The axis of the output channels of a product's weight; null where the op's facts name none. */
function channelAxis(node: Node): number | null {
  if (isRecurrent(node)) return 1;
  const schema = schemaOf(node.op, node.domain);
  const role = schema && operandRole(schema, 1);
  if (role?.role !== "weight" || role.channelAxis === undefined) return null;
  return typeof role.channelAxis === "function" ? role.channelAxis(node) : role.channelAxis;
}
