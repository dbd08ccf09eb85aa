import { Tensor, type Node, type Value } from "@lowbit/ir";
import type { ModelData } from "./model-data.ts";

/**
 * Weights [outputs, 1, rows, columns] of a convolution of one channel that reads the columns of its window as channels;
 * null for other convolutions. Backends turn them so because kernels read several channels at once.
 *
 * @param weight as the convolution has it: [outputs, columns, rows, 1]
 */
export function withColumnsBack(convolution: Node, weight: Tensor, data: ModelData): Tensor | null {
  const [outputs = 1, columns = 1, rows = 1, width] = weight.dims;
  const made = imageOf(convolution)?.producer;
  const isTurned = made && weight.dims.length === 4 && width === 1 && columns === made.inputs.length;
  if (!isTurned || !putsColumnsTogether(made, data)) return null;
  const from = weight.numbers();
  const turned = from.slice();
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) turned[(o * rows + i) * columns + j] = from[(o * columns + j) * rows + i]!;
  return Tensor.of(weight.dtype, turned, [outputs, 1, rows, columns]);
}

/** Whether a node makes columns channels, and nothing but convolutions with such weights reads what it makes. */
export function makesColumnsChannels(
  node: Node,
  weightOf: (convolution: Node) => Tensor | null,
  data: ModelData,
): boolean {
  if (!["Pad", "Slice", "Concat"].includes(node.op) || node.output.isGraphOutput) return false;
  if (!node.is("Concat")) {
    const [readers, next] = [node.output.users, node.is("Pad") ? "Slice" : "Concat"];
    if (readers.length === 0 || (node.is("Pad") && !padsSideways(node, data))) return false;
    return readers.every((each) => each.is(next) && makesColumnsChannels(each, weightOf, data));
  }
  const readers = node.output.users.flatMap((each) => (each.is("DequantizeLinear") ? each.output.users : [each]));
  const isTurned = (reader: Node): boolean => {
    const weight = reader.op.includes("Conv") ? weightOf(reader) : null;
    return weight !== null && withColumnsBack(reader, weight, data) !== null;
  };
  return readers.length > 0 && readers.every(isTurned);
}

/** What a convolution reads, as codes where it has them. */
function imageOf(convolution: Node): Value | null {
  const [image] = convolution.inputs;
  return (image?.producer?.is("DequantizeLinear") ? image.producer.inputs[0] : image) ?? null;
}

/** Whether a node makes channels of slices of one image, each a column to the right of the one before. */
function putsColumnsTogether(node: Node, data: ModelData): boolean {
  if (!node.is("Concat") || node.int("axis", 0) !== 1) return false;
  const slices = node.inputs.map((value) => value?.producer ?? null);
  const [first] = slices;
  const image = first?.inputs[0];
  const step = first && numberOf(first.inputs[4], data);
  const end = first && numberOf(first.inputs[2], data);
  if (!first || !image || step === null || end === null) return false;
  const isColumn = (slice: Node | null, at: number): boolean =>
    slice !== null &&
    slice.is("Slice") &&
    slice.inputs[0] === image &&
    numberOf(slice.inputs[1], data) === at &&
    numberOf(slice.inputs[2], data) === end! + at &&
    numberOf(slice.inputs[3], data) === 3 &&
    numberOf(slice.inputs[4], data) === step;
  return slices.every(isColumn);
}

/** Whether a node pads images left and right, and nowhere else. */
function padsSideways(node: Node, data: ModelData): boolean {
  const pads = node.inputs[1] ? data.of(node.inputs[1]) : null;
  return pads?.size === 8 && [...pads.numbers()].every((each, i) => each === 0 || i === 3 || i === 7);
}

/** The only element of an operand; null where it has others, or only a run tells them. */
function numberOf(value: Value | null | undefined, data: ModelData): number | null {
  const tensor = value ? data.of(value) : null;
  return tensor?.size === 1 ? Number(tensor.item()) : null;
}
