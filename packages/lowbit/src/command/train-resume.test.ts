import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { randomStream } from "@lowbit/train";
import { command, Workshop } from "../workshop.testing.ts";

vi.setConfig({ testTimeout: 300_000 });

let workshop: Workshop;
beforeAll(() => {
  workshop = new Workshop().withMlp();
});
afterAll(() => workshop.close());

/** Four times in the ordinary tests; `npm run test:resume` kills as often as the promise says. */
const kills = process.env["npm_lifecycle_event"] === "test:resume" ? 20 : 4;

const args =
  "mlp.onnx --backend x86 --prefer integer --data train.npz --validate test.npz --epochs 200 --lr 1e-3 --schedule cosine --seed 3 --freeze-observers 20 --freeze-batch-norm 40 --keep best --threads 1";

/** When to kill: some milliseconds after the process was started, or after it first told an epoch. */
interface Moment {
  readonly from: "start" | "epoch";
  readonly milliseconds: number;
}

/** Starts the command and kills it; whether it was still alive then. */
function runUntil(text: string, { from, milliseconds }: Moment): Promise<boolean> {
  const child = spawn(process.execPath, [command, ...text.split(" ")], { cwd: workshop.folder });
  let timer: NodeJS.Timeout | null = null;
  const arm = (): void => {
    timer ??= setTimeout(() => child.kill("SIGKILL"), milliseconds);
  };
  if (from === "start") arm();
  child.stderr.on("data", (said: Buffer) => {
    if (said.includes("epoch")) arm();
  });
  return new Promise((resolve) => {
    child.on("close", (_, signal) => {
      if (timer) clearTimeout(timer);
      resolve(signal === "SIGKILL");
    });
  });
}

test(`a run killed at ${kills} random moments ends with the same bytes`, async () => {
  const whole = await workshop.run(`train ${args} -o whole.onnx`);
  expect(whole.code).toBe(0);
  const random = randomStream(7);
  let killed = 0;
  for (let life = 0; life < kills; life++) {
    const from = life % 4 === 3 ? "start" : "epoch";
    const moment: Moment = { from, milliseconds: random() * (from === "start" ? 1500 : 200) };
    const resume = existsSync(workshop.path("state/checkpoint.json")) ? " --resume" : "";
    if (await runUntil(`train ${args} -o resumed.onnx --checkpoint state --checkpoint-every 0.01${resume}`, moment))
      killed++;
  }
  expect(killed).toBe(kills);
  expect(existsSync(workshop.path("resumed.onnx"))).toBe(false);
  const { code, stderr } = await workshop.run(`train ${args} -o resumed.onnx --checkpoint state --resume`);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^resumed at step /m);
  expect(readFileSync(workshop.path("resumed.onnx"))).toEqual(readFileSync(workshop.path("whole.onnx")));
});

test.skipIf(process.platform === "win32")("a full disk ends a run with one diagnostic, and loses nothing", async () => {
  const long = args.replace("--epochs 200", "--epochs 60");
  const whole = workshop.run(`train ${long} -o enough.onnx`);
  const first = await workshop.run(`train ${long} -o little.onnx --checkpoint disk`, { interruptAt: /epoch 5\/60/ });
  expect(first.code).toBe(130);
  // No file may grow beyond 2 or 4 kB (shells count in blocks of 512 or 1024 bytes): the state has 9 kB.
  const limited = await workshop.run(`train ${long} -o little.onnx --checkpoint disk --resume`, { fileBlocks: 4 });
  expect(limited.code).toBe(1);
  expect(limited.stderr.slice(limited.stderr.indexOf("error "))).toMatch(
    /^error train\/checkpoint: the checkpoint cannot be saved: .*\n {2}--> disk\n {2}help: that of step \d+ is there as it was: resume the run from it \(--resume\) once files fit there\n$/,
  );
  const { code } = await workshop.run(`train ${long} -o little.onnx --checkpoint disk --resume`);
  expect([code, (await whole).code]).toEqual([0, 0]);
  expect(readFileSync(workshop.path("little.onnx"))).toEqual(readFileSync(workshop.path("enough.onnx")));
  // What is done already is only written once more.
  const again = await workshop.run(`train ${long} -o again.onnx --checkpoint disk --resume`);
  expect(again.stderr.split("\n")[0]).toMatch(/^resumed at the end of the run, after step \d[\d ]*$/);
  expect(readFileSync(workshop.path("again.onnx"))).toEqual(readFileSync(workshop.path("enough.onnx")));
});
