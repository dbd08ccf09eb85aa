import { Option, type Command } from "commander";
import { CompileError, loadModel, type Model } from "@lowbit/ir";
import { comparisonAdvice, worstCompared, type ComparedLayer, type Comparison } from "@lowbit/quantize";
import type { Dataset, MetricName } from "@lowbit/train";
import { compare } from "../../comparison/compare.ts";
import { actionText } from "../action-text.ts";
import { addNormalization, dataForms, openData, targetsFor, type NormalizationOptions } from "../data-options.ts";
import { decibelText, metricText } from "../format/errors.ts";
import { countText, percentText, plural, timeLeft } from "../format/quantities.ts";
import { table } from "../format/table.ts";
import type { Interruptions } from "../interruption.ts";
import { finish } from "../job.ts";
import { positiveInteger } from "../parse-values.ts";

interface CompareCommandOptions extends NormalizationOptions {
  readonly data: string;
  readonly metric?: MetricName;
  readonly samples: number;
  readonly batch?: number;
}

/** Layers that the terminal shows. */
const shownLayers = 10;

const about = `compare two models that should compute the same: the error of their results, and of each layer

MODEL is the reference: a float model, or the better of two quantizations. OTHER is what was made of it: a file of
\`lowbit quantize\` or \`train\` in either format, of \`lowbit opt\`, or of another tool. Layers are found again by the names of
their values, by what they read, or by their weights; those of one model only are listed with the reason.`;

/** `lowbit compare`: the error of one model against another, layer by layer. */
export function addCompare(program: Command, interruptions: Interruptions): void {
  const command = program
    .command("compare")
    .summary("compare two models that should compute the same, layer by layer")
    .description(about)
    .argument("<MODEL>", "ONNX file, the reference")
    .argument("<OTHER>", "ONNX file, float or quantized")
    .option("--data <DATA>", dataForms)
    .addOption(
      new Option(
        "--metric <name>",
        "measure this of both against the targets (default: accuracy, where the data has classes)",
      ).choices(["accuracy", "top5", "mse"]),
    )
    .option("--samples <N>", "at most this many samples", positiveInteger, 512)
    .option("--batch <N>", "samples per run (default: up to 32, as memory allows)", positiveInteger);
  finish<CompareCommandOptions>(addNormalization(command), interruptions, ["data"], async (job) => {
    const { terminal, options } = job;
    const [path, otherPath] = job.args as readonly [string, string];
    const { samples, batch, threads } = options;
    const model = loadModel(path, { report: (finding) => terminal.report(finding) });
    const other = loadModel(otherPath, { report: (finding) => terminal.report(finding) });
    const { data, metric } = await dataAndMetric(options, model);
    const total = Math.min(samples, data.size ?? samples);
    const started = performance.now();
    const comparison = await interruptions.guard((signal) =>
      compare(model, other, {
        data,
        samples,
        signal,
        ...(metric ? { metric } : {}),
        ...(batch === undefined ? {} : { batch }),
        ...(threads === undefined ? {} : { threads }),
        progress: (seen) => {
          const left = timeLeft(started, seen / total);
          terminal.progress(`comparing: ${countText(seen)} of ${countText(total)} samples, ${left} left`);
        },
      }),
    );
    const advice = Object.fromEntries(comparison.layers.map((layer) => [layer.name, comparisonAdvice(layer)]));
    const { metric: values, ...rest } = comparison;
    const measured = values && { name: metric!, ...values };
    const result = { model: path, other: otherPath, ...rest, metric: measured, advice };
    terminal.result(result, () => text(comparison, metric));
  });
}

/** The data, with its targets where a metric is asked for, or where they are classes. */
async function dataAndMetric(
  options: CompareCommandOptions,
  model: Model,
): Promise<{ readonly data: Dataset; readonly metric: MetricName | null }> {
  const { metric } = options;
  if (metric) {
    return { data: await openData(options.data, model, options, targetsFor(metric)), metric };
  }
  try {
    const data = await openData(options.data, model, options, "class");
    return { data, metric: data.hasTargets ? "accuracy" : null };
  } catch (error) {
    // Targets that are no classes of this model are none that were asked for; other flaws are told again.
    if (!(error instanceof CompileError)) throw error;
    return { data: await openData(options.data, model, options), metric: null };
  }
}

function text(comparison: Comparison, metric: MetricName | null): string {
  const { samples, outputs, layers, unmatched } = comparison;
  const worst = worstCompared(layers).slice(0, shownLayers);
  const measured = comparison.metric && metric;
  return [
    `${plural(samples, "sample")}, ${plural(layers.length, "layer")} in both models`,
    ...(measured
      ? [
          `${measured}: ${metricText(comparison.metric.model, measured)} and ${metricText(comparison.metric.other, measured)}`,
        ]
      : []),
    "",
    table(
      [{ title: "result" }, ...errorColumns],
      outputs.map(({ name, error }) => [name, ...errorCells({ error })]),
    ),
    ...(worst.length === 0
      ? []
      : [
          "",
          table(
            [
              { title: "worst layers" },
              { title: "op" },
              { title: "adds", align: "right" },
              ...errorColumns,
              { title: "saturated", align: "right" },
              { title: "unused codes", align: "right" },
              { title: "weights", align: "right" },
              { title: "what to do" },
              { title: "because" },
            ],
            worst.map(layerRow),
          ),
        ]),
    ...(unmatched.length === 0
      ? []
      : [
          "",
          "in one model only:",
          ...unmatched.map(
            (layer) => `  ${layer.in === "model" ? "MODEL" : "OTHER"} ${layer.op} "${layer.name}": ${layer.reason}`,
          ),
        ]),
  ].join("\n");
}

const errorColumns = [
  { title: "SQNR", align: "right" },
  { title: "cosine", align: "right" },
  { title: "max difference", align: "right" },
] as const;

function errorCells({ error }: Pick<ComparedLayer, "error">): readonly string[] {
  return [decibelText(error.sqnr), error.cosine.toFixed(5), String(Number(error.maxDifference.toPrecision(4)))];
}

function layerRow(layer: ComparedLayer): readonly string[] {
  const { action, reason } = comparisonAdvice(layer);
  return [
    layer.name,
    layer.op,
    decibelText(layer.added),
    ...errorCells(layer),
    layer.codes ? percentText(layer.codes.saturated, 2) : "",
    layer.codes ? percentText(layer.codes.unused, 0) : "",
    layer.weight ? decibelText(layer.weight.error.sqnr) : "",
    actionText(action, layer.name),
    reason,
  ];
}
