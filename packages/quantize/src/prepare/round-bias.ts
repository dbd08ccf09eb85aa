import type { GraphEditor, Use } from "@lowbit/ir";
import type { SharingGroup, SharingGroups } from "../plan/sharing.ts";
import type { DerivedSpec } from "../plan/spec.ts";
import type { GroupParameters } from "./group-parameters.ts";

/** Lets a bias operand read rne(b / (sx·sw))·(sx·sw): the value that its int32 form stands for. */
export function roundBias(
  editor: GraphEditor,
  use: Use,
  spec: DerivedSpec,
  groups: SharingGroups,
  parameters: ReadonlyMap<SharingGroup, GroupParameters>,
): void {
  const bias = use.node.inputs[use.index];
  const [data, weight] = spec.from.map((point) => {
    const group = groups.of(point);
    return group && parameters.get(group);
  });
  // A product of blocks has no one scale per channel that an integer bias could have.
  if (!bias || !data || !weight || groups.of(spec.from[1])?.spec.granularity.kind === "block") return;
  const { op, graph } = editor;
  const rounded = editor.rewriting("prepare", [use.node], use.node, () => {
    const scale = op.Mul([data.scale, weight.scale]);
    return op.Mul([op.Round([op.Div([bias, scale])]), scale], {}, { outputs: [graph.names.fresh(`${bias.name}_fq`)] });
  });
  editor.replaceUse(use, rounded);
}
