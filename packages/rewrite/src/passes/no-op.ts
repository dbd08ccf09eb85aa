import { knownElements, sameShape, type Node, type OpName } from "@lowbit/ir";

/** Whether a node returns its first operand unchanged, or why it does not. */
type Verdict = (node: Node) => true | string;

/** Positions from here on mean "to the end" in a Slice. */
const endMarker = 2 ** 31 - 1;

/**
 * The ops that can be no-ops, each with its condition. Shapes that have the same symbols are the same, whatever the symbols
 * stand for.
 */
export const noOps = {
  Identity: () => true,
  Cast: (node) => node.output.dtype === node.input.dtype || `changes the dtype`,
  CastLike: (node) => node.output.dtype === node.input.dtype || `changes the dtype`,
  Reshape: keepsShape,
  Flatten: keepsShape,
  Squeeze: keepsShape,
  Unsqueeze: keepsShape,
  Expand: keepsShape,
  Tile: (node) => elements(node, 1)?.every((repeats) => repeats === 1) || "repeats something",
  Transpose: isIdentityPermutation,
  Slice: takesEverything,
  Pad: (node) => elements(node, 1)?.every((pad) => pad === 0) || "pads something",
  Concat: (node) => node.inputs.length === 1 || "joins several operands",
  Sum: isAlone,
  Mean: isAlone,
  Max: isAlone,
  Min: isAlone,
  Clip: (node) => node.inputs.slice(1).every((bound) => bound === null) || "has a bound",
  Split: (node) => node.outputs.length === 1 || "has several results",
  DepthToSpace: (node) => node.int("blocksize", 0) === 1 || "moves blocks",
  SpaceToDepth: (node) => node.int("blocksize", 0) === 1 || "moves blocks",
  Resize: keepsSize,
  ReduceSum: reducesNothing,
  ReduceMean: reducesNothing,
  ReduceMax: reducesNothing,
  ReduceMin: reducesNothing,
  ReduceProd: reducesNothing,
} as const satisfies { readonly [N in OpName]?: Verdict };

function keepsShape(node: Node): true | string {
  const { shape } = node.output;
  return (shape !== null && sameShape(shape, node.input.shape)) || "changes the shape";
}

function isIdentityPermutation(node: Node): true | string {
  const rank = node.input.shape?.length;
  const perm = node.ints("perm", null);
  if (perm) return perm.every((axis, i) => axis === i) || "moves axes";
  return (rank !== undefined && rank < 2) || "moves axes";
}

function takesEverything(node: Node): true | string {
  const { shape } = node.input;
  const starts = elements(node, 1);
  const ends = elements(node, 2);
  if (!starts || !ends) return "its bounds are not constant";
  const axes = node.inputs[3] ? elements(node, 3) : starts.map((_, i) => i);
  const steps = node.inputs[4] ? elements(node, 4) : starts.map(() => 1);
  if (!axes || !steps) return "its bounds are not constant";
  const isWhole = axes.every((axis, i) => {
    const dim = typeof axis === "number" ? shape?.at(axis) : undefined;
    const end = ends[i]!;
    const reachesEnd =
      end === dim || (typeof end === "number" && (typeof dim === "number" ? end >= dim : end >= endMarker));
    return starts[i] === 0 && steps[i] === 1 && reachesEnd;
  });
  return isWhole || "takes a part";
}

function isAlone(node: Node): true | string {
  return node.inputs.length === 1 || "combines several operands";
}

/** Every coordinate transformation but the one that crops maps each element to itself when no size changes. */
function keepsSize(node: Node): true | string {
  if (node.string("coordinate_transformation_mode", "half_pixel") === "tf_crop_and_resize") return "crops";
  const scales = elements(node, 2);
  if (scales && scales.length > 0) return scales.every((scale) => scale === 1) || "changes the size";
  if (!node.inputs[3]) return "changes the size";
  return keepsShape(node);
}

function reducesNothing(node: Node): true | string {
  const axes = node.inputs[1] ? elements(node, 1) : [];
  if (!axes) return "its axes are not constant";
  if (axes.length === 0) return (node.int("noop_with_empty_axes", 0) !== 0 && keepsShape(node)) || "reduces all axes";
  const keepsRank = node.int("keepdims", 1) !== 0;
  const isSingle = axes.every((axis) => typeof axis === "number" && node.input.shape?.at(axis) === 1);
  return (keepsRank && isSingle) || "reduces an axis";
}

function elements(node: Node, index: number): ReturnType<typeof knownElements> {
  return knownElements(node.inputs[index] ?? null);
}
