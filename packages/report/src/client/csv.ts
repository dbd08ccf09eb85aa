/** Lines of cells as CSV (RFC 4180). */
export function csvOf(lines: readonly (readonly (number | string | null)[])[]): string {
  return lines.map((line) => `${line.map(cellText).join(",")}\r\n`).join("");
}

/** A leading apostrophe keeps spreadsheets from running a name as a formula. */
function cellText(value: number | string | null): string {
  if (typeof value !== "string") return Number.isFinite(value ?? NaN) ? String(value) : "";
  return `"${(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;
}
