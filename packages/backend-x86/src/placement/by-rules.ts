import { channelCount, kernelOp, type Placement, type Unit } from "@lowbit/backend-kit";
import { elementCount, type Node } from "@lowbit/ir";
import { isOverWholePlane } from "./whole-plane.ts";

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

/** Where integers pay on ONNX Runtime's x86-64 kernels whatever the batch, by measured rules. */
export const placementByRules: Placement = { everything: false, floatUnits, floatRegion };

function floatUnits(units: readonly Unit[]): ReadonlyMap<Unit, string> {
  return new Map(
    units.flatMap((unit) => {
      const reason = floatUnit(unit);
      return reason === null ? [] : [[unit, reason] as const];
    }),
  );
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
