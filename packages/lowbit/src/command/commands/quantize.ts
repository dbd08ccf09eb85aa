import { InvalidArgumentError, Option, type Command } from "commander";
import type { Backend, Preference } from "@lowbit/backend-kit";
import { cloneModel, loadModel, type Model } from "@lowbit/ir";
import {
  improvementNames,
  integerOperators,
  planFromJson,
  planToJson,
  quantizeModel,
  type Improvement,
  type ObserverName,
  type PlanJson,
} from "@lowbit/quantize";
import { defaultPipeline, runPasses } from "@lowbit/rewrite";
import { loadBackend } from "../../backends/load-backend.ts";
import { calibrationFeeds } from "../../calibration-feeds.ts";
import { withWeightScheme, type WeightScheme } from "../../weight-scheme.ts";
import { addNormalization, dataForms, openData, type NormalizationOptions } from "../data-options.ts";
import { countText } from "../format/quantities.ts";
import { integerResultText, writeAndTell } from "../integer-result.ts";
import type { Interruptions } from "../interruption.ts";
import { finish } from "../job.ts";
import { checkWritable, modelFileBytes } from "../output-file.ts";
import { positiveInteger } from "../parse-values.ts";
import { readPlanFile, writePlanFile } from "../plan-file.ts";

interface QuantizeCommandOptions extends NormalizationOptions {
  readonly output: string;
  readonly backend: string;
  readonly calibrate: string;
  readonly samples: number;
  readonly observer: keyof typeof observers;
  readonly weights?: "int8" | "int4";
  readonly granularity?: NonNullable<WeightScheme["granularity"]>;
  readonly keepFloat?: readonly string[];
  readonly improve?: readonly Improvement[];
  readonly plan?: string;
  readonly savePlan?: string;
  readonly prefer: Preference;
  readonly format: "qdq" | "qoperator";
}

/** Observers by their names at the command line. */
const observers = {
  minmax: "min-max",
  "moving-average": "moving-average",
  histogram: "histogram",
  percentile: "percentile",
  entropy: "entropy",
  mse: "mse",
} as const satisfies Record<string, ObserverName>;

/** `lowbit quantize`: post-training quantization. */
export function addQuantize(program: Command, interruptions: Interruptions): void {
  const command = program
    .command("quantize")
    .description("post-training quantization: calibrate a float model and convert it to integers")
    .argument("<MODEL>", "float ONNX file")
    .option("-o, --output <OUT>", "where to write the integer model")
    .option("--backend <B>", "x86, arm, a module or an npm package, with features as in x86:avx2")
    .option("--calibrate <DATA>", dataForms)
    .option("--samples <N>", "at most this many samples for calibration", positiveInteger, 512)
    .addOption(
      new Option("--observer <name>", "how ranges are chosen").choices(Object.keys(observers)).default("minmax"),
    )
    .addOption(
      new Option("--weights <dtype>", "codes of weights (default: as the backend has them)").choices(["int8", "int4"]),
    )
    .option(
      "--granularity <G>",
      "scales of weights: tensor, channel or block:N (default: as the backend has them)",
      granularity,
    )
    .option(
      "--improve <names>",
      `done to the float model first, separated by commas: ${improvementNames.join(", ")} (default: nothing)`,
      improvements,
    )
    .option("--keep-float <GLOB...>", "nodes that stay float; * stands for any text")
    .option("--plan <FILE>", "quantize as this JSON says, not as the backend plans")
    .option("--save-plan <FILE>", "write the plan as JSON")
    .addOption(
      new Option("--prefer <what>", "integers where they are faster, or wherever there is a kernel")
        .choices(["speed", "integer"])
        .default("speed"),
    )
    .addOption(
      new Option("--format <form>", "float ops between QuantizeLinear and DequantizeLinear, or integer operators")
        .choices(["qdq", "qoperator"])
        .default("qdq"),
    );
  const required = ["output", "backend", "calibrate"];
  finish<QuantizeCommandOptions>(addNormalization(command), interruptions, required, async (job) => {
    const { terminal, options, config } = job;
    const [path] = job.args as readonly [string];
    const { output, samples, savePlan, keepFloat = [], threads } = options;
    const backend = await loadBackend(options.backend, { prefer: options.prefer, known: config.backends ?? [] });
    checkWritable(output);
    if (savePlan !== undefined) checkWritable(savePlan);
    const model = loadModel(path, { report: (finding) => terminal.report(finding) });
    const plan = planOf(model, backend, options);
    const data = await openData(options.calibrate, model, options);
    const total = Math.min(samples, data.size ?? samples);
    const lower = options.format === "qoperator" ? [...backend.lower, integerOperators] : backend.lower;
    const quantized = await quantizeModel(model, {
      backend: { ...backend, lower },
      data: calibrationFeeds(data, model.graph.inputs, { samples }),
      observer: observers[options.observer],
      keepFloat,
      ...(plan ? { plan } : {}),
      ...(options.improve ? { improve: options.improve } : {}),
      ...(threads === undefined ? {} : { threads }),
      progress: (seen) => terminal.progress(`calibrating: ${countText(seen)} of ${countText(total)} samples`),
    });
    for (const finding of quantized.diagnostics) terminal.report(finding);
    const made = { ...quantized, backend: backend.name, otherBytes: modelFileBytes(path, model) };
    const result = await writeAndTell(made, output, data, threads);
    if (savePlan !== undefined) writePlanFile(savePlan, quantized.plan);
    const { samples: calibrated } = quantized.calibration;
    terminal.result({ ...result, samples: calibrated }, () => integerResultText(result));
  });
}

/** The plan to use instead of the backend's own; undefined when there is nothing to change. */
function planOf(model: Model, backend: Backend, options: QuantizeCommandOptions): PlanJson | undefined {
  const { weights, granularity: scales, keepFloat = [] } = options;
  const json = options.plan === undefined ? undefined : readPlanFile(options.plan);
  if (weights === undefined && scales === undefined) return json;
  const optimized = cloneModel(model);
  runPasses(optimized, defaultPipeline);
  const plan = json ? planFromJson(optimized.graph, json) : backend.quantizer.annotate(optimized.graph, { keepFloat });
  const scheme: WeightScheme = {
    ...(weights === undefined ? {} : { dtype: weights }),
    ...(scales === undefined ? {} : { granularity: scales }),
  };
  return planToJson(withWeightScheme(plan, scheme));
}

function granularity(text: string): NonNullable<WeightScheme["granularity"]> {
  if (text === "tensor" || text === "channel") return text;
  const size = /^block:([1-9]\d*)$/.exec(text)?.[1];
  if (size === undefined) throw new InvalidArgumentError("It must be tensor, channel or block:N.");
  return { block: Number(size) };
}

function improvements(text: string): readonly Improvement[] {
  return text.split(",").map((name) => {
    const known = improvementNames.find((each) => each === name.trim());
    if (!known) throw new InvalidArgumentError(`It must name some of ${improvementNames.join(", ")}.`);
    return known;
  });
}
