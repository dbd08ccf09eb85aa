import type { Backend } from "@lowbit/backend-kit";
import { CompileError, type Model } from "@lowbit/ir";
import type { Analysis, QuantizedModel } from "@lowbit/quantize";
import type { ReportSearch } from "@lowbit/report";
import { analyzeQuantization } from "../analysis/analyze-quantization.ts";
import { reportStopped } from "../diagnostics.ts";
import { modelReport } from "../report/model-report.ts";
import { openMeasurable, type MeasurableData, type NormalizationOptions } from "./data-options.ts";
import type { Interruptions } from "./interruption.ts";
import { analyzedSamples, reportOrigin, reportProgress, writeReport } from "./report-option.ts";
import type { Terminal } from "./terminal.ts";

/** A quantization that the command is done with. */
export interface FinishedQuantization {
  /** Where the report goes. */
  readonly report: string;
  /** The float model's path, and the quantized one's. */
  readonly path: string;
  readonly output: string;
  readonly model: Model;
  readonly quantized: QuantizedModel;
  readonly backend: Backend;
  readonly mode: string;
  /** DATA; undefined without. */
  readonly source: string | undefined;
  readonly samples: number;
  readonly threads: number | undefined;
  /** Null where the plan was not searched for. */
  readonly search: ReportSearch | null;
}

/** Measures a quantized model and writes the report about it. @throws CompileError `report/stopped`, `file/write` */
export async function writeQuantizeReport(
  done: FinishedQuantization,
  normalization: NormalizationOptions,
  terminal: Terminal,
  interruptions: Interruptions,
): Promise<void> {
  const { report, path, output, model, quantized, backend, source, samples, threads } = done;
  await interruptions.guard(async (signal) => {
    const progress = reportProgress(done, terminal, signal);
    const measurable = source === undefined ? null : await openMeasurable(source, model, normalization);
    const { analysis, note } = await analyzed(done, measurable, signal, progress);
    const problem = measurable?.problem ?? null;
    const data = await modelReport(
      {
        name: path,
        kind: "quantize",
        backend: backend.name,
        graph: quantized.plan.graph,
        skipped: quantized.skipped,
        models: {
          float: { model, path },
          made: { model: quantized.model, path: output, runtimeConfig: backend.runtimeConfig },
        },
        analysis,
        search: done.search,
        ...floatReason(done.mode),
        notes: [
          ...(note === null ? [] : [note]),
          ...(problem === null ? [] : [`Nothing is measured against the targets of the data: ${problem}.`]),
        ],
      },
      {
        ...reportOrigin(),
        data: measurable?.data ?? null,
        dataName: source ?? "",
        metric: measurable?.metric ?? null,
        samples,
        ...(threads === undefined ? {} : { threads }),
        progress,
      },
    );
    progress("writing");
    writeReport(report, data);
  });
}

/** The error of each layer, without ablation; or why there is none. */
async function analyzed(
  { quantized, backend, mode, samples, threads, report, output }: FinishedQuantization,
  measurable: MeasurableData | null,
  signal: AbortSignal,
  progress: (doing: string) => void,
): Promise<{ readonly analysis: Analysis | null; readonly note: string | null }> {
  if (mode !== "static") {
    return { analysis: null, note: `The error of layers is told for --mode static only, not for ${mode}.` };
  }
  try {
    const analysis = await analyzeQuantization(quantized, {
      data: measurable!.data,
      ...(measurable!.metric ? { metric: measurable!.metric } : {}),
      samples: Math.min(samples, analyzedSamples),
      ablation: false,
      backend: backend.name,
      signal,
      ...(threads === undefined ? {} : { threads }),
      progress: ({ batch, batches }) =>
        progress(`analyzing batch ${batch + 1}${batches === null ? "" : ` of ${batches}`}`),
    });
    return { analysis, note: null };
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const { code, message } = error.diagnostic;
    if (code === "analyze/stopped") throw reportStopped(report, output);
    if (code !== "analyze/nothing-quantized") throw error;
    return { analysis: null, note: `The error of layers is not told: ${message}.` };
  }
}

/** Why a node stays float that could be quantized in another mode. */
function floatReason(mode: string): { readonly floatReason?: string } {
  if (mode === "weight-only")
    return { floatReason: "--mode weight-only stores weights as codes and computes in float" };
  return mode === "dynamic" ? { floatReason: "--mode dynamic quantizes products of matrices only" } : {};
}
