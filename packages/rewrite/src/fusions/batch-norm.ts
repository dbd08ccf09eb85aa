import type { Value, Node } from "@lowbit/ir";
import { constant } from "../pattern/constant.ts";
import { op } from "../pattern/op.ts";
import type { Pattern } from "../pattern/pattern.ts";
import type { BatchNormParameters } from "./scale-shift.ts";

/** BatchNormalization in inference mode over `x`, with constant parameters; captured as `bn`, `gamma`, `beta`, …. */
export function batchNorm<C>(x: Pattern<C>): Pattern<C & BatchNormCaptures> {
  return op("BatchNormalization", [x, constant("gamma"), constant("beta"), constant("mean"), constant("variance")], {
    as: "bn",
    where(bn) {
      if (bn.int("training_mode", 0) !== 0) return "is in training mode";
      return bn.outputs.slice(1).every((value) => value === null || isUnread(value)) || "its statistics are read";
    },
  }) as Pattern<C & BatchNormCaptures>;
}

/** What `batchNorm` captures. */
export type BatchNormCaptures = BatchNormParameters & { readonly bn: Node };

function isUnread(value: Value): boolean {
  return value.uses.size === 0 && !value.isGraphOutput;
}
