import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { npzBytes } from "@lowbit/test-models";
import { loadModel, newModel, parseGraph, saveModel, Tensor, type Model } from "@lowbit/ir";
import { Workshop } from "../workshop.testing.ts";
import { imageNet } from "./image-net.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let workshop: Workshop;
beforeAll(() => {
  workshop = new Workshop().withMlp();
});
afterAll(() => workshop.close());

/** x float[N,16], as a sequence of one, -> LSTM of 4 -> Gemm 3. */
function recurrent(): Model {
  return newModel(
    parseGraph(`net (float[N,16] x) => (float[N,3] y) <
      int64[1] first = {0}, float[1,16,16] w, float[1,16,4] r, int64[2] flat = {-1, 4}, float[3,4] w2> {
      s = Unsqueeze (x, first)
      [cell] h, last, c = LSTM <hidden_size = 4> (s, w, r)
      f = Reshape (last, flat)
      y = Gemm <transB = 1> (f, w2) }`),
  );
}

function lines(name: string): Record<string, unknown>[] {
  const text = readFileSync(workshop.path(name), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("metrics are JSON lines, one per event, with the codes that each epoch changed", async () => {
  await workshop.json(
    "train mlp.onnx -o a.onnx --backend x86 --prefer integer --data train.npz --validate test.npz --epochs 2 --freeze-observers 1 --lr 0.01 --metrics a.jsonl --threads 1",
  );
  const events = lines("a.jsonl");
  const epochs = events.filter(({ event }) => event === "epoch");
  expect(epochs.map(({ epoch, steps, best }) => [epoch, steps, typeof best])).toEqual([
    [1, 15, "boolean"],
    [2, 15, "boolean"],
  ]);
  for (const { changedCodes } of epochs) {
    const { share, layers } = changedCodes as { share: number; layers: Record<string, number> };
    expect(Object.keys(layers).toSorted()).toEqual(["w1", "w2"]);
    expect(share).toBeCloseTo((layers["w1"]! * 512 + layers["w2"]! * 96) / 608, 12);
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(1);
  }
  expect(events.filter(({ event }) => event === "phase").map(({ epoch }) => epoch)).toEqual([2]);
  expect(events.filter(({ event }) => event === "progress").at(-1)).toMatchObject({ step: 30, steps: 30 });
  expect(events.at(-1)).toMatchObject({ event: "done", epoch: 2 });
});

test("the best epoch is written and a run without progress ends early", async () => {
  const args = "mlp.onnx --float --data train.npz --validate test.npz --epochs 30 --lr 0.3 --seed 2 --threads 1";
  const { code, stderr } = await workshop.run(
    `train ${args} -o best.onnx --keep best --patience 3 --metrics best.jsonl`,
  );
  expect(code).toBe(0);
  const epochs = lines("best.jsonl").filter(({ event }) => event === "epoch") as { validation: number }[];
  const validations = epochs.map(({ validation }) => validation);
  const best = validations.indexOf(Math.max(...validations));
  expect(epochs.length).toBe(best + 4);
  expect(stderr).toContain(
    `ended early: nothing was better than epoch ${best + 1}\nkept the best epoch: ${best + 1}\n`,
  );
  expect(await workshop.json("eval best.onnx --data test.npz")).toMatchObject({ value: validations[best] });
});

test("only what --train and --freeze leave is trained", async () => {
  const weights = (model: string): Record<string, string> =>
    Object.fromEntries(
      [...loadModel(workshop.path(model)).graph.initializers].map((value) => [
        value.name,
        Buffer.from(value.initializer!.bytes()).toString("hex"),
      ]),
    );
  await workshop.json("train mlp.onnx -o f.onnx --float --data train.npz --train w*,b2 --freeze w1 --threads 1");
  const [before, after] = [weights("mlp.onnx"), weights("f.onnx")];
  expect(Object.keys(before).filter((name) => before[name] !== after[name])).toEqual(["w2", "b2"]);
});

test("the learning rate warms up and follows its schedule", async () => {
  await workshop.json(
    "train mlp.onnx -o s.onnx --float --data train.npz --batch 48 --epochs 20 --lr 0.01 --schedule step --warm-up 0.2 --metrics s.jsonl --threads 1",
  );
  const rates = lines("s.jsonl").flatMap((line) =>
    line["event"] === "progress" ? [[line["step"] as number, line["learningRate"] as number] as const] : [],
  );
  for (const [step, rate] of rates) {
    const progress = (step - 1) / 200;
    const factor = progress < 0.2 ? progress / 0.2 : 0.1 ** Math.floor(((progress - 0.2) / 0.8) * 3);
    expect(rate).toBeCloseTo(0.01 * factor, 12);
  }
});

test("the learning rate falls where --milestones say, also behind a warm-up", async () => {
  await workshop.json(
    "train mlp.onnx -o m.onnx --float --data train.npz --batch 48 --epochs 8 --lr 0.01 --schedule step --milestones 4,6 --gamma 0.5 --warm-up 0.25 --metrics m.jsonl --threads 1",
  );
  const rates = lines("m.jsonl").flatMap((line) =>
    line["event"] === "progress" ? [[line["step"] as number, line["learningRate"] as number] as const] : [],
  );
  expect(rates.length).toBeGreaterThan(5);
  for (const [step, rate] of rates) {
    const epochs = (step - 1) / 10;
    const factor = epochs < 2 ? epochs / 2 : epochs < 4 ? 1 : epochs < 6 ? 0.5 : 0.25;
    expect(rate).toBeCloseTo(0.01 * factor, 12);
  }
});

test("images are flipped and cropped on their way into training", async () => {
  const count = 64;
  const values = Array.from({ length: count * 3 * 8 * 8 }, (_, i) => Math.sin(i * i));
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  workshop.write(
    "images.npz",
    npzBytes({ x: Tensor.of("float", values, [count, 3, 8, 8]), y: Tensor.of("int64", labels) }),
  );
  imageNet(workshop.path("images.onnx"));
  const bytes = async (output: string, more: string): Promise<Buffer> => {
    await workshop.json(`train images.onnx -o ${output} --float --data images.npz --epochs 2 --threads 1 ${more}`);
    return readFileSync(workshop.path(output));
  };
  const plain = await bytes("plain.onnx", "");
  const once = await bytes("once.onnx", "--augment flip,crop:2");
  expect(once).not.toEqual(plain);
  expect(await bytes("twice.onnx", "--augment flip,crop:2")).toEqual(once);
  const refused = await workshop.run("train mlp.onnx -o x.onnx --float --data train.npz --augment flip");
  expect([refused.code, refused.stderr]).toEqual([
    1,
    'error data/not-an-image-input: only images can be augmented, [N,C,H,W] or [N,H,W,C]; the batches hold "x" [32,16]\n',
  ]);
});

describe("a training that cannot go on says so in one diagnostic", () => {
  const run = async (args: string): Promise<readonly [number | null, string]> => {
    const { code, stderr } = await workshop.run(`train ${args}`);
    const text = stderr.slice(Math.max(0, stderr.indexOf("error ")));
    return [code, text.replaceAll(/\d+ bytes/g, "… bytes").replace(/this is lowbit [\d.]+/, "this is lowbit …")];
  };

  test.each([
    ["--keep best", "error: --keep best needs --validate DATA"],
    ["--patience 2", "error: --patience needs --validate DATA"],
    ["--augment blur", "It must be flip, crop:PIXELS (1 or more), or both separated by a comma."],
    ["--augment crop:0", "It must be flip, crop:PIXELS (1 or more), or both separated by a comma."],
    ["--warm-up 1", "error: --warm-up must be below 1"],
    ["--milestones 1", "error: --milestones needs --schedule step"],
    ["--schedule cosine --gamma 0.5", "error: --gamma needs --schedule step"],
    ["--schedule step --epochs 4 --milestones 2,4", "error: --milestones must be below --epochs, 4"],
    ["--schedule step --epochs 4 --milestones 1 --warm-up 0.5", "error: --milestones must not fall into --warm-up"],
    ["--schedule step --milestones 3,2", "It must be numbers above 0 in rising order, separated by commas."],
    ["--resume", "error: --resume needs --checkpoint DIR"],
  ])("%s", async (flags, message) => {
    const [code, text] = await run(`mlp.onnx -o x.onnx --float --data train.npz ${flags}`);
    expect(code).toBe(2);
    expect(text).toContain(message);
  });

  test("NaN, with the place where it began", async () => {
    const args = "mlp.onnx -o n.onnx --float --data train.npz --epochs 50 --threads 1";
    const [code, text] = await run(`${args} --optimizer sgd --lr 3e37`);
    expect(code).toBe(1);
    expect(text).toMatch(
      /^error train\/not-finite: .* at step \d+; the first number that is none came from .* in step \d+\n/,
    );
    expect(existsSync(workshop.path("n.onnx"))).toBe(false);
  });

  test("a label that is no class, a loss that is no number, an op without gradient", async () => {
    const labels = Array.from({ length: 8 }, (_, i) => i % 5);
    const x = Tensor.of("float", new Float32Array(8 * 16), [8, 16]);
    workshop.write("labels.npz", npzBytes({ x, y: Tensor.of("int64", labels) }));
    expect(await run("mlp.onnx -o x.onnx --float --data labels.npz")).toEqual([
      1,
      'error data/label: sample 3 of "labels.npz" has label 3, but the model has 3 classes, 0 to 2\n  --> labels.npz\n',
    ]);
    const attach = "({ op, outputs }) => op.Mul([outputs[0], outputs[0]])";
    const targets = 'name: "vector", targetDType: "int64", targetShape: ([n]) => [n]';
    workshop.write("whole.mjs", `export default { ${targets}, attach: ${attach} };`);
    expect(await run("mlp.onnx -o x.onnx --float --data train.npz --loss ./whole.mjs")).toMatchInlineSnapshot(`
      [
        1,
        "error train/loss-not-scalar: loss "vector" is float[32,3], not one floating-point number
        --> node mul_out, value mul_out
        help: average it: op.ReduceMean([loss], { keepdims: 0 })
      ",
      ]
    `);
    workshop.write("loss.mjs", `export const targets = "class"; export default ${attach};`);
    expect(await run("mlp.onnx -o x.onnx --backend x86 --data train.npz --loss ./loss.mjs")).toMatchInlineSnapshot(`
      [
        1,
        "error train/loss-not-scalar: loss "./loss.mjs" is float[32,3], not one floating-point number
        --> node mul_out, value mul_out
        help: average it: op.ReduceMean([loss], { keepdims: 0 }); one number for each of the 32 samples, [32], is averaged for you
      ",
      ]
    `);
    workshop.write("values.npz", npzBytes({ x, y: Tensor.of("float", new Float32Array(24), [8, 3]) }));
    workshop.write("throws.mjs", "export default ({ op }) => op.ReduceMeen([]);");
    const [, throws] = await run("mlp.onnx -o x.onnx --float --data values.npz --loss ./throws.mjs");
    expect(throws).toContain("the loss cannot be used: its function failed: op.ReduceMeen is not a function");
    saveModel(recurrent(), workshop.path("lstm.onnx"));
    const [code, noGradient] = await run("lstm.onnx -o x.onnx --float --data train.npz");
    expect(code).toBe(1);
    expect(noGradient).toMatch(
      /^error autodiff\/no-gradient: LSTM "cell" has no gradient: .* \(on the path w -> cell -> .*y -> .*\)\n/,
    );
  });

  test.each([
    ["y = my.domain.Strange (h)", "float[N,3] y", '"cross-entropy" needs an output of known shape'],
    ["y = ArgMax <axis = 1, keepdims = 0> (h)", "int64[N] y", '"cross-entropy" needs float numbers, but the model\'s'],
    ["y = ReduceMax <keepdims = 0> (h, last)", "float[N] y", '"cross-entropy" needs scores [N, classes, ...], but the'],
    [
      "y = Round (h)",
      "float[N,3] y",
      'no trainable parameter of the model gets a gradient: nothing flows back through Round "y"',
    ],
  ])("an output that no loss can move: %s", async (last, output, message) => {
    const graph = `net (float[N,16] x) => (${output}) <float[16,3] w, int64[1] last = {1}> { h = MatMul (x, w) ${last} }`;
    saveModel(newModel(parseGraph(graph)), workshop.path("last.onnx"));
    const [code, text] = await run("last.onnx -o x.onnx --float --data train.npz");
    expect(code).toBe(1);
    expect(text).toContain(message);
  });

  test("nothing to train", async () => {
    expect(await run("mlp.onnx -o x.onnx --float --data train.npz --train nothing")).toMatchInlineSnapshot(`
      [
        1,
        "error train/no-parameters: no trainable parameter of the model matches "nothing"
        help: its parameters are w1 of fc1, b1 of fc1, w2 of fc2, b2 of fc2; \`*\` stands for any text
      ",
      ]
    `);
    expect(await run("mlp.onnx -o x.onnx --float --data train.npz --freeze *")).toMatchInlineSnapshot(`
      [
        1,
        "error train/no-parameters: the model has no trainable parameter besides those that are frozen ("*")
        help: its parameters are w1 of fc1, b1 of fc1, w2 of fc2, b2 of fc2
      ",
      ]
    `);
  });

  test("files and folders that cannot be written, before anything is trained", async () => {
    const args = "mlp.onnx -o x.onnx --float --data train.npz";
    expect(await run(`${args} --checkpoint train.npz`)).toEqual([
      1,
      "error train/checkpoint: the checkpoint cannot be saved: it is not a folder\n  --> train.npz\n",
    ]);
    expect(await run(`${args} --metrics nowhere/m.jsonl`)).toEqual([
      1,
      'error file/write: the file cannot be written: there is no folder "nowhere"\n  --> nowhere/m.jsonl\n',
    ]);
  });

  test.skipIf(process.platform === "win32")("but the model is written where only what ran cannot be told", async () => {
    const args = "train mlp.onnx -o trained.onnx --float --data train.npz --threads 1";
    const { code, stderr } = await workshop.run(args, { env: { TMPDIR: workshop.path("nowhere") } });
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining("warning runtime/profile: what ONNX Runtime ran is not"),
    ]);
    expect(existsSync(workshop.path("trained.onnx"))).toBe(true);
  });

  test("a checkpoint of another model, of other settings, of another version", async () => {
    const args = "--float --data train.npz --threads 1 --checkpoint other";
    await workshop.json(`train mlp.onnx -o o.onnx ${args}`);
    expect(await run(`o.onnx -o x.onnx ${args} --resume`)).toMatchInlineSnapshot(`
      [
        1,
        "error train/other-training: "other/checkpoint.json" belongs to another model, or to other data that set its ranges
        --> other/checkpoint.json
        help: resume with the model and the data the run was started with, or give another checkpoint folder
      ",
      ]
    `);
    expect(await run(`mlp.onnx -o x.onnx ${args} --resume --batch 16`)).toMatchInlineSnapshot(`
      [
        1,
        "error train/other-training: "other/checkpoint.json" belongs to a run with other settings: batch 32, not 16
        --> other/checkpoint.json
        help: resume with the settings the run was started with, or give another checkpoint folder
      ",
      ]
    `);
    expect(await run(`mlp.onnx -o x.onnx ${args}`)).toMatchInlineSnapshot(`
      [
        1,
        "error train/checkpoint-exists: "other" holds the checkpoint of a run, which this one would write over
        --> other
        help: to go on with that run, resume it (--resume); to begin anew, give another folder or delete this one
      ",
      ]
    `);
    expect(await run(`mlp.onnx -o x.onnx ${args}/none --resume`)).toMatchInlineSnapshot(`
      [
        1,
        "error train/nothing-to-resume: "other/none" holds no checkpoint to go on from
        --> other/none
        help: give the folder the run was saved in; to begin anew, leave out --resume
      ",
      ]
    `);
    expect(existsSync(workshop.path("other/none"))).toBe(false);
    const manifest = readFileSync(workshop.path("other/checkpoint.json"), "utf8");
    workshop.write("other/checkpoint.json", manifest.replace(/"lowbit": ".*"/, '"lowbit": "0.0.9"'));
    expect(await run(`mlp.onnx -o x.onnx ${args} --resume`)).toMatchInlineSnapshot(`
      [
        1,
        "error train/other-version: "other/checkpoint.json" was saved by lowbit 0.0.9, and this is lowbit …, whose steps may end with other weights
        --> other/checkpoint.json
        help: resume with the version that the run was started with, or begin anew in another folder
      ",
      ]
    `);
  });
});
