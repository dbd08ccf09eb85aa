import type { Command } from "commander";
import { writeWholeFile } from "@lowbit/ir";
import { reportHtml, type ReportData } from "@lowbit/report";
import { runtimeVersion } from "@lowbit/runtime";
import { reportStopped } from "../diagnostics.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "./version.ts";

/** Adds `--report FILE`. */
export function addReport(command: Command, shows: string): Command {
  return command.option("--report <FILE>", `write ${shows} as one HTML page, which needs no network`);
}

/** Errors of layers settle with few samples, and each one costs runs of the model. */
export const analyzedSamples = 128;

/** Tells what is done for a report about a model that is written already. @throws CompileError `report/stopped`, from then on */
export function reportProgress(
  { report, output }: { readonly report: string; readonly output: string },
  terminal: Terminal,
  signal: AbortSignal,
): (doing: string) => void {
  return (doing) => {
    if (signal.aborted) throw reportStopped(report, output);
    terminal.progress(`for the report: ${doing}`);
  };
}

/** Writes a report, whole or not at all. @throws CompileError `file/write` */
export function writeReport(path: string, data: ReportData): void {
  writeWholeFile(path, Buffer.from(reportHtml(data)));
}

/** How a report of this command says where it is from. */
export function reportOrigin(): Pick<ReportData, "command" | "versions"> {
  const quoted = process.argv
    .slice(2)
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`));
  const versions = { lowbit: version(), "ONNX Runtime": runtimeVersion(), Node: process.versions.node };
  return { command: ["lowbit", ...quoted].join(" "), versions };
}
