import {
  annotateFromCapabilities,
  checkFeatures,
  quantizeEverything,
  type Backend,
  type BackendModule,
  type CapabilityTable,
  type Placement,
  type Preference,
  type Unit,
} from "@lowbit/backend-kit";
import {
  biasOfOneRow,
  foldClampIntoQuantize,
  keepFloatWeights,
  padOnCodes,
  quantizeBeforeClamp,
  type Quantizer,
} from "@lowbit/quantize";
import { decomposeConvTranspose } from "@lowbit/rewrite";
import { armArithmetic, qnnpackArithmetic } from "@lowbit/reference";
import { armCapabilities } from "./capabilities.ts";
import { checkMultipliers } from "./check-multipliers.ts";
import { qnnpackCapabilities } from "./qnnpack-capabilities.ts";

/** How to compile for ARM. */
export interface ArmOptions {
  readonly features?: readonly string[];
  /** Default: `speed`. */
  readonly prefer?: Preference;
}

/** ARM for `--backend arm`. */
export const armModule: BackendModule = {
  name: "arm",
  features: [
    {
      name: "neon",
      about: "every ARM64 CPU; MatMul of two activations stays float. The default.",
      excludes: ["dotprod", "i8mm", "qnnpack"],
    },
    {
      name: "dotprod",
      about: "SDOT and UDOT: MatMul of two activations runs on integers too",
      excludes: ["neon", "qnnpack"],
    },
    { name: "i8mm", about: "SMMLA and UMMLA: as with dotprod", excludes: ["neon", "qnnpack"] },
    {
      name: "qnnpack",
      about: "QNNPACK of 2019: uint8 weights and activations per tensor, Q31 requantization",
      excludes: ["neon", "dotprod", "i8mm"],
    },
  ],
  create: arm,
};

/** Other machines than ARM64 make uint8 of int8 activations, and leave those products in float where that fails. */
const keepsInt8 = { "session.qdqisint8allowed": "1" } as const;

/** Integers pay for regions that hold a product; isolated ops without one would only add conversions. */
const speed: Placement = {
  everything: false,
  floatRegion: (units: readonly Unit[]) =>
    units.some((unit) => unit.weight !== null)
      ? null
      : "no product in this region, so integers would only add conversions",
};

/**
 * ARM64 CPUs, in the arithmetic of XNNPACK's qs8 and qc8w kernels as ONNX Runtime runs it: int8 affine activations, int8
 * symmetric weights per output channel, int32 biases, a float32 multiplier with ties to even. With the feature `qnnpack`,
 * QNNPACK's kernels: uint8 with one scale per tensor, and a Q31 multiplier.
 *
 * @throws CompileError `backend/unknown-feature`, `backend/conflicting-features`
 */
export function arm(options: ArmOptions = {}): Backend {
  const features = checkFeatures(armModule, options.features ?? []);
  const isForIntegers = options.prefer === "integer";
  const placement = isForIntegers ? quantizeEverything : speed;
  const legalize = isForIntegers ? [decomposeConvTranspose] : [];
  if (features.includes("qnnpack")) return { ...qnnpack(placement), legalize };
  const hasDotProducts = features.some((feature) => feature === "dotprod" || feature === "i8mm");
  const name = hasDotProducts ? "arm:dotprod" : "arm";
  return {
    ...planning(name, armCapabilities(hasDotProducts), placement),
    legalize,
    lower: [foldClampIntoQuantize, quantizeBeforeClamp, padOnCodes, biasOfOneRow, keepFloatWeights],
    arithmetic: armArithmetic,
    runtimeConfig: keepsInt8,
    onOnnxRuntime:
      "kernels are told as ONNX Runtime forms them on ARM64; elsewhere it runs some of them in float, unless the session says session.qdqisint8allowed 1",
  };
}

function qnnpack(placement: Placement): Backend {
  return {
    ...planning("arm:qnnpack", qnnpackCapabilities, placement),
    lower: [foldClampIntoQuantize, quantizeBeforeClamp, padOnCodes, keepFloatWeights, checkMultipliers],
    arithmetic: qnnpackArithmetic,
    onOnnxRuntime:
      "ONNX Runtime rounds once, after a float32 multiplier, where QNNPACK rounds a Q31 product twice: its codes may differ by a step",
  };
}

function planning(
  name: string,
  capabilities: CapabilityTable,
  placement: Placement,
): Pick<Backend, "name" | "quantizer" | "capabilities"> {
  const annotate: Quantizer["annotate"] = (graph, settings) =>
    annotateFromCapabilities(graph, capabilities, placement, settings);
  return { name, quantizer: { name, annotate }, capabilities };
}
