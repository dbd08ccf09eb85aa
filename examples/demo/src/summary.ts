/** Median milliseconds of one run on one thread, by samples per run. */
type Latency = Readonly<Record<"1" | "64", number>>;

/** One saved file, measured by reading it back. */
export interface Form {
  /** Share of the 10,000 test images, 0 to 1. */
  readonly accuracy: number;
  readonly bytes: number;
  readonly latencyMs: Latency;
}

/** What `summary.json` says of one model. */
export interface Summary {
  readonly model: string;
  readonly stepsPerSecond: { readonly float: number; readonly qat: number };
  readonly float: Form;
  readonly ptq: Form;
  readonly qat: Form;
}

/** The summary as one table for people: a row per model and form. */
export function summaryTable(models: readonly Summary[]): string {
  const rows = [
    ["model", "form", "accuracy", "bytes", "smaller", "ms at 1", "faster", "ms at 64", "faster", "steps/s"],
  ];
  for (const { model, float, ptq, qat, stepsPerSecond } of models) {
    const forms = [
      ["float", float, stepsPerSecond.float],
      ["PTQ int8", ptq, null],
      ["QAT int8", qat, stepsPerSecond.qat],
    ] as const;
    for (const [name, form, rate] of forms) {
      const { accuracy, bytes, latencyMs } = form;
      rows.push([
        form === float ? model : "",
        name,
        `${(100 * accuracy).toFixed(2)} %`,
        String(bytes),
        ratio(float.bytes, bytes),
        latencyMs["1"].toFixed(3),
        ratio(float.latencyMs["1"], latencyMs["1"]),
        latencyMs["64"].toFixed(2),
        ratio(float.latencyMs["64"], latencyMs["64"]),
        rate === null ? "" : rate.toFixed(0),
      ]);
    }
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))))
    .map((row) => row.join("  ").trimEnd())
    .join("\n");
}

function ratio(float: number, other: number): string {
  return `${(float / other).toFixed(2)}x`;
}
