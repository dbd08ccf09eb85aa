/** A number of bytes in words: `740 B`, `12.3 kB`, `4.56 MB`. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

/** A whole number with its thousands apart: `1 234 567`. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** A share of 0 to 1 in percent with one decimal. */
export function percentText(share: number, decimals = 1): string {
  return `${(100 * share).toFixed(decimals)} %`;
}

/** A time in milliseconds with three digits that count: `0.0123 ms`, `12.3 ms`. */
export function millisecondsText(milliseconds: number): string {
  return `${Number(milliseconds.toPrecision(3))} ms`;
}

/** A span of seconds: `0.7 s`, `42 s`, `3:07`, `1:02:03`. */
export function durationText(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** How long work goes on that began at a time of `performance.now()`, by the share of it that is done, above 0. */
export function timeLeft(started: number, share: number): string {
  return durationText(((performance.now() - started) / 1000) * (1 / share - 1));
}

/** "1 node", "2 nodes". */
export function plural(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;
}
