import { Command } from "commander";
import { addAnalyze } from "./commands/analyze.ts";
import { addBackends } from "./commands/backends.ts";
import { addBench } from "./commands/bench.ts";
import { addCompare } from "./commands/compare.ts";
import { addEval } from "./commands/eval.ts";
import { addInspect } from "./commands/inspect.ts";
import { addOpt } from "./commands/opt.ts";
import { addQuantize } from "./commands/quantize.ts";
import { addTrain } from "./commands/train.ts";
import { addVerify } from "./commands/verify.ts";
import type { Interruptions } from "./interruption.ts";
import { version } from "./version.ts";

/** The `lowbit` command with all its sub-commands. Wrong usage throws a CommanderError instead of ending the process. */
export function createProgram(interruptions: Interruptions): Command {
  const program = new Command("lowbit")
    .description("A graph-rewriting quantization compiler for ONNX models")
    .version(version(), "-v, --version", "print the version")
    .helpOption("-h, --help", "explain a command")
    .helpCommand(false)
    .showHelpAfterError("(lowbit COMMAND --help explains a command)")
    .exitOverride();
  for (const add of [
    addInspect,
    addOpt,
    addQuantize,
    addTrain,
    addEval,
    addBench,
    addCompare,
    addAnalyze,
    addVerify,
    addBackends,
  ])
    add(program, interruptions);
  return program;
}
