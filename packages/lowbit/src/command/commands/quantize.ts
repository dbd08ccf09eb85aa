import { Option, type Command } from "commander";
import { planProblems, type Backend } from "@lowbit/backend-kit";
import { loadModel, type Model } from "@lowbit/ir";
import {
  improvementsOverData,
  integerOperators,
  quantizationModes,
  quantizeModel,
  type Improvement,
  type PlanJson,
  type QuantizationMode,
} from "@lowbit/quantize";
import type { Dataset } from "@lowbit/train";
import { modelFileBytes } from "../../model-file-bytes.ts";
import { calibrationFeeds } from "../../calibration-feeds.ts";
import { beyondKernels } from "../../diagnostics.ts";
import { besideModel } from "../beside-model.ts";
import { addCalibration, calibrationFrom, calibrationMisuse, type CalibrationOptions } from "../calibration-options.ts";
import { addNormalization, dataForms, dataNameOf, openData, type NormalizationOptions } from "../data-options.ts";
import { countText } from "../format/quantities.ts";
import { integerResultText, writeAndTell } from "../integer-result.ts";
import type { Interruptions } from "../interruption.ts";
import { finish } from "../job.ts";
import { addPlacement, placingBackend, type PlacementOptions } from "../placement-options.ts";
import { fileConflict } from "../file-conflict.ts";
import { checkWritable } from "../output-file.ts";
import { searchTarget } from "../search-target.ts";
import { addTarget, targetContradiction, targetOf, type TargetCommandOptions } from "../target-options.ts";
import { searchReport, searchText } from "../target-report.ts";
import { plannedJson } from "../planned-json.ts";
import { addImprove, improveMisuse } from "../improve-option.ts";
import { readPlanFile, writePlanFile } from "../plan-file.ts";
import { addPlan, weightScheme, type PlanOptions } from "../plan-options.ts";
import { writeQuantizeReport } from "../quantize-report.ts";
import { addReport } from "../report-option.ts";

interface QuantizeCommandOptions
  extends NormalizationOptions, CalibrationOptions, PlanOptions, PlacementOptions, Omit<TargetCommandOptions, "mode"> {
  readonly output: string;
  readonly mode: QuantizationMode;
  readonly calibrate?: string;
  readonly improve?: readonly Improvement[];
  readonly format: "qdq" | "qoperator";
  readonly report?: string;
}

/** `lowbit quantize`: post-training quantization. */
export function addQuantize(program: Command, interruptions: Interruptions): void {
  const command = program
    .command("quantize")
    .description("post-training quantization: calibrate a float model and convert it to integers")
    .argument("<MODEL>", "float ONNX file")
    .option("-o, --output <OUT>", "where to write the integer model")
    .option("--backend <B>", "x86, arm, a module or an npm package, with features as in x86:avx2")
    .addOption(
      new Option(
        "--mode <mode>",
        "scales of activations from calibration, found at run time (products of matrices), or weights only",
      )
        .choices(quantizationModes)
        .default("static"),
    )
    .option("--calibrate <DATA>", `${dataForms} (needed for static, and for improvers that look at data)`);
  addPlacement(addImprove(addPlan(addCalibration(command)))).addOption(
    new Option("--format <form>", "float ops between QuantizeLinear and DequantizeLinear, or integer operators")
      .choices(["qdq", "qoperator"])
      .default("qdq"),
  );
  const required = ["output", "backend"];
  addReport(command, "the error of each layer, what it costs and what it gains");
  finish<QuantizeCommandOptions>(addNormalization(addTarget(command)), interruptions, required, async (job) => {
    const { terminal, options, config } = job;
    const [path] = job.args as readonly [string];
    const { output, samples, savePlan, keepFloat = [], threads, mode, calibrationCache } = options;
    const contradiction = contradictionIn(options) ?? calibrationMisuse(options) ?? targetContradiction(options);
    if (contradiction) job.misuse(contradiction);
    const conflict = filesInTheWay(path, options);
    if (conflict !== null) job.misuse(conflict);
    const backend = await placingBackend(options, config);
    checkWritable(output);
    if (savePlan !== undefined) checkWritable(savePlan);
    if (calibrationCache !== undefined) checkWritable(calibrationCache);
    if (options.report !== undefined) checkWritable(options.report);
    const model = loadModel(path, { report: (finding) => terminal.report(finding) });
    const data = options.calibrate === undefined ? null : await openData(options.calibrate, model, options);
    const plan = await planOf(model, backend, options, data);
    const total = Math.min(samples, data?.size ?? samples);
    const lower = options.format === "qoperator" ? [...backend.lower, integerOperators] : backend.lower;
    const settings = {
      backend: { ...backend, lower },
      weights: weightScheme(options),
      ...calibrationFrom(options),
      keepFloat,
      ...(options.improve ? { improve: options.improve } : {}),
      ...(threads === undefined ? {} : { threads }),
    };
    const feeds = data && calibrationFeeds(data, model.graph.inputs, { samples });
    const given = plan ? { plan } : {};
    const toTarget =
      data && feeds && targetOf(options)
        ? await searchTarget(job, model, { ...settings, ...given, data: feeds }, { options, calibration: data })
        : null;
    const quantized =
      toTarget?.quantized ??
      (await quantizeModel(model, {
        ...settings,
        ...given,
        mode,
        ...(feeds ? { data: feeds } : {}),
        ...(calibrationCache === undefined
          ? {}
          : { cache: calibrationCache, dataName: dataNameOf(options.calibrate, options) }),
        progress: (seen) => terminal.progress(`calibrating: ${countText(seen)} of ${countText(total)} samples`),
      }));
    for (const finding of quantized.diagnostics) terminal.report(finding);
    const problems = mode === "static" && plan ? planProblems(quantized.plan, backend.capabilities) : [];
    if (problems.length > 0) terminal.report(beyondKernels(backend.name, problems));
    const made = { ...quantized, backend, otherBytes: modelFileBytes(path, model) };
    const result = await writeAndTell(made, output, data, threads, (finding) => terminal.report(finding));
    await besideModel(output, async () => {
      if (savePlan !== undefined) writePlanFile(savePlan, quantized.plan, quantized.improve);
      const { report, calibrate: source } = options;
      if (report === undefined) return;
      const search = toTarget && searchReport(toTarget.search);
      const done = {
        report,
        path,
        output,
        model,
        quantized,
        backend,
        mode,
        source,
        samples,
        threads,
        search,
      };
      await writeQuantizeReport(done, options, terminal, interruptions);
    });
    const { samples: calibrated } = quantized.calibration;
    const search = toTarget ? { search: toTarget.search } : {};
    terminal.result({ ...result, mode, samples: calibrated, ...search }, () =>
      [...(toTarget ? [searchText(toTarget.search), ""] : []), integerResultText(result, mode)].join("\n"),
    );
  });
}

/** What is wrong with the options together; null if nothing is. */
function contradictionIn({
  mode,
  calibrate,
  improve = [],
  plan,
  weights,
  granularity: scales,
}: QuantizeCommandOptions): string | null {
  const hungry = improve.find((name) => improvementsOverData.includes(name));
  if (calibrate === undefined && mode === "static") return "required option '--calibrate <DATA>' not specified";
  if (calibrate === undefined && hungry) return `--improve ${hungry} looks at data: give some with --calibrate`;
  const misuse = improveMisuse(improve);
  if (misuse !== null) return misuse;
  if (mode !== "dynamic" || plan !== undefined) return null;
  if (weights === "int4") return "--mode dynamic multiplies 8-bit integers: int4 weights are for --mode weight-only";
  if (typeof scales === "object")
    return "--mode dynamic takes --granularity tensor or channel, blocks are for --mode weight-only";
  return null;
}

/** Which files that are written are the same, or are read too; null if none. A model may be replaced by its integer form. */
function filesInTheWay(path: string, options: QuantizeCommandOptions): string | null {
  const { output, report, savePlan, state, calibrationCache, calibrate, validate, costs } = options;
  const others = {
    "--report": report,
    "--save-plan": savePlan,
    "--state": state,
    "--calibration-cache": calibrationCache,
  };
  const read = { MODEL: path, "--calibrate": calibrate, "--validate": validate, "--costs": costs };
  return fileConflict({ "--output": output, ...others }, {}) ?? fileConflict(others, read);
}

/** The plan to use instead of the one of the backend or mode; undefined when there is nothing to change. */
async function planOf(
  model: Model,
  backend: Backend,
  options: QuantizeCommandOptions,
  data: Dataset | null,
): Promise<PlanJson | undefined> {
  // A search plans anew around each layer that it leaves float, and other modes make their plan by themselves.
  const isGiven = targetOf(options) !== null || (options.plan === undefined && options.mode !== "static");
  if (!isGiven) return plannedJson(model, backend, options, data);
  return options.plan === undefined ? undefined : readPlanFile(options.plan);
}
