import { invariant, isStatic, Tensor, type Builder, type GraphEditor, type Node, type Value } from "@lowbit/ir";

/** What a legalization works with: the node to express in plain ONNX ops, and a builder standing right before it. */
export interface LegalizeContext {
  readonly node: Node;
  readonly op: Builder;
  readonly editor: GraphEditor;
  /** What each lowest value of an observed range was reduced from: a symmetric scale then takes one reduction, not two. */
  readonly observed: Map<Value, ObservedRows>;
  /** Channels per block of ONNX Runtime's blocked layout; 1 where plain ops must do. */
  readonly block: number;
  /** Whether convolutions must sum in the order of the deployed model, where their weights are constants. */
  readonly asDeployed: boolean;
  /** What has been reordered so far: forward and both gradients of a convolution read the same. */
  readonly inBlocks: Map<Value, Value>;
  /** Matrices that pick taps of a kernel, by what they pick: equal products can be merged where they read the same one. */
  readonly picks: Map<string, Value>;
  /** Values that are another one times one number per channel. */
  readonly channelScales: Map<Value, ChannelScale>;
}

/** A tensor seen as rows whose range was taken along `axes` (null: all), and the highest value that goes with it. */
export interface ObservedRows {
  readonly high: Value;
  readonly rows: Value;
  readonly axes: Value | null;
}

/** A value [N, C, ...] that is another one times one number per channel. */
export interface ChannelScale {
  readonly unscaled: Value;
  /** [C]. */
  readonly scale: Value;
}

/**
 * Rewrites one node as plain ONNX ops; gives one value per output of the node (null for an output nobody asked for), or
 * nothing at all to leave the node as it is.
 */
export type Legalization = (context: LegalizeContext) => readonly (Value | null)[];

/** The operand at an index, which the op's schema makes mandatory. */
export function operand({ node }: LegalizeContext, index: number): Value {
  const value = node.inputs[index];
  invariant(value, `${node.op} "${node.label}" lacks operand ${index}`);
  return value;
}

/** The dimensions of a value; training steps are built for a fixed batch, so all of them are numbers. */
export function dims(value: Value): readonly number[] {
  const { shape } = value;
  invariant(isStatic(shape), `legalize: ${value.name} has no static shape`);
  return shape;
}

/** An int64 list as a constant operand. */
export function ints(editor: GraphEditor, values: readonly number[], name: string): Value {
  return editor.initializer(Tensor.of("int64", values), name);
}

/** A float scalar as a constant operand. */
export function scalar(editor: GraphEditor, value: number, name: string): Value {
  return editor.initializer(Tensor.scalar("float", value), name);
}

/** The value under another shape of as many elements. */
export function reshape({ op, editor }: LegalizeContext, value: Value, shape: readonly number[]): Value {
  const same = value.shape?.length === shape.length && shape.every((dim, axis) => value.shape![axis] === dim);
  return same ? value : op.Reshape([value, ints(editor, shape, "shape")]);
}

/** Numbers [C] in a shape of some rank that has them along one axis, so that they broadcast over the others. */
export function alongAxis(context: LegalizeContext, numbers: Value, axis: number, rank: number): Value {
  const count = dims(numbers)[0]!;
  return reshape(
    context,
    numbers,
    Array.from({ length: rank }, (_, i) => (i === axis ? count : 1)),
  );
}
