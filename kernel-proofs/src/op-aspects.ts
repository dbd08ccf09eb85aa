import type { Node, Value } from "@lowbit/ir";
import type { OpGraph } from "./op-graphs/op-graph.ts";

const dims = (value: Value | null | undefined): readonly number[] => (value?.shape ?? []) as readonly number[];
const rank = (node: Node, index: number): number => dims(node.inputs[index]).length;
const unequal = (values: readonly number[]): boolean => values.some((value) => value !== values[0]);

/** Which operands a node of two operands stretches. */
function broadcast(node: Node): string {
  const [a, b, y] = [dims(node.inputs[0]), dims(node.inputs[1]), dims(node.output)].map((each) => each.join());
  if (a === b) return "two of the same shape";
  if (a === y) return "the second stretched";
  return b === y ? "the first stretched" : "both stretched";
}
const broadcasts = ["two of the same shape", "the second stretched", "the first stretched", "both stretched"];

/** How an operand stands to the data of the model. */
const hasConstant = (node: Node, index: number): boolean => node.inputs[index]?.initializer !== null;

/** What clamps the result. */
function clamp({ output }: Node): string {
  const behindBias = output.users.find((user) => user.is("Add") && hasConstantOperand(user));
  const clamps = [output, ...(behindBias ? [behindBias.output] : [])].flatMap((value) => value.users);
  const found = clamps.find((user) => user.is("Relu") || user.is("Clip"));
  if (!found) return "no clamp";
  if (found.is("Relu")) return "Relu";
  const [, low, high] = found.inputs;
  return low ? (high ? "Clip" : "Clip from below") : high ? "Clip from above" : "Clip without bounds";
}

const hasConstantOperand = (node: Node): boolean => node.inputs.some((value) => value?.initializer);

const weightKinds = ["a scale per channel", "one scale"];
const weightKind = (graph: OpGraph): string => (graph.w?.isPerTensor === true ? "one scale" : "a scale per channel");

/** One question about a graph besides its attributes, with all answers that must occur. */
export interface Aspect {
  readonly answers: readonly (string | number)[];
  of(node: Node, graph: OpGraph): string | number;
}

const pairsOfRanks = ["2x2", "1x2", "2x1", "1x1", "3x3", "3x2", "2x3", "4x4", "4x3", "3x1", "1x3", "5x5"];

/** What matters to a kernel that no attribute says. */
export const aspects: Readonly<Record<string, readonly Aspect[]>> = {
  Conv: [
    {
      answers: ["one group", "groups", "a group per channel", "a group per channel with several results"],
      of(node) {
        const [groups, channels, results] = [node.int("group", 1), dims(node.inputs[0])[1]!, dims(node.inputs[1])[0]!];
        if (groups === 1) return "one group";
        if (groups < channels) return "groups";
        return results === channels ? "a group per channel" : "a group per channel with several results";
      },
    },
    { answers: weightKinds, of: (_, graph) => weightKind(graph) },
    {
      answers: ["no clamp", "Relu", "Clip", "Clip from below", "Clip from above", "Clip without bounds"],
      of: (node) => clamp(node),
    },
    {
      answers: ["pointwise", "wider"],
      of: (node) =>
        dims(node.inputs[1])
          .slice(2)
          .every((dim) => dim === 1)
          ? "pointwise"
          : "wider",
    },
    {
      answers: ["even pads", "uneven pads"],
      of: (node) => (unequal(node.ints("pads", [])) ? "uneven pads" : "even pads"),
    },
    {
      answers: ["even strides", "uneven strides"],
      of: (node) => (unequal(node.ints("strides", [])) ? "uneven strides" : "even strides"),
    },
  ],
  Gemm: [
    { answers: weightKinds, of: (_, graph) => weightKind(graph) },
    { answers: ["codes", "floats"], of: (_, graph) => (graph.result === "float" ? "floats" : "codes") },
    {
      answers: ["bias of rank 1", "bias of rank 2", "no bias"],
      of: (node) => (node.inputs[2] ? `bias of rank ${rank(node, 2)}` : "no bias"),
    },
    {
      answers: ["rows, bias", "rows, no bias", "columns, bias", "columns, no bias"],
      of: (node) => `${node.int("transB", 0) === 1 ? "rows" : "columns"}, ${node.inputs[2] ? "bias" : "no bias"}`,
    },
    { answers: ["no clamp", "Relu", "Clip"], of: (node) => clamp(node) },
  ],
  MatMul: [
    {
      answers: [
        ...[1, 2, 3, 4, 5].map((each) => `weights and data of rank ${each}`),
        ...pairsOfRanks.map((each) => `two activations of ranks ${each}`),
        "weights of rank 3",
        "weights first",
      ],
      of(node, graph) {
        if (graph.w) return `weights and data of rank ${rank(node, 0)}`;
        if (hasConstant(node, 1)) return `weights of rank ${rank(node, 1)}`;
        return hasConstant(node, 0) ? "weights first" : `two activations of ranks ${rank(node, 0)}x${rank(node, 1)}`;
      },
    },
    { answers: weightKinds, of: (_, graph) => weightKind(graph) },
    { answers: ["codes", "floats"], of: (_, graph) => (graph.result === "float" ? "floats" : "codes") },
    {
      answers: ["no bias", "a bias"],
      of: ({ output }) => (output.users.some((user) => user.is("Add")) ? "a bias" : "no bias"),
    },
    { answers: ["no clamp", "Relu", "Clip"], of: (node) => clamp(node) },
  ],
  ...Object.fromEntries(
    ["Add", "Mul"].map((op): [string, readonly Aspect[]] => [
      op,
      [
        { answers: broadcasts, of: broadcast },
        { answers: [0, 1, 2, 4], of: (node) => rank(node, 0) },
        {
          answers: ["two activations", "a constant", "a constant first", "itself"],
          of(node) {
            if (node.inputs[0] === node.inputs[1]) return "itself";
            if (hasConstant(node, 0)) return "a constant first";
            return hasConstant(node, 1) ? "a constant" : "two activations";
          },
        },
        { answers: ["no clamp", "Relu", "Clip"], of: (node) => clamp(node) },
      ],
    ]),
  ),
  LeakyRelu: [{ answers: ["no clamp", "Clip"], of: (node) => clamp(node) }],
  Softmax: [
    {
      answers: ["the last axis", "another axis"],
      of: (node) => ([-1, rank(node, 0) - 1].includes(node.int("axis", -1)) ? "the last axis" : "another axis"),
    },
    {
      answers: ["one element", "several"],
      of: (node) => (dims(node.inputs[0]).at(node.int("axis", -1)) === 1 ? "one element" : "several"),
    },
    { answers: [1, 2, 3, 4], of: (node) => rank(node, 0) },
  ],
  GlobalAveragePool: [{ answers: [3, 4, 5], of: (node) => rank(node, 0) }],
  Concat: [
    {
      answers: ["from the start", "from the end"],
      of: (node) => (node.int("axis", 0) < 0 ? "from the end" : "from the start"),
    },
    { answers: [1, 2, 3, 4], of: (node) => node.inputs.length },
    {
      answers: ["two activations", "a constant"],
      of: (node) => (hasConstantOperand(node) ? "a constant" : "two activations"),
    },
  ],
  Split: [
    {
      answers: ["equal parts", "a smaller last part"],
      of: (node) =>
        unequal(node.outputs.map((each) => (dims(each).join("").length ? sizeOf(each) : 0)))
          ? "a smaller last part"
          : "equal parts",
    },
    { answers: [1, 2, 3], of: (node) => node.outputs.length },
    {
      answers: ["from the start", "from the end"],
      of: (node) => (node.int("axis", 0) < 0 ? "from the end" : "from the start"),
    },
  ],
  Slice: [
    {
      answers: ["forwards", "backwards"],
      of: (node) => (node.inputs[4]?.constant?.numbers().some((step) => step < 0) ? "backwards" : "forwards"),
    },
  ],
  Gather: [
    { answers: [0, 1, 2], of: (node) => rank(node, 1) },
    {
      answers: ["from the start", "from the end"],
      of: (node) =>
        node.inputs[1]?.constant?.numbers().some((index) => index < 0) ? "from the end" : "from the start",
    },
    { answers: ["int32", "int64"], of: (node) => node.inputs[1]?.dtype ?? "" },
  ],
  Pad: [
    {
      answers: ["adds", "cuts"],
      of: (node) => (node.inputs[1]?.constant?.numbers().some((pad) => pad < 0) ? "cuts" : "adds"),
    },
    {
      answers: ["zeros", "something else"],
      of: (node) => ((node.inputs[2]?.constant?.item() ?? 0) === 0 ? "zeros" : "something else"),
    },
  ],
  Resize: [
    { answers: [3, 4, 5], of: (node) => rank(node, 0) },
    {
      answers: ["stretch", "not_larger", "not_smaller"],
      of: (node) => node.string("keep_aspect_ratio_policy", "stretch"),
    },
  ],
  Transpose: [{ answers: [1, 3, 4, 5], of: (node) => rank(node, 0) }],
  Reshape: [
    {
      answers: ["kept", "derived", "given"],
      of: (node) =>
        node.inputs[1]?.constant?.numbers().includes(0)
          ? "kept"
          : node.inputs[1]?.constant?.numbers().includes(-1)
            ? "derived"
            : "given",
    },
  ],
  Expand: [
    {
      answers: ["the same rank", "more axes"],
      of: (node) => (rank(node, 0) === dims(node.output).length ? "the same rank" : "more axes"),
    },
  ],
};

function sizeOf(value: Value | null): number {
  return dims(value).reduce((product, dim) => product * dim, 1);
}
