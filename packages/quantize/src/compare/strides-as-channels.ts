import { Tensor, type Node, type Value } from "@lowbit/ir";
import type { ModelData } from "./model-data.ts";

/** Blocks of an image that a backend made channels: of so many channels, and so many rows and columns. */
interface Blocks {
  readonly channels: number;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Weights [outputs, channels, rows, columns] of a convolution that reads the blocks its strides step over as channels; null for
 * other convolutions. Rows and columns of zeros at the edge, fewer than a block has, are taken for what filled blocks up.
 *
 * @param weight as the convolution has it: [outputs, channels · rows · columns of a block, ...window in blocks]
 */
export function withStridesBack(convolution: Node, weight: Tensor, data: ModelData): Tensor | null {
  const blocks = blocksOf(convolution, data);
  const [outputs = 1, inputs = 1, high = 1, wide = 1] = weight.dims;
  if (!blocks || weight.dims.length !== 4 || inputs !== blocks.channels * blocks.rows * blocks.columns) return null;
  const [height, width] = [high * blocks.rows, wide * blocks.columns];
  const planes = outputs * blocks.channels;
  const from = weight.numbers();
  const at = (plane: number, row: number, column: number): number => {
    const channel = (plane * blocks.rows + (row % blocks.rows)) * blocks.columns + (column % blocks.columns);
    return from[(channel * high + Math.floor(row / blocks.rows)) * wide + Math.floor(column / blocks.columns)]!;
  };
  const each = (count: number, test: (i: number) => boolean): boolean =>
    Array.from({ length: count }, (_, i) => i).every(test);
  const isEmptyRow = (row: number): boolean => each(planes, (p) => each(width, (column) => at(p, row, column) === 0));
  const isEmptyColumn = (column: number): boolean =>
    each(planes, (p) => each(height, (row) => at(p, row, column) === 0));
  const [top, bottom] = filled(height, blocks.rows, isEmptyRow);
  const [left, right] = filled(width, blocks.columns, isEmptyColumn);
  const numbers = [];
  for (let plane = 0; plane < planes; plane++)
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) numbers.push(at(plane, row, column));
  return Tensor.of(weight.dtype, numbers, [outputs, blocks.channels, bottom - top, right - left]);
}

/** Where what is not empty begins and ends, less than a block from the edges. */
function filled(size: number, block: number, isEmpty: (i: number) => boolean): readonly [begin: number, end: number] {
  let [begin, end] = [0, size];
  while (begin < block - 1 && isEmpty(begin)) begin++;
  while (end > size - block + 1 && end > begin + 1 && isEmpty(end - 1)) end--;
  return [begin, end];
}

/** Whether a node pads codes to whole blocks, for nothing but convolutions that read them as channels. */
export function padsToBlocks(node: Node, weightOf: (convolution: Node) => Tensor | null, data: ModelData): boolean {
  if (!node.is("Pad")) return false;
  const isForBlocks = (value: Value): boolean =>
    !value.isGraphOutput &&
    value.users.length > 0 &&
    value.users.every((reader) => {
      if (["Reshape", "Transpose", "DequantizeLinear"].includes(reader.op)) return isForBlocks(reader.output);
      const weight = reader.op.includes("Conv") ? weightOf(reader) : null;
      return weight !== null && withStridesBack(reader, weight, data) !== null;
    });
  return isForBlocks(node.output);
}

/** The blocks whose elements a convolution reads as channels; null where it reads none. */
function blocksOf(convolution: Node, data: ModelData): Blocks | null {
  const [operand] = convolution.inputs;
  const codes = operand?.producer?.is("DequantizeLinear") ? operand.producer.inputs[0] : operand;
  const last = turnedBy(codes, "0,3,1,2");
  const image = last && dimsOfReshape(last.inputs[0], data);
  const cells = image && turnedBy(image.node.inputs[0], "1,0,2");
  const columns = cells && dimsOfReshape(cells.inputs[0], data);
  const lines = columns && turnedBy(columns.node.inputs[0], "1,3,0,2,4");
  const rows = lines && dimsOfReshape(lines.inputs[0], data);
  if (image?.dims.length !== 4 || columns?.dims.length !== 3 || rows?.dims.length !== 5) return null;
  const [, channels = 1, , row = 1] = rows.dims;
  const [count = 1, , column = 1] = columns.dims;
  return channels * row === count ? { channels, rows: row, columns: column } : null;
}

/** The Transpose that made a value, if it has such axes. */
function turnedBy(value: Value | null | undefined, axes: string): Node | null {
  const node = value?.producer;
  return node?.is("Transpose") && node.ints("perm", []).join() === axes ? node : null;
}

function dimsOfReshape(
  value: Value | null | undefined,
  data: ModelData,
): { readonly node: Node; readonly dims: readonly number[] } | null {
  const node = value?.producer;
  const shape = node?.is("Reshape") && node.inputs[1] ? data.of(node.inputs[1]) : null;
  return node && shape ? { node, dims: [...shape.numbers()].map(Number) } : null;
}
