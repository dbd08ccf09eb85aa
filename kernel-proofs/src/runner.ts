/**
 * Runs the models of a job folder on ONNX Runtime and writes down their outputs. Started as a process of its own, under
 * an emulator where the machine is emulated: `runner.js <folder> <name of the results>`.
 */
import { Session, type Feeds } from "@lowbit/runtime";
import { readJob, writeResults } from "./job.ts";

const [folder, name] = process.argv.slice(2);
if (folder === undefined || name === undefined) throw new Error("usage: runner.js <folder> <name>");

const results: Feeds[][] = [];
for (const { path, feeds } of readJob(folder)) {
  const session = await Session.create(path, { threads: 1 });
  const outputs: Feeds[] = [];
  for (const each of feeds) outputs.push(await session.run(each));
  await session.release();
  results.push(outputs);
}
writeResults(folder, name, results);
