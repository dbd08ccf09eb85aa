import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Backend } from "@lowbit/backend-kit";
import { CompileError, writeWholeFile, type Graph, type Model } from "@lowbit/ir";
import type { QuantPlan, Skipped } from "@lowbit/quantize";
import { TrainingRecord, type TrainingCurves } from "@lowbit/report";
import type { Dataset, FitEvent, MetricName } from "@lowbit/train";
import { analyzeQuantization } from "../analysis/analyze-quantization.ts";
import { badCurvesFile } from "../diagnostics.ts";
import { interruptedReport, modelReport, type ReportSubject } from "../report/model-report.ts";
import type { Interruptions } from "./interruption.ts";
import { readJsonFile } from "./json-file.ts";
import { analyzedSamples, reportOrigin, reportProgress, writeReport } from "./report-option.ts";
import type { Terminal } from "./terminal.ts";

/** What a training report is about from the beginning. */
export interface TrainReportOptions {
  readonly report: string;
  readonly path: string;
  readonly model: Model;
  readonly backend: Backend | null;
  /** What is measured after each epoch, and on the results; null for nothing. */
  readonly metric: MetricName | null;
  readonly validates: boolean;
  readonly checkpoint: string | undefined;
  readonly resume: boolean;
}

/** A trained model. */
export interface Trained {
  readonly model: Model;
  readonly output: string;
  /** Null for a float model. */
  readonly quantization: { readonly prepared: Model; readonly plan: QuantPlan } | null;
  readonly skipped: readonly Skipped[];
  readonly data: Dataset;
  readonly source: string;
  readonly threads: number | undefined;
}

const curvesName = "curves.json";
/** Of training data; validation data are measured whole, as after each epoch. */
const measuredSamples = 2000;

/** The report of a training: it takes in what happens, and is written when the training ends, however it does. */
export class TrainReport {
  readonly #options: TrainReportOptions;
  readonly #record: TrainingRecord;

  /** @throws CompileError `train/checkpoint` for curves of the run that is resumed which cannot be read */
  constructor(options: TrainReportOptions) {
    this.#options = options;
    const { metric, validates, checkpoint, resume } = options;
    const file = checkpoint === undefined ? null : join(checkpoint, curvesName);
    const earlier =
      file !== null && resume && existsSync(file) ? (readJsonFile(file, badCurvesFile) as TrainingCurves) : null;
    this.#record = new TrainingRecord(validates ? metric : null, earlier);
  }

  event(event: FitEvent): void {
    this.#record.event(event);
    const { checkpoint } = this.#options;
    // Beside the state, so that a resumed run shows what came before.
    if (event.kind !== "saved" || checkpoint === undefined) return;
    writeWholeFile(join(checkpoint, curvesName), Buffer.from(`${JSON.stringify(this.#record.curves())}\n`));
  }

  /** Writes what there is of a training that ended with an error, if any of it ran; then throws the error on. */
  endWith(error: unknown, terminal: Terminal): never {
    const training = this.#record.curves();
    if (error instanceof CompileError && training.steps.length > 0) {
      const { report, model, metric } = this.#options;
      const subject = { ...this.#subject(model.graph), models: { float: { model }, made: { model } }, training };
      const reason = `This training did not reach its end: ${error.diagnostic.message}`;
      writeReport(report, interruptedReport(subject, reason, { ...reportOrigin(), metric }));
      terminal.note(`${report}: what happened until then`);
    }
    throw error;
  }

  /** Measures the trained model and writes the report. @throws CompileError `report/stopped`, `file/write` */
  async write(trained: Trained, terminal: Terminal, interruptions: Interruptions): Promise<void> {
    const { report, path, model, metric, backend, validates } = this.#options;
    const { output, quantization, skipped, data, source, threads } = trained;
    await interruptions.guard(async (signal) => {
      const progress = reportProgress({ report, output }, terminal, signal);
      const runtime = threads === undefined ? {} : { threads };
      const analysis = quantization
        ? await analyzeQuantization(quantization, {
            data,
            ...(metric && data.hasTargets ? { metric } : {}),
            samples: analyzedSamples,
            ablation: false,
            backend: backend?.name ?? "",
            ...runtime,
            progress: ({ batch }) => progress(`analyzing batch ${batch + 1}`),
          })
        : null;
      const subject: ReportSubject = {
        ...this.#subject(quantization?.plan.graph ?? trained.model.graph),
        skipped,
        models: {
          float: { model, path },
          made: { model: trained.model, path: output, runtimeConfig: backend?.runtimeConfig },
        },
        analysis,
        training: this.#record.curves(),
      };
      const options = {
        ...reportOrigin(),
        data,
        dataName: source,
        metric,
        samples: validates ? Infinity : measuredSamples,
        ...runtime,
        progress,
      };
      writeReport(report, await modelReport(subject, options));
    });
  }

  #subject(graph: Graph): Omit<ReportSubject, "models"> {
    const { path, backend } = this.#options;
    return { name: path, kind: "train", backend: backend?.name ?? null, graph, skipped: [], analysis: null };
  }
}
