/**
 * Runs the models of a job folder on ONNX Runtime and writes down their outputs. Started as a process of its own, under
 * an emulator where the machine is emulated: `runner.js <folder> <name of the results>`.
 */
import type { Feeds } from "@lowbit/runtime";
import { readJob, writeResults } from "./job.ts";
import { outputsOf } from "./outputs-of.ts";

const [folder, name] = process.argv.slice(2);
if (folder === undefined || name === undefined) throw new Error("usage: runner.js <folder> <name>");

const results: Feeds[][] = [];
for (const { path, feeds } of readJob(folder)) results.push(await outputsOf(path, feeds));
writeResults(folder, name, results);
