/** A ratio in dB. */
export function decibels(sqnr: number | null): string {
  return sqnr === null ? "exact" : `${sqnr.toFixed(1)} dB`;
}

/** Metrics that are not shares. */
const absolute: readonly string[] = ["mse"];

/** A metric by its name: shares in percent. */
export function metricText(value: number | null, metric: string | null): string {
  if (value === null) return "";
  return metric !== null && absolute.includes(metric) ? short(value) : percent(value);
}

/** A share of 0 to 1. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** Digits that count. */
export function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Microseconds, as people say them. */
export function timeText(microseconds: number): string {
  return microseconds >= 1000 ? `${(microseconds / 1000).toPrecision(3)} ms` : `${microseconds.toPrecision(3)} µs`;
}

/** Bytes in the unit that fits. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB"];
  let [value, unit] = [bytes / 1000, 0];
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${value.toPrecision(3)} ${units[unit]!}`;
}

/** A count with its noun. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** A text that begins with a capital letter. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
