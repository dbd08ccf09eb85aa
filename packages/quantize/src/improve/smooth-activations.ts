import { GraphEditor, type Diagnostic, type Model } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import { noCalibrationData } from "../diagnostics.ts";
import { channelReaches } from "./channel-reaches.ts";
import { notSmoothed } from "./diagnostics.ts";
import { divideNormalization, normalizationSites } from "./normalization-site.ts";

/** How activations are smoothed. */
export interface SmoothOptions {
  /** Representative inputs, run once. */
  readonly data: readonly Feeds[];
  /** Share of the difficulty that moves from activations to weights, 0 to 1. Default: 0.5. */
  readonly alpha?: number;
  /** Threads of the runtime. Default: one per core. */
  readonly threads?: number;
}

/** What smoothing did. */
export interface SmoothedActivations {
  /** How many normalizations got other scales. */
  readonly smoothed: number;
  /** Those before a product that did not, with the reasons. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * SmoothQuant: moves outlier channels of activations into the weights that read them. Behind each LayerNormalization that
 * only products read, channel j is divided by s = max|X_j|^alpha / max|W_j|^(1-alpha), in the normalization's own scale and
 * bias, and row j of the weights is multiplied by it (Xiao et al., "SmoothQuant", 2023, eq. 3 and 4). What the model
 * computes stays the same up to float rounding. In place, before a plan is made.
 *
 * @throws CompileError `quantize/no-calibration-data`
 */
export async function smoothActivations(model: Model, options: SmoothOptions): Promise<SmoothedActivations> {
  const { data, alpha = 0.5, threads } = options;
  if (data.length === 0) throw noCalibrationData();
  const diagnostics: Diagnostic[] = [];
  const sites = normalizationSites(model.graph, (norm, reason) => diagnostics.push(notSmoothed(norm, reason)));
  if (sites.length === 0) return { smoothed: 0, diagnostics };
  const reaches = await channelReaches(
    model,
    sites.map(({ norm }) => norm.output),
    data,
    threads,
  );
  const editor = new GraphEditor(model.graph);
  for (const [i, site] of sites.entries()) {
    const { layers } = site;
    const weights = layers.map((layer) => layer.inputReach());
    const factors = reaches[i]!.map((reach, j) => {
      const weight = Math.max(...weights.map((each) => each[j]!));
      return reach > 0 && weight > 0 ? reach ** alpha / weight ** (1 - alpha) : 1;
    });
    for (const layer of layers) {
      layer.scaleInputs(factors);
      layer.write(editor);
    }
    divideNormalization(editor, site, factors);
  }
  return { smoothed: sites.length, diagnostics };
}
