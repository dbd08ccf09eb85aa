import type { Node, Tensor, Value } from "@lowbit/ir";
import { floatArithmetic, type IntegerArithmetic } from "./integer-arithmetic/integer-arithmetic.ts";
import { runNode, type Run } from "./interpreter.ts";
import { randomSource } from "./random-source.ts";

/** What the evaluation of one node may depend on besides its operands. */
export interface NodeContext {
  /** How integer ops round and saturate; default `floatArithmetic`. */
  readonly arithmetic?: IntegerArithmetic;
  /** Seed of random ops; default 0. */
  readonly seed?: number;
  /** Values of the graph around that bodies (of If, Loop, Scan) read; default: those that are constant. */
  readonly lookup?: (value: Value) => Tensor | null;
}

/**
 * Computes one node from its operands (null: absent): one tensor per output, null for absent outputs.
 *
 * Floats are computed in float64 and rounded once to the result's dtype, except where a runtime's exact float32 steps
 * are the point (quantization). Integers wrap around; 64-bit integers are exact.
 *
 * @throws CompileError `reference/no-kernel`, `reference/invalid-node`
 */
export function evaluateNode(
  node: Node,
  inputs: readonly (Tensor | null)[],
  context: NodeContext = {},
): readonly (Tensor | null)[] {
  const run = startRun(context);
  const lookup = context.lookup ?? ((value: Value) => value.constant);
  return runNode(node, inputs, run, { values: new Map(), lookup });
}

/** The shared part of an evaluation. */
export function startRun(context: NodeContext): Run {
  return {
    arithmetic: context.arithmetic ?? floatArithmetic,
    random: randomSource(context.seed ?? 0),
    state: new Map(),
  };
}
