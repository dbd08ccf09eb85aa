import {
  channelCount,
  kernelOp,
  quantizeEverything,
  type Placement,
  type Preference,
  type Unit,
} from "@lowbit/backend-kit";
import { elementCount, isStatic, type Node } from "@lowbit/ir";

/** Most input channels of a convolution whose float kernel beats the integer one (which works on groups of four). */
const fewChannels = 3;

/** Products per output element below which an integer kernel gains nothing over the float one. */
const fewProducts = 24;

/** Ops without weights that are fast enough on codes to stay in an integer region. */
const fastOnCodes: ReadonlySet<string> = new Set([
  "Add",
  "MaxPool",
  "GlobalAveragePool",
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Transpose",
  "Concat",
  "Split",
  "Slice",
  "Gather",
  "DepthToSpace",
]);

/** Where integers pay on ONNX Runtime's x86-64 kernels, by measured rules. */
export function x86Placement(prefer: Preference): Placement {
  return prefer === "integer" ? quantizeEverything : { everything: false, floatUnit, floatRegion };
}

function floatUnit(unit: Unit): string | null {
  const { op } = kernelOp(unit.anchor);
  if (unit.weight) return op === "Conv" ? slowConvolution(unit.anchor) : null;
  if (op === "AveragePool" && isOverWholePlane(unit.anchor)) return null;
  return fastOnCodes.has(op) ? null : `the integer kernel of ${op} is slower than the float one`;
}

function slowConvolution(node: Node): string | null {
  const channels = node.inputs[1]?.shape?.[1];
  const isDense = node.int("group", 1) === 1;
  return isDense && typeof channels === "number" && channels <= fewChannels
    ? `with ${channels} input channel${channels === 1 ? "" : "s"} the float kernel is faster`
    : null;
}

function floatRegion(units: readonly Unit[]): string | null {
  return units.some(isFasterOnIntegers)
    ? null
    : "no product in this region is large enough for integers to pay for the conversions";
}

/** Whether a unit is a product large enough to gain by integers; depthwise convolutions never are. */
function isFasterOnIntegers({ anchor, weight }: Unit): boolean {
  if (!weight) return false;
  const count = elementCount(anchor.inputs[weight.use.index]!.shape);
  const channels = channelCount(anchor);
  return count !== null && channels !== null && count / channels >= fewProducts;
}

/** Whether a pooling window covers the whole plane of a static shape, without padding. */
export function isOverWholePlane(node: Node): boolean {
  const shape = node.inputs[0]?.shape?.slice(2) ?? [];
  const kernel = node.ints("kernel_shape", []);
  const pads = node.ints("pads", []);
  const unpadded = pads.every((pad) => pad === 0) && ["NOTSET", "VALID"].includes(node.string("auto_pad", "NOTSET"));
  return isStatic(shape) && shape.length > 0 && shape.every((dim, i) => kernel[i] === dim) && unpadded;
}
