/** A ratio in dB. */
export function decibels(sqnr: number | null): string {
  return sqnr === null ? "exact" : `${sqnr.toFixed(1)} dB`;
}

/** A metric by its name: shares in percent. */
export function metricText(value: number | null, metric: string | null): string {
  if (value === null) return "";
  return metric === "mse" ? String(Number(value.toPrecision(4))) : `${(100 * value).toFixed(2)} %`;
}

/** A share of 0 to 1. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** Digits that count. */
export function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Viridis (van der Walt and Smith), five of its colours; readable with all forms of colour-blindness. */
const viridis = ["#fde725", "#5ec962", "#21918c", "#3b528b", "#440154"] as const;

/** A colour for a share of 0 (good, yellow) to 1 (bad, dark violet). */
export function shade(share: number): { readonly fill: string; readonly ink: string } {
  const at = Math.min(viridis.length - 1, Math.max(0, Math.round(share * (viridis.length - 1))));
  return { fill: viridis[at]!, ink: at < 2 ? "#10151c" : "#fff" };
}

export const shades: readonly string[] = viridis;
