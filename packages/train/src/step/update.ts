import { Tensor, tensorType, type GraphEditor, type Value } from "@lowbit/ir";
import { scalar } from "../legalize/legalization.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import { assign } from "./assign.ts";
import type { MovingTensor } from "./differentiate.ts";
import type { Part } from "./pack-parameters.ts";

/** How parameters move against their gradients. */
export interface UpdateOptions {
  readonly optimizer: Optimizer;
  /** Largest Euclidean norm of all gradients together; larger gradients are scaled down. Default: no limit. */
  readonly clipNorm?: number;
}

/**
 * Adds the optimizer's update of every parameter, after clipping, and returns the input of the optimizer's numbers. What the
 * parameters and the optimizer's memory hold is added to `packed`.
 */
export function addUpdates(
  editor: GraphEditor,
  moving: readonly MovingTensor[],
  { optimizer, clipNorm }: UpdateOptions,
  packed: Map<string, readonly Part[]>,
): Value {
  const clipped = clipNorm === undefined ? moving : clipByNorm(editor, moving, clipNorm);
  const input = editor.input(editor.graph.names.fresh("hyper"), tensorType("float", [optimizer.hyper.length]));
  const hyper = splitHyper(editor, input, optimizer.hyper);
  for (const { parameter, gradient, parts, holds } of clipped) {
    packed.set(parameter.name, parts);
    const slots = Object.fromEntries(
      optimizer.slots.map((slot) => {
        const memory = zeros(editor, parameter, `${parameter.name}.${slot}`);
        packed.set(
          memory.name,
          parts.map((part) => ({ ...part, name: `${part.name}.${slot}` })),
        );
        return [slot, memory];
      }),
    );
    const update = optimizer.update({ op: editor.op, editor, parameter, gradient, holds, slots, hyper });
    assign(editor, parameter, update.parameter);
    for (const slot of optimizer.slots) assign(editor, slots[slot]!, update.slots[slot]!);
  }
  return input;
}

/** Scales all gradients by min(1, limit / norm), the norm taken over all of them together. */
function clipByNorm(editor: GraphEditor, moving: readonly MovingTensor[], limit: number): readonly MovingTensor[] {
  const { op } = editor;
  const squares = moving.map(({ gradient }) => op.ReduceSum([op.Mul([gradient, gradient])], { keepdims: 0 }));
  const norm = op.Sqrt([squares.length === 1 ? squares[0]! : op.Sum(squares)]);
  const ratio = op.Div([scalar(editor, limit, "clip_norm"), op.Max([norm, scalar(editor, limit, "clip_norm")])]);
  return moving.map((one) => ({ ...one, gradient: op.Mul([one.gradient, ratio]) }));
}

function splitHyper(editor: GraphEditor, hyper: Value, names: readonly string[]): Readonly<Record<string, Value>> {
  if (names.length === 1) return { [names[0]!]: hyper };
  const parts = editor.node(
    "Split",
    [hyper],
    { axis: 0, num_outputs: names.length },
    { outputs: names.length },
  ).outputs;
  return Object.fromEntries(names.map((name, index) => [name, parts[index]!]));
}

/** A buffer of a parameter's shape that starts at zero, and holds no memory until it is read. */
export function zeros(editor: GraphEditor, like: Value, name: string): Value {
  const { dims, size } = like.initializer!;
  const byteLength = size * Float32Array.BYTES_PER_ELEMENT;
  const initial = new Tensor("float", dims, { byteLength, read: () => new Uint8Array(byteLength) });
  return editor.initializer(initial, name, "buffer");
}
