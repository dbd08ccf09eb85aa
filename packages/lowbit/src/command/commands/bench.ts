import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { loadModel, writeWholeFile } from "@lowbit/ir";
import { calibrateCosts } from "../../calibrate-costs/calibrate-costs.ts";
import { benchmark, type Benchmark, type Timing } from "../../benchmark.ts";
import { sampleOf } from "../../sample-feeds.ts";
import { addNormalization, dataForms, openData, type NormalizationOptions } from "../data-options.ts";
import { millisecondsText, plural } from "../format/quantities.ts";
import { table } from "../format/table.ts";
import type { Interruptions } from "../interruption.ts";
import { finish } from "../job.ts";
import { checkWritable } from "../output-file.ts";
import { positiveInteger } from "../parse-values.ts";
import type { Terminal } from "../terminal.ts";

interface BenchOptions extends NormalizationOptions {
  readonly data?: string;
  readonly batch?: number;
  readonly calibrateCosts?: string;
}

/** `lowbit bench`: latency of one model, or of two measured in turns; or what kernels cost on this machine. */
export function addBench(program: Command, interruptions: Interruptions): void {
  const command = program
    .command("bench")
    .description("measure the latency of a model, or of two models in turns")
    .argument("[MODEL]", "ONNX file")
    .argument("[OTHER]", "ONNX file to compare with; the ratio is MODEL's time by OTHER's")
    .option("--batch <N>", "samples per run (default: 1, or what the model fixes)", positiveInteger)
    .option("--data <DATA>", `run samples of ${dataForms} (default: made up; open sides of images are 224)`)
    .option("--calibrate-costs <FILE>", "measure kernels instead, for `quantize --costs FILE`; takes some minutes");
  finish<BenchOptions>(addNormalization(command), interruptions, [], async ({ terminal, options, args, misuse }) => {
    const { calibrateCosts: output } = options;
    if (output !== undefined) {
      if (args.length > 0) misuse("option '--calibrate-costs <FILE>' takes no model");
      return measureCosts(output, terminal);
    }
    if (args.length === 0) misuse("missing required argument 'MODEL'");
    // Tells what is wrong with a file better than the runtime does.
    const [model] = args.map((path) => loadModel(path));
    const data = options.data === undefined ? null : await openData(options.data, model!, options);
    const threads = options.threads ?? availableParallelism();
    const result = await benchmark(args, {
      threads,
      ...(options.batch === undefined ? {} : { batch: options.batch }),
      ...(data ? { feeds: (batch) => sampleOf(model!, data, batch) } : {}),
      onProgress: (share) => terminal.progress(`measuring: ${Math.round(100 * share)} %`),
    });
    const [first, second] = result.timings;
    const facts = {
      batch: result.batch,
      threads,
      medianMs: rounded(first!.medianMs),
      otherMedianMs: second ? rounded(second.medianMs) : null,
      ratio: second ? rounded(first!.medianMs / second.medianMs) : null,
    };
    terminal.result(facts, () => text(result, threads, facts.ratio));
  });
}

async function measureCosts(output: string, terminal: Terminal): Promise<void> {
  checkWritable(output);
  const started = performance.now();
  const costs = await calibrateCosts({
    onProgress: (share) => terminal.progress(`measuring kernels: ${Math.round(100 * share)} %`),
  });
  writeWholeFile(output, Buffer.from(`${JSON.stringify(costs)}\n`));
  const seconds = Math.round((performance.now() - started) / 1000);
  const kernels = Object.values(costs).reduce((sum, { float, integer }) => sum + float.length + integer.length, 0);
  terminal.result(
    { output, kernels, seconds },
    () => `${output}: costs of ${kernels} kernels, measured in ${seconds} s`,
  );
}

/** Digits beyond these are noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(5));
}

function text({ timings, batch }: Benchmark, threads: number, ratio: number | null): string {
  const row = ({ model, medianMs, lowMs, highMs, runs }: Timing): string[] => [
    model,
    millisecondsText(medianMs),
    `${millisecondsText(lowMs)} to ${millisecondsText(highMs)}`,
    `${Number(((1000 * batch) / medianMs).toPrecision(3))}`,
    String(runs),
  ];
  const columns = [
    { title: "model" },
    { title: "median", align: "right" },
    { title: "middle half", align: "right" },
    { title: "samples/s", align: "right" },
    { title: "runs", align: "right" },
  ] as const;
  const settings = `batch ${batch}, ${plural(threads, "thread")}`;
  const lines = [table(columns, timings.map(row)), "", settings];
  return ratio === null ? lines.join("\n") : [...lines, `ratio ${ratio.toFixed(2)}: ${ratioText(ratio)}`].join("\n");
}

function ratioText(ratio: number): string {
  if (Math.abs(ratio - 1) < 0.02) return "both take the same time";
  return ratio > 1 ? "the second model is faster" : "the first model is faster";
}
