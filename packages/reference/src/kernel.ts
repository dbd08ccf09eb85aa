import type { Graph, Node, Tensor, Value } from "@lowbit/ir";
import type { IntegerArithmetic } from "./integer-arithmetic/integer-arithmetic.ts";
import { invalidNode } from "./diagnostics.ts";
import type { RandomSource } from "./random-source.ts";

/** What a kernel may ask and do while it computes one node. */
export interface KernelCall {
  readonly node: Node;
  readonly inputs: readonly (Tensor | null)[];
  readonly arithmetic: IntegerArithmetic;
  readonly random: RandomSource;
  /** An operand that must be present. @throws CompileError `reference/invalid-node` */
  tensor(index: number): Tensor;
  /** An operand that may be absent. */
  optional(index: number): Tensor | null;
  /** The only element of an operand. @throws CompileError `reference/invalid-node` */
  scalar(index: number): number;
  /** The only element of an operand that may be absent. @throws CompileError `reference/invalid-node` */
  optionalScalar(index: number): number | null;
  /** An axis attribute or element in `[-rank, rank)`, made non-negative. @throws CompileError `reference/invalid-node` */
  axis(axis: number, rank: number): number;
  /** Whether the node has an output at the index that anyone can read. */
  wants(output: number): boolean;
  /** Evaluates a graph attribute of the node with tensors for the body's inputs. */
  runBody(body: Graph, inputs: readonly Tensor[]): readonly Tensor[];
  /** The state of an initializer after this evaluation. */
  assign(buffer: Value, tensor: Tensor): void;
  /** @throws CompileError `reference/invalid-node` */
  fail(message: string): never;
}

/** Computes a node's outputs; one tensor when it has one output, null for outputs nobody wants. */
export type Kernel = (call: KernelCall) => Tensor | readonly (Tensor | null)[];

/** The mark of an op that has no kernel on purpose. */
export interface NoKernel {
  readonly noKernel: string;
}

/** Says why an op has no kernel. */
export function noKernel(reason: string): NoKernel {
  return { noKernel: reason };
}

/** What the interpreter around a call provides. */
export interface CallEnvironment {
  readonly arithmetic: IntegerArithmetic;
  readonly random: RandomSource;
  readonly runBody: (body: Graph, inputs: readonly Tensor[]) => readonly Tensor[];
  readonly assign: (buffer: Value, tensor: Tensor) => void;
}

/** The call of one node in an environment. */
export function kernelCall(node: Node, inputs: readonly (Tensor | null)[], environment: CallEnvironment): KernelCall {
  const fail = (message: string): never => {
    throw invalidNode(node, message);
  };
  const onlyElement = (tensor: Tensor, index: number): number =>
    tensor.size === 1 ? tensor.item() : fail(`operand ${index} must have one element, but has ${tensor.size}`);
  return {
    node,
    inputs,
    ...environment,
    tensor: (index) => inputs[index] ?? fail(`operand ${index} is missing`),
    optional: (index) => inputs[index] ?? null,
    scalar: (index) => onlyElement(inputs[index] ?? fail(`operand ${index} is missing`), index),
    optionalScalar: (index) => (inputs[index] ? onlyElement(inputs[index], index) : null),
    axis: (axis, rank) =>
      axis >= -rank && axis < rank ? (axis < 0 ? axis + rank : axis) : fail(`axis ${axis} is outside rank ${rank}`),
    wants: (output) => (node.outputs[output] ?? null) !== null,
    fail,
  };
}
