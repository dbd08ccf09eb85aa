import type { Command } from "commander";
import { loadModel, printGraph, type Model } from "@lowbit/ir";
import { Explanation, findingText, graphsWithin, type Finding, type PassRecord } from "@lowbit/rewrite";
import { createCompiler } from "../../compiler.ts";
import { saveModel } from "../../deployed-file.ts";
import { bytesText, countText, millisecondsText, plural } from "../format/quantities.ts";
import { table } from "../format/table.ts";
import type { Interruptions } from "../interruption.ts";
import { finish } from "../job.ts";
import { modelFileBytes } from "../../model-file-bytes.ts";
import { checkWritable } from "../output-file.ts";

interface OptOptions {
  readonly output: string;
  readonly passes: string;
  readonly printAfter?: string;
  readonly verifyEach?: boolean;
  readonly timing?: boolean;
  readonly explain?: readonly string[];
}

/** `lowbit opt`: runs a pass pipeline on a model. */
export function addOpt(program: Command, interruptions: Interruptions): void {
  const command = program
    .command("opt")
    .description("run a pass pipeline on a model")
    .argument("<MODEL>", "ONNX file")
    .option("-o, --output <OUT>", "where to write the result")
    .option("--passes <SPEC>", "passes and pipelines, as in canonicalize,fold-constants{max-bytes=1024}", "default")
    .option("--print-after <PASS|all>", "print the graph on standard error after a pass that changed it")
    .option("--verify-each", "check the graph after every pass")
    .option("--timing", "show what each pass did and how long it took")
    .option("--explain <RULE...>", "tell where rules applied and where they nearly did, and why not");
  finish<OptOptions>(command, interruptions, ["output"], async ({ terminal, options, args, config }) => {
    const [path] = args as readonly [string];
    const { output, explain, printAfter } = options;
    const compiler = createCompiler({ passes: config.passes ?? [] });
    const passes = compiler.pipeline(options.passes);
    checkWritable(output);
    const before = loadModel(path, { report: (finding) => terminal.report(finding) });
    const explanation = explain ? new Explanation(explain) : null;
    const { model, report } = compiler.optimize(before, {
      passes,
      verifyEach: options.verifyEach ?? false,
      ...(explanation ? { explanation } : {}),
      after: ({ pass, changed }, current) => {
        if (pass === printAfter || (printAfter === "all" && changed > 0)) {
          process.stderr.write(`# after ${pass}\n${printGraph(current.graph, { origins: true })}\n\n`);
        }
      },
    });
    for (const finding of report.diagnostics) terminal.report(finding);
    const otherBytes = modelFileBytes(path, before);
    saveModel(model, output);
    const findings = explanation?.findings() ?? null;
    const result = {
      bytes: modelFileBytes(output, loadModel(output)),
      otherBytes,
      nodes: nodeCount(model),
      otherNodes: nodeCount(before),
      changed: report.changed,
      ...(options.timing ? { passes: report.records } : {}),
      ...(findings ? { findings } : {}),
    };
    terminal.result(result, () =>
      [
        ...(options.timing ? [timingTable(report.records), ""] : []),
        ...(findings ? [...explanationLines(findings, explain ?? []), ""] : []),
        `${output}: ${countText(result.otherNodes)} -> ${plural(result.nodes, "node")}, ` +
          `${bytesText(result.otherBytes)} -> ${bytesText(result.bytes)}`,
      ].join("\n"),
    );
  });
}

function nodeCount(model: Model): number {
  return graphsWithin(model.graph).reduce((sum, graph) => sum + graph.nodes.length, 0);
}

function timingTable(records: readonly PassRecord[]): string {
  const columns = [
    { title: "pass" },
    { title: "time", align: "right" },
    { title: "changes", align: "right" },
    { title: "nodes", align: "right" },
  ] as const;
  const rows = records.map(({ pass, within, milliseconds, changed, nodesAfter }) => [
    `${"  ".repeat(within.length)}${pass}`,
    millisecondsText(milliseconds),
    countText(changed),
    countText(nodesAfter),
  ]);
  return table(columns, rows);
}

function explanationLines(findings: readonly Finding[], rules: readonly string[]): readonly string[] {
  const silent = rules.filter((rule) => !findings.some((finding) => finding.rule === rule));
  return [
    ...findings.map(findingText),
    ...silent.map((rule) => `${rule}: neither applied nor nearly matched at any node`),
  ];
}
