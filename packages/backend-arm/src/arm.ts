import {
  annotateFromCapabilities,
  checkFeatures,
  quantizeEverything,
  type Backend,
  type BackendModule,
  type Placement,
  type Preference,
  type Unit,
} from "@lowbit/backend-kit";
import { foldClampIntoQuantize } from "@lowbit/quantize";
import { armArithmetic } from "@lowbit/reference";
import { armCapabilities } from "./capabilities.ts";

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
      excludes: ["dotprod", "i8mm"],
    },
    { name: "dotprod", about: "SDOT and UDOT: MatMul of two activations runs on integers too", excludes: ["neon"] },
    { name: "i8mm", about: "SMMLA and UMMLA: as with dotprod", excludes: ["neon"] },
    {
      name: "qnnpack",
      about: "uint8 weights and activations per tensor, Q31 requantization",
      notImplemented: "use `arm`, whose int8 kernels every ARM64 CPU has",
    },
  ],
  create: arm,
};

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
 * symmetric weights per output channel, int32 biases, a float32 multiplier with ties to even.
 *
 * @throws CompileError `backend/unknown-feature`, `backend/feature-not-implemented`
 */
export function arm(options: ArmOptions = {}): Backend {
  const features = checkFeatures(armModule, options.features ?? []);
  const hasDotProducts = features.some((feature) => feature === "dotprod" || feature === "i8mm");
  const capabilities = armCapabilities(hasDotProducts);
  const name = hasDotProducts ? "arm:dotprod" : "arm";
  const placement = options.prefer === "integer" ? quantizeEverything : speed;
  return {
    name,
    quantizer: {
      name,
      annotate: (graph, settings) => annotateFromCapabilities(graph, capabilities, placement, settings),
    },
    capabilities,
    lower: [foldClampIntoQuantize],
    arithmetic: armArithmetic,
  };
}
