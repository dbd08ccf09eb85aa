import { elementCount, GraphEditor, Tensor, type Graph, type Value } from "@lowbit/ir";

/** One of the tensors that share a packed tensor. */
export interface Part {
  readonly name: string;
  /** First element in the packed tensor. */
  readonly offset: number;
  readonly dims: readonly number[];
}

/** A parameter that training moves as one tensor, and what it is made of; one part when it is just itself. */
export interface TrainedTensor {
  readonly value: Value;
  readonly parts: readonly Part[];
}

/** Parameters of at most this many elements are packed: updating them costs less than the nodes that do it. */
const packedElements = 16384;

/**
 * Lets all small parameters live in one vector: the graph reads each as a slice of it, so that the optimizer updates them
 * together with one set of nodes instead of one per parameter.
 *
 * @param groupOf parameters of different groups are not packed together
 */
export function packParameters(
  graph: Graph,
  parameters: readonly Value[],
  groupOf: (value: Value) => number,
): readonly TrainedTensor[] {
  const groups = new Map<number, Value[]>();
  for (const value of parameters) {
    const group = groupOf(value);
    groups.set(group, [...(groups.get(group) ?? []), value]);
  }
  return [...groups.values()].flatMap((members) => packGroup(graph, members));
}

/** All parameters by themselves, as they are. */
export function unpacked(_graph: Graph, parameters: readonly Value[]): readonly TrainedTensor[] {
  return parameters.map((value) => {
    const { name, initializer } = value;
    return { value, parts: [{ name, offset: 0, dims: initializer!.dims }] };
  });
}

function packGroup(graph: Graph, parameters: readonly Value[]): readonly TrainedTensor[] {
  const small = parameters.filter((value) => value.initializer!.size <= packedElements && value.dtype === "float");
  // A single number is packed even when it is alone, because the numbers of a step have the shape [1].
  if (small.length < 2 && small[0]?.initializer!.dims.length !== 0)
    return parameters.map((value) => alone(graph, value));
  const editor = new GraphEditor(graph).before(graph.nodes.first);
  const { op } = editor;
  const data = new Float32Array(small.reduce((sum, value) => sum + value.initializer!.size, 0));
  const parts: Part[] = [];
  let offset = 0;
  for (const value of small) {
    const { dims, size } = value.initializer!;
    data.set(value.initializer!.floats(), offset);
    parts.push({ name: value.name, offset, dims });
    offset += size;
  }
  const packed = editor.initializer(Tensor.fromTyped("float", [offset], data), "packed_parameters", "parameter");
  const sizes = editor.initializer(
    Tensor.of(
      "int64",
      parts.map((part) => elementCount(part.dims)!),
    ),
    "packed_sizes",
  );
  const slices = editor.node("Split", [packed, sizes], { axis: 0 }, { outputs: small.length }).outputs;
  small.forEach((value, index) => {
    const { dims } = parts[index]!;
    const slice = slices[index]!;
    const shaped =
      dims.length === 1 ? slice : op.Reshape([slice, editor.initializer(Tensor.of("int64", dims), "shape")]);
    editor.replaceAllUses(value, shaped);
    editor.removeInitializer(value);
  });
  return [
    ...parameters.filter((value) => !small.includes(value)).map((value) => alone(graph, value)),
    { value: packed, parts },
  ];
}

/**
 * A parameter by itself, without trailing dimensions of 1: ONNX Runtime multiplies the [O, C, 1, 1] of a 1x1 kernel with a
 * number element by element, 18 times slower than [O, C].
 */
function alone(graph: Graph, value: Value): TrainedTensor {
  const { initializer, name } = value;
  const { dims } = initializer!;
  const parts = [{ name, offset: 0, dims }];
  const kept = dims.slice(0, dims.findLastIndex((dim) => dim !== 1) + 1);
  if (kept.length === dims.length || kept.length === 0) return { value, parts };
  const editor = new GraphEditor(graph).before(graph.nodes.first);
  editor.rename(value, `${name}.whole`);
  const flat = editor.initializer(initializer!.reshape(kept), name, "parameter");
  editor.replaceAllUses(value, editor.op.Reshape([flat, editor.initializer(Tensor.of("int64", dims), "shape")]));
  editor.removeInitializer(value);
  return { value: flat, parts };
}
