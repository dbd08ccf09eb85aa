import { every, type Kind, type OpGraph } from "./op-graph.ts";

const moved = (name: string, x: readonly number[], body: string, data?: string, results?: number): Kind => ({
  name,
  x,
  ...(data === undefined ? {} : { data }),
  body,
  result: "moved",
  ...(results === undefined ? {} : { results }),
});

const first = ([kind, ...rest]: readonly Kind[]): readonly Kind[] => [{ ...kind!, isThorough: true }, ...rest];

const reshapes = first([
  moved("to rows", [2, 8, 6], "r = Reshape (xd, to)", "int64[2] to = {2, -1}"),
  moved("with a kept axis", [2, 8, 6], "r = Reshape (xd, to)", "int64[3] to = {0, 6, 8}"),
  moved("to more axes", [4, 6], "r = Reshape (xd, to)", "int64[4] to = {2, 2, 3, 2}"),
  moved("to a scalar", [1, 1], "r = Reshape (xd, to)", "int64[0] to"),
  moved("with zeros allowed", [2, 8, 6], "r = Reshape <allowzero = 1> (xd, to)", "int64[2] to = {12, 8}"),
]);

const flattens = first([
  moved("to rows", [2, 8, 6], "r = Flatten (xd)"),
  ...[0, 1, 2, 3, -1, -3].map((axis) => moved(`at axis ${axis}`, [2, 8, 6], `r = Flatten <axis = ${axis}> (xd)`)),
]);

const squeezes = first([
  moved("the last axes", [2, 8, 1, 1], "r = Squeeze (xd, at)", "int64[2] at = {2, 3}"),
  moved("an axis from the end", [2, 1, 8], "r = Squeeze (xd, at)", "int64[1] at = {-2}"),
  moved("all axes of one element", [2, 1, 8, 1], "r = Squeeze (xd)"),
]);

const unsqueezes = first([
  moved("an axis", [4, 8], "r = Unsqueeze (xd, at)", "int64[1] at = {1}"),
  moved("axes at both ends", [4, 8], "r = Unsqueeze (xd, at)", "int64[2] at = {0, -1}"),
]);

const transposes = first([
  moved("to channels last", [2, 8, 5, 5], "r = Transpose <perm = [0, 2, 3, 1]> (xd)"),
  moved("to channels first", [2, 5, 4, 8], "r = Transpose <perm = [0, 3, 1, 2]> (xd)"),
  moved("the other way round", [2, 3, 4], "r = Transpose (xd)"),
  ...[
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ].map((perm) => moved(`by [${perm.join(",")}]`, [2, 3, 4], `r = Transpose <perm = [${perm.join(", ")}]> (xd)`)),
  moved("of a row", [7], "r = Transpose (xd)"),
  moved("of five axes", [2, 1, 3, 2, 4], "r = Transpose <perm = [3, 0, 4, 2, 1]> (xd)"),
]);

const concat = (name: string, x: readonly number[], z: readonly number[], body: string): Kind => ({
  name,
  x,
  z,
  body,
  result: "quantized",
});

const concats = first([
  concat("of two", [2, 8, 5, 5], [2, 4, 5, 5], "r = Concat <axis = 1> (xd, zd)"),
  ...[0, 1, 2, -1, -2, -3].map((axis) =>
    concat(`along axis ${axis}`, [2, 3, 4], [2, 3, 4], `r = Concat <axis = ${axis}> (xd, zd)`),
  ),
  concat("of three", [2, 3], [2, 5], "r = Concat <axis = 1> (xd, zd, xd)"),
  concat("with itself", [2, 3], [2, 5], "r = Concat <axis = 1> (xd, zd, zd, xd)"),
  { ...concat("of rows", [5], [3], "r = Concat <axis = 0> (xd, zd)") },
  { ...concat("with a constant", [2, 3], [2, 5], "r = Concat <axis = 1> (xd, zd)"), isConstantZ: true },
  { name: "of one", x: [2, 3], body: "r = Concat <axis = 1> (xd)", result: "quantized" },
]);

const splits = first([
  moved("in two", [2, 8, 5], "r, r2 = Split <axis = 1, num_outputs = 2> (xd)", undefined, 2),
  moved("by default", [4, 5], "r, r2 = Split <num_outputs = 2> (xd)", undefined, 2),
  moved("along the last axis", [2, 3, 6], "r, r2, r3 = Split <axis = -1, num_outputs = 3> (xd)", undefined, 3),
  moved("with a smaller last part", [2, 7], "r, r2, r3 = Split <axis = 1, num_outputs = 3> (xd)", undefined, 3),
  moved("in given parts", [2, 7], "r, r2, r3 = Split <axis = 1> (xd, parts)", "int64[3] parts = {4, 1, 2}", 3),
  moved("in given parts of batches", [5, 2], "r, r2 = Split (xd, parts)", "int64[2] parts = {2, 3}", 2),
  moved("in one", [2, 7], "r = Split <axis = 1, num_outputs = 1> (xd)"),
]);

const slices = first([
  moved(
    "a part",
    [2, 8, 5],
    "r = Slice (xd, from, to, along)",
    "int64[1] from = {1}, int64[1] to = {6}, int64[1] along = {1}",
  ),
  moved("all axes", [4, 8], "r = Slice (xd, from, to)", "int64[2] from = {1, 2}, int64[2] to = {3, 8}"),
  moved(
    "from the end",
    [2, 8, 5],
    "r = Slice (xd, from, to, along)",
    "int64[2] from = {-3, 0}, int64[2] to = {99, -1}, int64[2] along = {-1, 1}",
  ),
  moved(
    "every second element",
    [2, 9],
    "r = Slice (xd, from, to, along, by)",
    "int64[1] from = {1}, int64[1] to = {9}, int64[1] along = {1}, int64[1] by = {2}",
  ),
  moved(
    "backwards",
    [2, 9],
    "r = Slice (xd, from, to, along, by)",
    "int64[1] from = {8}, int64[1] to = {-99}, int64[1] along = {1}, int64[1] by = {-3}",
  ),
  moved(
    "with steps of all axes",
    [4, 9],
    "r = Slice (xd, from, to, , by)",
    "int64[2] from = {0, 1}, int64[2] to = {4, 9}, int64[2] by = {3, 2}",
  ),
]);

const gathers = first([
  moved("rows", [6, 8], "r = Gather (xd, rows)", "int64[4] rows = {3, 0, 5, 3}"),
  moved("columns", [6, 8], "r = Gather <axis = 1> (xd, columns)", "int64[3] columns = {7, 0, 2}"),
  moved("along the last axis", [2, 3, 8], "r = Gather <axis = -1> (xd, at)", "int64[2] at = {7, 1}"),
  moved("from the end", [6, 8], "r = Gather (xd, rows)", "int64[3] rows = {-1, 2, -6}"),
  moved("one row", [6, 8], "r = Gather (xd, row)", "int64 row = {4}"),
  moved("a table of rows", [6, 3], "r = Gather (xd, rows)", "int64[2,3] rows = {0, 1, 2, 5, 4, 3}"),
  moved("by indices of 32 bits", [6, 3], "r = Gather (xd, rows)", "int32[2] rows = {5, 1}"),
]);

const expands = first([
  moved("a row", [1, 8], "r = Expand (xd, to)", "int64[2] to = {5, 8}"),
  moved("to more axes", [3, 1], "r = Expand (xd, to)", "int64[3] to = {2, 1, 4}"),
  moved("a scalar", [], "r = Expand (xd, to)", "int64[2] to = {2, 3}"),
  moved("to the same size", [2, 3], "r = Expand (xd, to)", "int64[2] to = {1, 1}"),
]);

const tiles = first([
  moved("twice", [3, 8], "r = Tile (xd, times)", "int64[2] times = {1, 2}"),
  moved("along all axes", [2, 3, 1], "r = Tile (xd, times)", "int64[3] times = {2, 3, 4}"),
  moved("once", [2, 3], "r = Tile (xd, times)", "int64[2] times = {1, 1}"),
]);

/** Graphs of ops that change where elements are. */
export const moves: readonly OpGraph[] = [
  ...every("Reshape", reshapes),
  ...every("Flatten", flattens),
  ...every("Squeeze", squeezes),
  ...every("Unsqueeze", unsqueezes),
  ...every("Transpose", transposes),
  ...every("Concat", concats),
  ...every("Split", splits),
  ...every("Slice", slices),
  ...every("Gather", gathers),
  ...every("Expand", expands),
  ...every("Tile", tiles),
];
