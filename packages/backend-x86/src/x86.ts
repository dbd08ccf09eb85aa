import {
  annotateFromCapabilities,
  checkFeatures,
  quantizeEverything,
  type Backend,
  type BackendModule,
  type Placement,
  type Preference,
  type ReduceRange,
  type Unit,
} from "@lowbit/backend-kit";
import type { Graph } from "@lowbit/ir";
import {
  biasOfOneRow,
  foldClampIntoQuantize,
  keepFloatWeights,
  padOnCodes,
  quantizeBeforeClamp,
  type AnnotateOptions,
} from "@lowbit/quantize";
import { decomposeConvTranspose } from "@lowbit/rewrite";
import { avx2Arithmetic, floatArithmetic } from "@lowbit/reference";
import { x86Capabilities } from "./capabilities.ts";
import { averagePoolToGlobal } from "./average-pool-to-global.ts";
import { channelsLastBehindFloat } from "./channels-last-behind-float.ts";
import { columnsAsChannels } from "./columns-as-channels.ts";
import { concatOnConcat } from "./concat-on-concat.ts";
import { channelsInParts } from "./float-blocks/channels-in-parts.ts";
import { fillBlocks } from "./float-blocks/fill-blocks.ts";
import { gatesInBlocks } from "./float-blocks/gates-in-blocks.ts";
import { pairImages } from "./float-blocks/pair-images.ts";
import { groupsTogether } from "./groups-together.ts";
import { padFewChannels } from "./pad-few-channels.ts";
import { pixelsAsChannels } from "./pixels-as-channels.ts";
import { builtInCosts } from "./placement/built-in-costs.ts";
import { checkCostTable } from "./placement/cost-table.ts";
import { placeByCost } from "./placement/place-by-cost.ts";
import { planLatency } from "./placement/plan-latency.ts";
import { Prices } from "./placement/unit-costs.ts";
import { batchSymbols, unitsInUse } from "./placement/units-in-use.ts";
import { explainSaturation } from "./saturation/explain-saturation.ts";
import { reduceRange } from "./saturation/reduce-range.ts";
import { quantizeBehindPool } from "./quantize-behind-pool.ts";
import { stridesAsChannels } from "./strides-as-channels.ts";

/** How to compile for x86. */
export interface X86Options {
  /** `vnni` (default) or `avx2`. */
  readonly features?: readonly string[];
  /** Default: `speed`. */
  readonly prefer?: Preference;
  /** Samples per run that the model should be fast for, where the model leaves that open. Default: 1. */
  readonly batch?: number;
  /** A `CostTable` of the machine that the model should be fast on. Default: a table measured with AVX512-VNNI. */
  readonly costs?: unknown;
  /**
   * Which weights get fewer than 8 bits, because sums of two products saturate at 16 bits on CPUs without VNNI: all get 7;
   * those of products that can saturate get as many codes as cannot (`auto`); none. Default: `auto` with the feature `avx2`,
   * otherwise `none`.
   */
  readonly reduceRange?: ReduceRange;
}

/** x86 for `--backend x86`. */
export const x86Module: BackendModule = {
  name: "x86",
  features: [
    {
      name: "vnni",
      about: "AVX-VNNI, AVX512-VNNI or AMX: products are summed exactly. The default.",
      excludes: ["avx2"],
    },
    {
      name: "avx2",
      about: "no VNNI: sums of two products saturate at 16 bits, so weights that could reach that get fewer codes",
      excludes: ["vnni"],
    },
  ],
  reducesRange: true,
  create: x86,
};

/**
 * x86-64 CPUs, in the arithmetic of FBGEMM as ONNX Runtime runs it: uint8 affine activations, int8 symmetric weights per
 * output channel, int32 biases, a float32 multiplier with ties to even, ReLU in the lower bound of the codes.
 *
 * @throws CompileError `backend/unknown-feature`, `backend/conflicting-features`, `backend/costs`
 */
export function x86(options: X86Options = {}): Backend {
  const features = checkFeatures(x86Module, options.features ?? []);
  const vnni = !features.includes("avx2");
  const reduces = options.reduceRange ?? (vnni ? "none" : "auto");
  const capabilities = x86Capabilities(reduces === "all" ? 64 : 127);
  const { batch = 1, costs } = options;
  const table = costs === undefined ? builtInCosts : checkCostTable(costs);
  const prices = (units: readonly Unit[]): Prices => {
    const symbols = batchSymbols(units[0]?.anchor.graph?.inputs ?? []);
    return new Prices(table, batch, (symbol) => symbols.has(symbol));
  };
  const placementFor = (graph: Graph, { inputShapes }: AnnotateOptions): Placement =>
    options.prefer === "integer"
      ? quantizeEverything
      : fastest(batch, prices, (units) => unitsInUse(graph, units, inputShapes));
  const name = vnni ? "x86" : "x86:avx2";
  const explains = !vnni || reduces !== "none";
  return {
    name,
    quantizer: {
      name,
      annotate(graph, settings = {}) {
        const plan = annotateFromCapabilities(graph, capabilities, placementFor(graph, settings), settings);
        return reduces === "auto" ? reduceRange(plan, settings.weightsChange ?? false) : plan;
      },
    },
    capabilities,
    // DepthToSpace costs more than integers save on few channels.
    legalize: options.prefer === "integer" ? [decomposeConvTranspose] : [],
    lower: [
      foldClampIntoQuantize,
      quantizeBeforeClamp,
      padOnCodes,
      averagePoolToGlobal,
      quantizeBehindPool,
      channelsLastBehindFloat,
      concatOnConcat,
      biasOfOneRow,
      keepFloatWeights,
      // Without VNNI, weights are bounded for the order in which kernels sum them, and other channels change it.
      ...(vnni ? [stridesAsChannels, columnsAsChannels, padFewChannels, pixelsAsChannels, groupsTogether] : []),
      // With AVX2 alone, blocks have 8 channels.
      ...(vnni ? [pairImages.with({ batch }), fillBlocks, gatesInBlocks, channelsInParts.with({ batch })] : []),
      ...(explains ? [explainSaturation] : []),
    ],
    weightBlocks: {
      ops: ["MatMul", "Gemm"],
      size: 128,
      others: "ONNX Runtime has no convolution that reads weights as codes beside float activations",
    },
    latency: (plan, inputShapes) => planLatency(plan, capabilities, prices, inputShapes),
    arithmetic: vnni ? floatArithmetic : avx2Arithmetic,
  };
}

/** Integers where they save time, by the costs of kernels and conversions. */
function fastest(
  batch: number,
  prices: (units: readonly Unit[]) => Prices,
  inUse: (units: readonly Unit[]) => readonly Unit[],
): Placement {
  return {
    everything: false,
    floatUnits(units) {
      const twins = inUse(units);
      const original = new Map(twins.map((twin, i) => [twin, units[i]!]));
      const float = placeByCost(twins, prices(twins), batch);
      return new Map([...float].map(([twin, reason]) => [original.get(twin)!, reason]));
    },
  };
}
