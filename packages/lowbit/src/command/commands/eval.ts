import { Option, type Command } from "commander";
import { loadModel } from "@lowbit/ir";
import { evaluate, type Evaluation, type MetricName } from "@lowbit/train";
import {
  addNormalization,
  counted,
  dataForms,
  openLabelled,
  targetsFor,
  type NormalizationOptions,
} from "../data-options.ts";
import { facts } from "../format/table.ts";
import { countText, percentText } from "../format/quantities.ts";
import type { Interruptions } from "../interruption.ts";
import { finish } from "../job.ts";
import { positiveInteger } from "../parse-values.ts";

interface EvalOptions extends NormalizationOptions {
  readonly data: string;
  readonly metric: MetricName;
  readonly batch?: number;
}

/** `lowbit eval`: runs a model on ONNX Runtime over labelled data and measures its first output. */
export function addEval(program: Command, interruptions: Interruptions): void {
  const command = program
    .command("eval")
    .description("measure a model on labelled data")
    .argument("<MODEL>", "ONNX file, float or quantized")
    .option("--data <DATA>", dataForms)
    .addOption(
      new Option("--metric <name>", "what to measure").choices(["accuracy", "top5", "mse"]).default("accuracy"),
    )
    .option("--batch <N>", "samples per run (default: 100)", positiveInteger);
  finish<EvalOptions>(addNormalization(command), interruptions, ["data"], async ({ terminal, options, args }) => {
    const [path] = args as readonly [string];
    const { metric, batch, threads } = options;
    const data = await openLabelled(options.data, loadModel(path), options, targetsFor(metric));
    const total = data.size === null ? "" : ` of ${countText(data.size)}`;
    const watched = counted(data, (drawn) => terminal.progress(`${countText(drawn)}${total} samples`));
    const evaluation = await evaluate(path, watched, {
      metric,
      ...(batch === undefined ? {} : { batch }),
      ...(threads === undefined ? {} : { threads }),
    });
    terminal.result(evaluation, () => text(evaluation));
  });
}

function text({ samples, metric, value, loss }: Evaluation): string {
  const shown = metric === "mse" ? String(Number(value.toPrecision(5))) : percentText(value, 2);
  return facts([
    [metric, shown],
    ...(metric === "mse" ? [] : [["loss", loss.toFixed(4)] as const]),
    ["samples", countText(samples)],
  ]);
}
