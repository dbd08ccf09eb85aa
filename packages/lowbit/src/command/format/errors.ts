import type { MetricName } from "@lowbit/train";
import { percentText } from "./quantities.ts";

/** A signal-to-noise ratio, `exact` where there is no noise. */
export function decibelText(sqnr: number | null): string {
  return sqnr === null ? "exact" : `${sqnr.toFixed(1)} dB`;
}

/** A metric as people read it: shares in percent. */
export function metricText(value: number | null, metric: MetricName): string {
  if (value === null) return "";
  return metric === "mse" ? String(Number(value.toPrecision(4))) : percentText(value, 2);
}
