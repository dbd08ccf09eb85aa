import type { Advice } from "@lowbit/quantize";

const actions: Readonly<Record<Advice["action"], (name: string) => string>> = {
  "per-channel": () => "--granularity channel",
  equalize: () => "--improve equalize",
  observer: () => "--observer percentile or mse",
  "more-data": () => "more calibration data",
  "keep-float": (name) => `--keep-float "${name}"`,
  nothing: () => "nothing",
};

/** An advice about a layer as the options of `quantize` that follow it. */
export function actionText(action: Advice["action"], layer: string): string {
  return actions[action](layer);
}
