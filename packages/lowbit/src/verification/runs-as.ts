import { isFloat, type DType, type Node } from "@lowbit/ir";
import { isConversion } from "@lowbit/quantize";
import type { KernelRun } from "@lowbit/runtime";

/**
 * What became of a node: a kernel on codes, a kernel on floats, a conversion between both, a kernel on shapes and
 * indices, or no kernel of its own because others do its work.
 */
export type RunsAs = "integer" | "float" | "conversion" | "index" | "absorbed";

/** What a kernel works on. */
function kernelKind({ op, inputs, outputs }: KernelRun): Exclude<RunsAs, "absorbed"> {
  if (isConversion({ op })) return "conversion";
  const isCode = (dtype: DType | undefined): boolean => dtype === "uint8" || dtype === "int8";
  if (op !== "MatMulNBits" && isCode(inputs[0]?.dtype)) return "integer";
  if (op === "DynamicQuantizeMatMul" || op.startsWith("QLinear")) return "integer";
  return [...inputs, ...outputs].some(({ dtype }) => isFloat(dtype)) ? "float" : "index";
}

/** What a node with several kernels counts as: the one with the most products decides, then float over codes. */
export function nodeKind(node: Node, kernels: readonly KernelRun[], macs: (kernel: KernelRun) => number): RunsAs {
  const [first, ...others] = kernels;
  if (!first) return "absorbed";
  const busiest = others.reduce((most, kernel) => (macs(kernel) > macs(most) ? kernel : most), first);
  if (macs(busiest) > 0) return kernelKind(busiest);
  const kinds = kernels.map(kernelKind);
  if (isConversion(node)) return "conversion";
  return (["float", "integer", "conversion", "index"] as const).find((kind) => kinds.includes(kind))!;
}
