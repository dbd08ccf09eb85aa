import type { Tensor } from "@lowbit/ir";
import { elementsOf, newElements, tensorOf } from "../arrays/elements.ts";
import { sizeOf, stridedIndices, stridesOf } from "../arrays/indices.ts";
import { requireSameDType } from "../arrays/map.ts";
import type { Kernel, KernelCall } from "../kernel.ts";

/** `Σ` over the labels that the result does not have: https://onnx.ai/onnx/operators/onnx__Einsum.html. */
const einsum: Kernel = (call) => {
  const operands = call.inputs.map((_, index) => call.tensor(index));
  requireSameDType(call, call.tensor(0), ...operands);
  const { terms, result } = parseEquation(call, operands);
  const sizes = new Map<string, number>();
  for (const [i, labels] of terms.entries()) {
    for (const [axis, label] of labels.entries()) {
      const dim = operands[i]!.dims[axis]!;
      const known = sizes.get(label) ?? 1;
      if (known !== 1 && dim !== 1 && known !== dim) call.fail(`label "${label}" has sizes ${known} and ${dim}`);
      sizes.set(label, Math.max(known, dim));
    }
  }
  const summed = [...sizes.keys()].filter((label) => !result.includes(label));
  const loops = [...result, ...summed];
  const dims = loops.map((label) => sizes.get(label)!);
  const places = operands.map((operand, i) => labelPlaces(operand.dims, terms[i]!, loops, dims));
  const group = sizeOf(summed.map((label) => sizes.get(label)!));
  const outDims = dims.slice(0, result.length);
  const elements = operands.map((operand) => elementsOf(operand));
  const out = newElements(operands[0]!.dtype, sizeOf(outDims));
  for (let i = 0; i < out.length; i++) {
    for (let k = i * group; k < (i + 1) * group; k++) {
      let product = elements[0]![places[0]![k]!] as number;
      for (let o = 1; o < elements.length; o++) product *= elements[o]![places[o]![k]!] as number;
      out[i] = ((out[i] as number) + product) as never;
    }
  }
  return tensorOf(operands[0]!.dtype, outDims, out);
};

/** Labels per axis of each operand and of the result; the axes of an ellipsis are labelled `.0`, `.1`, … from the right. */
function parseEquation(call: KernelCall, operands: readonly Tensor[]): { terms: string[][]; result: string[] } {
  const equation = call.node.string("equation", "").replaceAll(" ", "");
  const [left, right] = equation.split("->") as [string, string | undefined];
  const texts = left.split(",");
  if (texts.length !== operands.length)
    call.fail(`equation "${equation}" has ${texts.length} terms for ${operands.length} operands`);
  let broadcastRank = 0;
  const terms = texts.map((text, i) => {
    const missing = operands[i]!.dims.length - text.replace("...", "").length;
    if (text.includes("...")) broadcastRank = Math.max(broadcastRank, missing);
    if (missing < 0 || (missing > 0 && !text.includes("...")))
      call.fail(`term "${text}" does not fit [${operands[i]!.dims.join(",")}]`);
    return labelsOf(text, missing);
  });
  if (right !== undefined) return { terms, result: labelsOf(right, broadcastRank) };
  const all = texts.join("").replaceAll(".", "");
  const once = [...new Set(all.split(""))].filter((label) => all.indexOf(label) === all.lastIndexOf(label)).toSorted();
  return { terms, result: [...labelsOf("...", broadcastRank), ...once] };
}

function labelsOf(text: string, ellipsisRank: number): string[] {
  return text
    .split(/(\.\.\.)/)
    .flatMap((part) =>
      part === "..." ? Array.from({ length: ellipsisRank }, (_, i) => `.${ellipsisRank - 1 - i}`) : part.split(""),
    );
}

/** Places in an operand for every index of the loops; a label it lacks, or has with size 1, does not move. */
function labelPlaces(
  own: readonly number[],
  labels: readonly string[],
  loops: readonly string[],
  dims: readonly number[],
): Int32Array {
  const strides = stridesOf(own);
  const moves = loops.map((label) =>
    labels.reduce((sum, l, axis) => (l === label && own[axis] !== 1 ? sum + strides[axis]! : sum), 0),
  );
  return stridedIndices(dims, moves);
}

/** Einstein summation. */
export const einsumKernels = { Einsum: einsum } satisfies Readonly<Record<string, Kernel>>;
