import { knownElements, type Node } from "@lowbit/ir";
import { any } from "../pattern/any.ts";
import { constant } from "../pattern/constant.ts";
import { op } from "../pattern/op.ts";
import { optional } from "../pattern/optional.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";
import { explicitPads } from "./explicit-pads.ts";

const pad = op("Pad", [any("x"), constant(), optional(constant()), optional(constant())], {
  as: "pad",
  attributes: { mode: "constant" },
});

/** Conv(Pad(x, p), W, b)  →  Conv(x, W, b) with p added to its pads, when zeros are padded along spatial axes. */
const padConvRule = rule({
  name: "fuse-pad-conv",
  pattern: op("Conv", [pad, any("w"), optional(any("b"))], { as: "conv" }),
  rewrite({ x, w, b, pad, conv }, { like }) {
    if (padValue(pad) !== 0) return new Reject("pads with another value than 0", pad);
    const pads = joinedPads(pad, conv);
    return pads instanceof Reject ? pads : like(conv, [x, w, b], { pads, auto_pad: null });
  },
});

/** AveragePool(Pad(x, p))  →  AveragePool(x) with p added to its pads and counted, when zeros are padded. */
const padAveragePoolRule = rule({
  name: "fuse-pad-average-pool",
  pattern: op("AveragePool", [pad], { as: "pool", attributes: { ceil_mode: 0 } }),
  rewrite({ x, pad, pool }, { like }) {
    if (padValue(pad) !== 0) return new Reject("pads with another value than 0", pad);
    const pads = joinedPads(pad, pool);
    if (pads instanceof Reject) return pads;
    const countsPads = pool.int("count_include_pad", 0) !== 0 || pool.ints("pads", []).every((each) => each === 0);
    if (!countsPads) return new Reject("does not count its own padding, but counts that of Pad", pool);
    return like(pool, [x], { pads, auto_pad: null, count_include_pad: 1 });
  },
});

/** MaxPool(Pad(x, p))  →  MaxPool(x) with p added to its pads, when the lowest value is padded. */
const padMaxPoolRule = rule({
  name: "fuse-pad-max-pool",
  pattern: op("MaxPool", [pad], { as: "pool", attributes: { ceil_mode: 0 } }),
  rewrite({ x, pad, pool }, { like }) {
    if (pool.outputs.length > 1) return new Reject("its indices count the padding", pool);
    if (padValue(pad) > -3.4e38) return new Reject("pads with a value that can be a maximum", pad);
    const pads = joinedPads(pad, pool);
    return pads instanceof Reject ? pads : like(pool, [x], { pads, auto_pad: null });
  },
});

/** Moves constant padding into the convolutions and pools after it. */
export const fusePad = rulePass({
  name: "fuse-pad",
  summary: "Moves Pad into the Conv, AveragePool or MaxPool after it.",
  rules: [padConvRule, padAveragePoolRule, padMaxPoolRule],
});

function padValue(pad: Node): number {
  return pad.inputs[2]?.constant?.item() ?? 0;
}

/** The pads of the node after `pad` and those of `pad` together, `[begin…, end…]`. */
function joinedPads(pad: Node, node: Node): readonly number[] | Reject {
  const rank = pad.output.shape?.length ?? pad.input.shape?.length;
  const amounts = knownElements(pad.inputs[1]!)?.filter((amount) => typeof amount === "number");
  if (rank === undefined || !amounts) return new Reject("has an unknown rank", pad);
  const axes = pad.inputs[3] ? knownElements(pad.inputs[3]) : Array.from({ length: rank }, (_, axis) => axis);
  if (!axes) return new Reject("its axes are not known", pad);
  const own = explicitPads(node, rank - 2);
  if (!own) return new Reject("its own padding depends on the size of its operand", node);
  const joined = [...own];
  for (const [i, axis] of axes.entries()) {
    const spatial = ((Number(axis) + rank) % rank) - 2;
    const [begin, end] = [amounts[i]!, amounts[i + axes.length]!];
    if (begin < 0 || end < 0) return new Reject("crops", pad);
    if (spatial < 0 && (begin > 0 || end > 0)) return new Reject("pads the batch or the channels", pad);
    if (spatial < 0) continue;
    joined[spatial]! += begin;
    joined[spatial + rank - 2]! += end;
  }
  const kernel = node.ints("kernel_shape", null);
  const isPool = !node.is("Conv");
  if (isPool && kernel && !joined.every((amount, i) => amount < kernel[i % kernel.length]!)) {
    return new Reject("would be padded by as much as its kernel", node);
  }
  return joined;
}
