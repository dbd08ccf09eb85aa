/** How a column stands. */
export interface Column {
  readonly title: string;
  /** Default: left. */
  readonly align?: "left" | "right";
}

/** Rows under titles, columns padded to their widest cell and two spaces apart. No line ends in a space. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, index) => Math.max(...lines.map((cells) => (cells[index] ?? "").length)));
  return lines
    .map((cells) =>
      columns
        .map(({ align }, index) => pad(cells[index] ?? "", widths[index]!, align ?? "left"))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Names and what they are, one a line, the second column aligned. */
export function facts(rows: readonly (readonly [name: string, value: string])[]): string {
  const widest = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${pad(name, widest, "left")}  ${value}`.trimEnd()).join("\n");
}

function pad(text: string, to: number, align: "left" | "right"): string {
  const space = " ".repeat(Math.max(0, to - text.length));
  return align === "left" ? text + space : space + text;
}
