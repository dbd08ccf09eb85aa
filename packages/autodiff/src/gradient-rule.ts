import type { Builder, GraphEditor, Node, OpName, Value } from "@lowbit/ir";
import type { ConstantPool } from "./constant-pool.ts";

/** What a gradient rule works with: the forward node, what came back to its outputs, and a builder for the backward nodes. */
export interface GradientContext {
  readonly node: Node;
  /** Builds backward nodes; they are stamped as made by `gradient` out of `node`. */
  readonly op: Builder;
  readonly editor: GraphEditor;
  /** Cotangent of each output: the derivative of the loss by it, of its shape; null where none came back. */
  readonly grads: readonly (Value | null)[];
  /** Which operands need a gradient; a rule may leave out all others. */
  readonly needs: readonly boolean[];
  /** Constants and shapes, shared by all rules of one backward graph. */
  readonly constants: ConstantPool;
  /** Gives up on this node. @throws CompileError `autodiff/no-gradient` naming the node and the path to the loss. */
  readonly fail: (reason: string) => never;
}

/**
 * The vector-Jacobian product of one op: from the cotangents of a node's outputs to those of its operands, one entry
 * per operand (null: no contribution), each of its operand's shape.
 */
export type GradientRule = (context: GradientContext) => readonly (Value | null)[];

/** An op that cannot be differentiated, and why. */
export interface NoGradient {
  readonly kind: "none";
  readonly reason: string;
}

/** An op whose derivative is zero wherever it exists (rounding, comparisons, shapes): nothing flows back through it. */
export interface ZeroGradient {
  readonly kind: "zero";
}

/** An op that turns real numbers into integer codes; the cotangent of its result is that of the real numbers coded. */
export interface CodesGradient {
  readonly kind: "codes";
  readonly rule: GradientRule;
}

/** What the table says about an op. */
export type GradientEntry = GradientRule | NoGradient | ZeroGradient | CodesGradient;

/** One entry for every op of the registry. */
export type GradientTable = { readonly [K in OpName]: GradientEntry };

/** A deliberate absence: differentiating through the op is an error that quotes the reason. */
export function noGradient(reason: string): NoGradient {
  return { kind: "none", reason };
}

/** Nothing flows back through the op. */
export const zeroGradient: ZeroGradient = { kind: "zero" };

/** Marks the rule of an op that makes integer codes. */
export function codes(rule: GradientRule): CodesGradient {
  return { kind: "codes", rule };
}

/** A rule for ops of one operand and one result: `dx` from `dy`, the operand and the result. */
export function unary(rule: (context: GradientContext, dy: Value, x: Value, y: Value) => Value): GradientRule {
  return (context) => [rule(context, cotangent(context), context.node.input, context.node.output)];
}

/** The cotangent of the first output; cotangents of any other output are refused. */
export function cotangent(context: GradientContext): Value {
  context.grads.forEach((grad, index) => {
    if (index > 0 && grad) context.fail(`the loss depends on its output ${index}, which is not differentiated`);
  });
  return context.grads[0]!;
}

/** The operand at an index, which the op's schema makes mandatory. */
export function operand(context: GradientContext, index: number): Value {
  return context.node.inputs[index]!;
}
