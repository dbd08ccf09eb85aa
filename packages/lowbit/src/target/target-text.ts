import type { MetricOutcome, SearchTarget } from "@lowbit/quantize";

/** A target in words. */
export function targetText(target: SearchTarget): string {
  if (target.kind === "sqnr") return `an SQNR of ${target.least} dB`;
  return target.metric === "mse"
    ? `at most ${target.most} more of mse`
    : `at most ${target.most} ${target.most === 1 ? "point" : "points"} less of ${target.metric}`;
}

/** What a plan reaches, in words. */
export function outcomeText(
  target: SearchTarget,
  { metric, drop, error, expected, expectedError, sqnr }: MetricOutcome,
): string {
  if (target.kind === "sqnr") return sqnr === null ? "exact results" : `${sqnr.toFixed(1)} dB`;
  if (target.metric === "mse")
    return `an mse of ${Number(metric!.toPrecision(4))}, ${Number(drop!.toPrecision(3))}${error === null ? "" : ` ± ${Number(error.toPrecision(2))}`} more`;
  const about = error === null ? "" : ` ± ${error.toFixed(2)}`;
  const likely = expected === null ? "" : `, ${expected.toFixed(2)} ± ${(expectedError ?? 0).toFixed(2)} expected`;
  return `${(100 * metric!).toFixed(2)} % ${target.metric}, ${drop!.toFixed(2)}${about} points less${likely}`;
}
