import { createHash } from "node:crypto";
import { Tensor, type Value } from "@lowbit/ir";
import type { Optimizer, UpdateContext } from "../optimizer/optimizer.ts";

/**
 * Lets an optimizer keep pruned elements at zero, whatever their gradients, momentum or averages are.
 *
 * @param masks by parameter, bool tensors: where elements stay (see `prune`)
 */
export function keepPruned(optimizer: Optimizer, masks: ReadonlyMap<string, Tensor>): Optimizer {
  return {
    ...optimizer,
    name: `${optimizer.name}:pruned:${digest(masks)}`,
    update(context) {
      const moved = optimizer.update(context);
      const mask = maskOf(context, masks);
      if (mask === null) return moved;
      const masked = (value: Value): Value => context.op.Mul([value, mask]);
      const { average } = optimizer;
      const slots = average === undefined ? moved.slots : { ...moved.slots, [average]: masked(moved.slots[average]!) };
      return { parameter: masked(moved.parameter), slots };
    },
  };
}

/** 1 and 0 in the shape of the tensor that is moved; null where nothing of it is pruned. */
function maskOf({ editor, parameter, holds }: UpdateContext, masks: ReadonlyMap<string, Tensor>): Value | null {
  if (!holds.some(({ name }) => masks.has(name))) return null;
  const kept: number[] = [];
  for (const { name, dims } of holds) {
    const mask = masks.get(name);
    const size = dims.reduce((a, b) => a * b, 1);
    for (let i = 0, bits = mask?.numbers(); i < size; i++) kept.push(bits ? bits[i]! : 1);
  }
  const { dims } = parameter.initializer!;
  return editor.initializer(Tensor.of("float", kept, dims), `${parameter.name}.mask`);
}

function digest(masks: ReadonlyMap<string, Tensor>): string {
  const hash = createHash("sha256");
  for (const [name, mask] of masks) hash.update(name).update(mask.bytes());
  return hash.digest("hex").slice(0, 16);
}
