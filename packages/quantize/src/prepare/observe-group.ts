import { Tensor, type GraphEditor, type Value } from "@lowbit/ir";

/**
 * Adds the observers of a group: its range buffers move towards the range that its values have in this step. Several
 * values are observed as one, over their smallest and largest elements.
 */
export function observeGroup(
  editor: GraphEditor,
  values: readonly Value[],
  range: { readonly min: Value; readonly max: Value },
  averagingConstant: number,
): void {
  const { op } = editor;
  const seen = values.length === 1 ? values[0]! : extremes(editor, values);
  const [min, max] = op.ObserveRange(
    [seen, range.min, range.max],
    { mode: "moving-average", averaging_constant: averagingConstant, axis: axisOf(range.min) },
    { outputs: [range.min, range.max].map((buffer) => editor.graph.names.fresh(`${buffer.name}.next`)) },
  );
  op.Assign([range.min, min!]);
  op.Assign([range.max, max!]);
}

/** Per-channel activations are observed along axis 1, as their buffers have one element per channel. */
function axisOf(buffer: Value): number | undefined {
  return buffer.shape?.length === 0 ? undefined : 1;
}

function extremes(editor: GraphEditor, values: readonly Value[]): Value {
  const { op } = editor;
  const one = editor.initializer(Tensor.of("int64", [1]), "one");
  const ends = values.flatMap((value) => op.ObserveRange([value], { mode: "current" }, { outputs: 2 }));
  return op.Concat(
    ends.map((end) => op.Reshape([end, one])),
    { axis: 0 },
  );
}
