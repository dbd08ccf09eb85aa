import type { Command } from "commander";
import { loadModel, printModel, type Diagnostic } from "@lowbit/ir";
import { loadBackend } from "../../backends/load-backend.ts";
import { summarize, type ModelSummary } from "../../model-summary.ts";
import { quantizable, type Quantizable } from "../../quantizable.ts";
import { bytesText, countText } from "../format/quantities.ts";
import { facts, table } from "../format/table.ts";
import type { Interruptions } from "../interruption.ts";
import { skippedLines } from "../integer-result.ts";
import { finish } from "../job.ts";
import { preferOption, type PreferOptions } from "../prefer-option.ts";
import { modelFileBytes } from "../../model-file-bytes.ts";

interface InspectOptions extends PreferOptions {
  readonly text?: boolean;
  readonly backend?: string;
}

/** `lowbit inspect`: what a model is made of, and what a backend would quantize. */
export function addInspect(program: Command, interruptions: Interruptions): void {
  const command = program
    .command("inspect")
    .description("show what a model is made of, and what a backend would quantize")
    .argument("<MODEL>", "ONNX file")
    .option("--text", "print the model in the ONNX text form")
    .option("--backend <B>", "x86, arm, a module or an npm package: what it would run on integers")
    .addOption(preferOption());
  finish<InspectOptions>(command, interruptions, [], async ({ terminal, options, args, config }) => {
    const [path] = args as readonly [string];
    const backend = options.backend
      ? await loadBackend(options.backend, { prefer: options.prefer, known: config.backends ?? [] })
      : null;
    const model = loadModel(path, { report: (finding: Diagnostic) => terminal.report(finding) });
    const summary = { file: path, bytes: modelFileBytes(path, model), ...summarize(model) };
    const plan = backend && quantizable(model, backend);
    const text = options.text ? printModel(model) : null;
    terminal.result({ ...summary, ...(plan ? { quantizable: plan } : {}), ...(text === null ? {} : { text }) }, () =>
      text === null ? [summaryText(summary), ...(plan ? ["", planText(plan)] : [])].join("\n") : text,
    );
  });
}

function summaryText(summary: ModelSummary & { readonly file: string; readonly bytes: number }): string {
  const opsets = Object.entries(summary.opsets).map(
    ([domain, version]) => `${domain === "" ? "ai.onnx" : domain} ${version}`,
  );
  const ports = (list: ModelSummary["inputs"]): string =>
    list.map(({ name, type }) => `${name}: ${type}`).join("\n         ");
  const rows = Object.entries(summary.ops).map(([op, count]) => [op, String(count)]);
  const head = facts([
    ["file", `${summary.file} (${bytesText(summary.bytes)})`],
    ["opset", `${opsets.join(", ")} (IR version ${summary.irVersion})`],
    ...(summary.producer === "" ? [] : [["made by", summary.producer] as const]),
    ["inputs", ports(summary.inputs)],
    ["outputs", ports(summary.outputs)],
    ["weights", `${countText(summary.parameters)} numbers, ${bytesText(summary.tensorBytes)}`],
    ["nodes", countText(summary.nodes)],
  ]);
  return rows.length === 0 ? head : `${head}\n\n${table([{ title: "op" }, { title: "nodes", align: "right" }], rows)}`;
}

function planText({ backend, ops, skipped }: Quantizable): string {
  const rows = Object.entries(ops).map(([op, { integer, float }]) => [op, String(integer), String(float)]);
  const columns = [
    { title: `for ${backend}` },
    { title: "integer", align: "right" },
    { title: "float", align: "right" },
  ] as const;
  const lines = skippedLines(skipped);
  return [table(columns, rows), ...(lines.length > 0 ? ["", "stays float:", ...lines] : [])].join("\n");
}
