import { Tensor, type Node } from "@lowbit/ir";

/**
 * Weights [outputs, inputs, ...window] of a convolution without the last input channels that are 0 throughout: backends add
 * such channels because kernels read several at once.
 */
export function withoutZeroChannels(weight: Tensor): Tensor {
  const [outputs = 1, inputs = 1, ...window] = weight.dims;
  const taps = window.reduce((product, each) => product * each, 1);
  const numbers = weight.numbers();
  const isZero = (channel: number): boolean => {
    for (let output = 0; output < outputs; output++) {
      const from = (output * inputs + channel) * taps;
      for (let i = from; i < from + taps; i++) if (numbers[i] !== 0) return false;
    }
    return true;
  };
  let left = inputs;
  while (left > 1 && isZero(left - 1)) left--;
  if (left === inputs) return weight;
  const kept = numbers.filter((_, i) => Math.floor(i / taps) % inputs < left);
  return Tensor.of(weight.dtype, kept, [outputs, left, ...window]);
}

/** Whether a node pads codes for nothing but convolutions whose weights have zeros where it adds channels. */
export function padsForKernels(node: Node, weightOf: (convolution: Node) => Tensor | null): boolean {
  if (!node.is("Pad") || node.output.isGraphOutput) return false;
  const readers = node.output.users.flatMap((each) => (each.is("DequantizeLinear") ? each.output.users : [each]));
  return readers.length > 0 && readers.every((reader) => readsZeroChannels(reader, weightOf));
}

function readsZeroChannels(reader: Node, weightOf: (convolution: Node) => Tensor | null): boolean {
  const weight = reader.op.includes("Conv") ? weightOf(reader) : null;
  return weight !== null && withoutZeroChannels(weight) !== weight;
}
