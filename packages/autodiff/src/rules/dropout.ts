import type { Node, Value } from "@lowbit/ir";
import { dtypeOf } from "../constant-pool.ts";
import { cotangent, type GradientContext, type GradientRule, type GradientTable } from "../gradient-rule.ts";
import { castTo, maskOf } from "../masks.ts";

/** The mask output of a Dropout; a node without one is replaced by the same node with it. */
function maskOutput({ node, editor }: GradientContext): Value {
  const mask = node.outputs[1];
  if (mask) return mask;
  const withMask = editor.before(node).node("Dropout", node.inputs, Object.fromEntries(node.attributes), {
    name: node.name,
    outputs: 2,
    ...(node.origin && { origin: node.origin }),
  });
  editor.before(null);
  replaceBy(editor, node, withMask);
  return withMask.outputs[1]!;
}

function replaceBy(editor: GradientContext["editor"], node: Node, other: Node): void {
  const [from, to] = [node.output, other.output];
  const name = from.name;
  editor.replaceAllUses(from, to);
  const unused = from.name;
  editor.erase(node);
  if (unused === name) editor.rename(to, name);
}

/** y = x·mask/(1 - ratio) in training, x otherwise. */
const dropout: GradientRule = (context) => {
  const { op, node, constants } = context;
  const dy = cotangent(context);
  if (context.needs[1]) context.fail("its ratio cannot be trained");
  const [ratio, training] = [node.inputs[1] ?? null, node.inputs[2] ?? null];
  const fixedRatio = ratio === null ? 0.5 : (ratio.constant?.item() ?? null);
  const fixedTraining = training === null ? 0 : (training.constant?.item() ?? null);
  if (fixedTraining === 0 || fixedRatio === 0) return [dy];
  const one = constants.scalar(1, dy);
  const growth =
    fixedRatio === null
      ? op.Reciprocal([op.Sub([one, castTo(context, ratio!, dtypeOf(dy))])])
      : constants.scalar(1 / (1 - fixedRatio), dy);
  const factor = fixedTraining === null ? op.Where([training!, growth, one]) : growth;
  return [op.Mul([dy, op.Mul([maskOf(context, maskOutput(context), dy), factor])])];
};

/** The rule of Dropout, whose backward pass uses the forward pass's mask. */
export const dropoutGradients = { Dropout: dropout } satisfies Partial<GradientTable>;
