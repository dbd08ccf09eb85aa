import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { npzBytes } from "@lowbit/test-models";
import { loadModel } from "@lowbit/ir";
import { command, samples, Workshop } from "../workshop.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let workshop: Workshop;
beforeAll(() => {
  workshop = new Workshop().withMlp();
  workshop.write("unlabelled.npz", npzBytes({ x: samples(64, 3).x }));
});
afterAll(() => workshop.close());

const float = "train mlp.onnx -o x.onnx --float --data train.npz --threads 1";

/** Runs `lowbit` with a line of shell around it, where it stands as `$lowbit`. */
function shell(line: string): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const env = { ...process.env, lowbit: `${process.execPath} ${command}` };
  const { status, stdout, stderr } = spawnSync("sh", ["-c", line], { cwd: workshop.folder, env, encoding: "utf8" });
  return { code: status, stdout, stderr };
}

/** A data module that does away with a folder as soon as it is read: what was looked at before is no longer so. */
function dataThatRemoves(folder: string): string {
  return `import { rmSync } from "node:fs";
    rmSync(${JSON.stringify(folder)}, { recursive: true });
    const labels = Array.from({ length: 48 }, (_, i) => i % 3);
    const data = Float32Array.from(labels.flatMap((label) => Array.from({ length: 16 }, (_, i) => Math.sin(label + i))));
    export default [{ x: { data, dims: [48, 16] }, y: BigInt64Array.from(labels, BigInt) }];`;
}

function eventsOf(text: string): readonly unknown[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => (JSON.parse(line) as { readonly event: unknown }).event);
}

describe.skipIf(process.platform === "win32")("metrics", () => {
  test("go into a pipe, all of them", () => {
    const { code, stdout } = shell(`mkfifo pipe; $lowbit ${float} --quiet --metrics pipe >result & cat pipe; wait $!`);
    expect([code, eventsOf(stdout).at(0), eventsOf(stdout).slice(-2)]).toEqual([0, "progress", ["epoch", "done"]]);
  });

  test("end with a warning where their reader leaves, and the training goes on", () => {
    rmSync(workshop.path("x.onnx"), { force: true });
    const { code, stderr } = shell(
      `mkfifo short; $lowbit ${float} --epochs 30 --metrics short & head -n 1 short >first; wait $!`,
    );
    expect(code).toBe(0);
    expect(stderr.match(/warning train\/metrics.*\n.*\n.*/g)).toEqual([
      "warning train/metrics: the metrics end here: they cannot be written any more: EPIPE: broken pipe\n  --> short\n  help: the training goes on without them",
    ]);
    expect(existsSync(workshop.path("x.onnx"))).toBe(true);
  });

  test.skipIf(!existsSync("/dev/full"))("end with a warning where the disk is full", () => {
    const { code, stderr } = shell(`$lowbit ${float} --metrics /dev/full`);
    expect([code, stderr.split("\n")[0]]).toEqual([
      0,
      "warning train/metrics: the metrics end here: they cannot be written any more: ENOSPC: no space left on device",
    ]);
  });

  test.each(["/dev/stdout", "/dev/fd/1"])("stand in the file that standard output goes to, as %s", (name) => {
    const { code } = shell(`echo before >both; $lowbit ${float} --metrics ${name} >>both`);
    const text = readFileSync(workshop.path("both"), "utf8");
    expect([code, text.split("\n")[0], eventsOf(text).at(-1), text.split("\n").at(-2)]).toEqual([
      0,
      "before",
      "done",
      "x.onnx: 2.90 kB -> 2.90 kB",
    ]);
  });
});

describe("nothing is lost", () => {
  test("of a model whose place does not take it any more", async () => {
    mkdirSync(workshop.path("gone"));
    workshop.write("takes-away.mjs", dataThatRemoves("gone"));
    mkdirSync(workshop.path("temporary"));
    const { code, stderr } = await workshop.run(
      "train mlp.onnx -o gone/x.onnx --float --data takes-away.mjs --quiet --threads 1",
      { env: { TMPDIR: workshop.path("temporary") } },
    );
    expect([code, stderr.replace(workshop.folder, "FOLDER").replace(/model-\w+/, "model-NAME")]).toEqual([
      1,
      `error file/write: the file cannot be written: ENOENT: no such file or directory
  --> gone/x.onnx
  help: nothing is lost: the model is in "FOLDER/temporary/lowbit-model-NAME/x.onnx", move it from there
`,
    ]);
    expect(loadModel(/the model is in "(.*)"/.exec(stderr)![1]!).graph.inputs).toHaveLength(1);
  });

  test("of a model whose plan cannot be written", async () => {
    mkdirSync(workshop.path("plans"));
    workshop.write("takes-plans.mjs", dataThatRemoves("plans"));
    rmSync(workshop.path("planned.onnx"), { force: true });
    const { code, stderr } = await workshop.run(
      "train mlp.onnx -o planned.onnx --backend x86 --data takes-plans.mjs --save-plan plans/p.json --quiet",
    );
    expect([code, stderr]).toEqual([
      1,
      'error file/write: the file cannot be written: ENOENT: no such file or directory\n  --> plans/p.json\n  help: nothing else is lost: the model is written, to "planned.onnx"\n',
    ]);
    expect(existsSync(workshop.path("planned.onnx"))).toBe(true);
  });
});

describe("is told before anything is calibrated or trained", () => {
  const noTargets = (name: string): string =>
    `error data/no-targets: the data has no targets
  --> ${name}
  help: an .npz needs an array \`y\`, an IDX pair its labels file, a module must yield \`y\`
`;

  test.each([
    ["data without targets", "--data unlabelled.npz", noTargets("unlabelled.npz")],
    ["validation without targets", "--data train.npz --validate unlabelled.npz", noTargets("unlabelled.npz")],
    [
      "no parameter to train",
      "--data train.npz --train none",
      `error train/no-parameters: no trainable parameter of the model matches "none"
  help: its parameters are w1 of fc1, b1 of fc1, w2 of fc2, b2 of fc2; \`*\` stands for any text
`,
    ],
    [
      "nothing to resume",
      "--data train.npz --checkpoint none --resume",
      `error train/nothing-to-resume: "none" holds no checkpoint to go on from
  --> none
  help: give the folder the run was saved in; to begin anew, leave out --resume
`,
    ],
  ])("%s", async (_, args, expected) => {
    const { code, stderr } = await workshop.run(`train mlp.onnx -o x.onnx --backend x86 ${args}`);
    expect([code, stderr]).toEqual([1, expected]);
  });

  test.each(["train.npz/x.onnx", `${"a".repeat(300)}.onnx`])("an output that can be nowhere: %s", async (path) => {
    for (const option of ["-o", "-o x.onnx --metrics", "-o x.onnx --report"]) {
      const { code, stderr } = await workshop.run(`train mlp.onnx --float --data train.npz ${option} ${path}`);
      const reason = dirname(path) === "." ? "ENAMETOOLONG: name too long" : "ENOTDIR: not a directory";
      expect([code, stderr]).toEqual([1, `error file/write: the file cannot be written: ${reason}\n  --> ${path}\n`]);
    }
  });

  test.skipIf(process.platform !== "linux")("a place that takes no files, by the name that was given", async () => {
    const reason = "ENOENT: no such file or directory";
    const output = await workshop.run("train mlp.onnx -o /proc/x.onnx --float --data train.npz");
    expect(output.stderr).toBe(`error file/write: the file cannot be written: ${reason}\n  --> /proc/x.onnx\n`);
    const folder = await workshop.run(`${float} --checkpoint /proc/x/y`);
    expect(folder.stderr).toBe(`error train/checkpoint: the checkpoint cannot be saved: ${reason}\n  --> /proc/x/y\n`);
    const stream = shell("$lowbit train mlp.onnx -o /dev/stdout --float --data train.npz >streamed");
    expect(stream.stderr).toBe(
      "error file/write: the file cannot be written: it is no file but a pipe or a device\n  --> /dev/stdout\n",
    );
  });
});
