import { Option, type Command } from "commander";
import { planProblems } from "@lowbit/backend-kit";
import { loadModel } from "@lowbit/ir";
import {
  adviceFor,
  quantizeModel,
  worstLayers,
  type Ablation,
  type Analysis,
  type Improvement,
} from "@lowbit/quantize";
import type { MetricName } from "@lowbit/train";
import { analyzeQuantization } from "../../analysis/analyze-quantization.ts";
import { metricWithoutTargets } from "../../analysis/diagnostics.ts";
import { calibrationFeeds } from "../../calibration-feeds.ts";
import { analysisReportStopped, beyondKernels } from "../../diagnostics.ts";
import { actionText } from "../action-text.ts";
import { modelReport } from "../../report/model-report.ts";
import {
  addNormalization,
  dataForms,
  dataNameOf,
  openData,
  targetsFor,
  type NormalizationOptions,
} from "../data-options.ts";
import { decibelText, metricText } from "../format/errors.ts";
import { countText, plural, timeLeft } from "../format/quantities.ts";
import { table } from "../format/table.ts";
import type { Interruptions } from "../interruption.ts";
import { finish } from "../job.ts";
import { addPlacement, placingBackend, type PlacementOptions } from "../placement-options.ts";
import { fileConflict } from "../file-conflict.ts";
import { checkWritable } from "../output-file.ts";
import { addCalibration, calibrationFrom, calibrationMisuse, type CalibrationOptions } from "../calibration-options.ts";
import { addImprove, improveMisuse } from "../improve-option.ts";
import { addPlan, type PlanOptions } from "../plan-options.ts";
import { plannedJson } from "../planned-json.ts";
import { writePlanFile } from "../plan-file.ts";
import { addReport, reportOrigin, writeReport } from "../report-option.ts";

interface AnalyzeCommandOptions extends NormalizationOptions, CalibrationOptions, PlanOptions, PlacementOptions {
  readonly data: string;
  readonly calibrate?: string;
  readonly metric?: MetricName;
  readonly improve?: readonly Improvement[];
  readonly ablation: boolean;
  readonly state?: string;
  readonly report?: string;
}

/** Layers that the terminal shows. */
const shownLayers = 10;

/** `lowbit analyze`: which layers a quantization hurts, and what to do about each. */
export function addAnalyze(program: Command, interruptions: Interruptions): void {
  const command = program
    .command("analyze")
    .summary("quantize a model in memory and show which layers it hurts, and what to do about each")
    .description(
      "quantize a model in memory, as `quantize` would with the same options, and show which layers it hurts, and what to do about each",
    )
    .argument("<MODEL>", "float ONNX file")
    .option("--backend <B>", "x86, arm, a module or an npm package, with features as in x86:avx2")
    .option("--data <DATA>", dataForms)
    .option("--calibrate <DATA>", "data for the ranges (default: that of --data)")
    .addOption(
      new Option(
        "--metric <name>",
        "measure this against the targets too (default: only the error of the results)",
      ).choices(["accuracy", "top5", "mse"]),
    );
  addPlacement(addImprove(addPlan(addCalibration(command))))
    .option("--no-ablation", "do not quantize each layer alone and leave each float in turn: much faster")
    .option("--state <FILE>", "keep finished batches here; the same command goes on from them after Ctrl-C");
  addReport(command, "all of it");
  finish<AnalyzeCommandOptions>(addNormalization(command), interruptions, ["backend", "data"], async (job) => {
    const { terminal, options, config } = job;
    const [path] = job.args as readonly [string];
    const { samples, metric, ablation, state, keepFloat = [], improve = [], savePlan, calibrationCache } = options;
    const misuse = calibrationMisuse(options) ?? improveMisuse(improve) ?? filesInTheWay(path, options);
    if (misuse !== null) job.misuse(misuse);
    const threads = options.threads === undefined ? {} : { threads: options.threads };
    const backend = await placingBackend(options, config);
    for (const file of [state, options.report, savePlan, calibrationCache]) if (file !== undefined) checkWritable(file);
    const model = loadModel(path, { report: (finding) => terminal.report(finding) });
    const targets = metric && targetsFor(metric);
    const data = await openData(options.data, model, options, targets);
    // Before the work that leads to it.
    if (metric && !data.hasTargets) throw metricWithoutTargets(metric);
    const ranges = options.calibrate === undefined ? data : await openData(options.calibrate, model, options);
    const plan = await plannedJson(model, backend, options, ranges);
    const dataName = dataNameOf(options.calibrate ?? options.data, options);
    const quantized = await quantizeModel(model, {
      backend,
      data: calibrationFeeds(ranges, model.graph.inputs, { samples }),
      ...calibrationFrom(options),
      improve,
      keepFloat,
      ...(plan ? { plan } : {}),
      ...(calibrationCache === undefined ? {} : { cache: calibrationCache, dataName }),
      ...threads,
      progress: (seen) => terminal.progress(`calibrating: ${countText(seen)} samples`),
    });
    for (const finding of quantized.diagnostics) terminal.report(finding);
    const problems = plan ? planProblems(quantized.plan, backend.capabilities) : [];
    if (problems.length > 0) terminal.report(beyondKernels(backend.name, problems));
    if (savePlan !== undefined) writePlanFile(savePlan, quantized.plan, quantized.improve);
    const started = performance.now();
    const analysis = await interruptions.guard((signal) =>
      analyzeQuantization(quantized, {
        ...threads,
        data,
        samples,
        ablation,
        signal,
        backend: backend.name,
        ...(metric ? { metric } : {}),
        ...(state === undefined ? {} : { state }),
        progress: ({ batch, batches, done, total }) => {
          const share = batches === null ? null : (batch + done / total) / batches;
          const left = share === null ? "" : `, ${timeLeft(started, share)} left`;
          terminal.progress(`analyzing: batch ${batch + 1}${batches === null ? "" : ` of ${batches}`}${left}`);
        },
      }),
    );
    const advice = Object.fromEntries(analysis.layers.map((layer) => [layer.name, adviceFor(layer, analysis)]));
    const { report } = options;
    if (report !== undefined) {
      const origin = {
        name: path,
        kind: "analyze",
        backend: backend.name,
        graph: quantized.plan.graph,
        skipped: quantized.skipped,
        models: { float: { model, path }, made: { model: quantized.model } },
        analysis,
      } as const;
      await interruptions.guard(async (signal) => {
        const progress = (doing: string): void => {
          if (signal.aborted) throw analysisReportStopped(report, state ?? null);
          terminal.progress(`for the report: ${doing}`);
        };
        const settings = { ...threads, data, dataName: options.data, metric: metric ?? null, samples, progress };
        const made = await modelReport(origin, { ...reportOrigin(), ...settings });
        progress("writing");
        writeReport(report, made);
      });
    }
    const skipped = quantized.skipped.map(({ node, reason }) => ({ node: node.label, op: node.op, reason }));
    const result = { model: path, backend: backend.name, metric: metric ?? null, ...analysis, advice, skipped };
    terminal.result(result, () => text(analysis, metric ?? null));
  });
}

/** Which files that are written are the same, or are read too; null if none. */
function filesInTheWay(path: string, options: AnalyzeCommandOptions): string | null {
  const { report, savePlan, state, calibrationCache, data, calibrate, costs } = options;
  return fileConflict(
    { "--report": report, "--save-plan": savePlan, "--state": state, "--calibration-cache": calibrationCache },
    { MODEL: path, "--data": data, "--calibrate": calibrate, "--costs": costs },
  );
}

function text(analysis: Analysis, metric: MetricName | null): string {
  const worst = worstLayers(analysis).slice(0, shownLayers);
  const measured = (ablation: Ablation | null): string =>
    ablation === null ? "" : metric === null ? decibelText(ablation.sqnr) : metricText(ablation.metric, metric);
  const what = metric ?? "SQNR";
  const rows = worst.map((layer) => {
    const { action, reason } = adviceFor(layer, analysis);
    return [
      layer.name,
      layer.op,
      decibelText(layer.isolated.sqnr),
      decibelText(layer.cumulative.sqnr),
      measured(layer.quantizedAlone),
      measured(layer.leftFloat),
      actionText(action, layer.name),
      reason,
    ];
  });
  const summary =
    metric === null
      ? `the quantized results keep ${decibelText(analysis.quantized.sqnr)} of SQNR`
      : `${metric}: ${metricText(analysis.float.metric, metric)} float, ${metricText(analysis.quantized.metric, metric)} quantized`;
  return [
    `${summary} (${plural(analysis.samples, "sample")}, ${plural(analysis.layers.length, "quantized layer")})`,
    "",
    table(
      [
        { title: "worst layers" },
        { title: "op" },
        { title: "alone", align: "right" },
        { title: "in the model", align: "right" },
        { title: `${what}, only it quantized`, align: "right" },
        { title: `${what}, only it float`, align: "right" },
        { title: "what to do" },
        { title: "because" },
      ],
      rows,
    ),
  ].join("\n");
}
