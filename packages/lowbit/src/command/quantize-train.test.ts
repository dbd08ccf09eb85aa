import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { loadModel } from "@lowbit/ir";
import { evaluate, openDataset } from "@lowbit/train";
import { mlp, Workshop } from "../workshop.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let workshop: Workshop;
beforeAll(async () => {
  workshop = new Workshop().withMlp();
  await workshop.json("train mlp.onnx -o float.onnx --float --data train.npz --epochs 3 --lr 0.01 --threads 1");
});
afterAll(() => workshop.close());

async function accuracy(model: string): Promise<number> {
  const data = await openDataset(workshop.path("test.npz"), mlp().graph.inputs, { targets: "class" });
  return (await evaluate(workshop.path(model), data, { threads: 1 })).value;
}

function dtypes(model: string): readonly (string | null)[] {
  return [...loadModel(workshop.path(model)).graph.initializers].map((value) => value.dtype);
}

describe("lowbit quantize", () => {
  test("writes an integer model that answers as the float one", async () => {
    const { code, stdout, stderr } = await workshop.run(
      "quantize float.onnx -o ptq.onnx --backend x86 --prefer integer --calibrate train.npz",
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatchInlineSnapshot(`
      "ptq.onnx: 2.90 kB -> 1.98 kB, 1.5 times smaller
      100.0 % of the multiply-accumulates run on integers (x86)
      "
    `);
    expect(await accuracy("ptq.onnx")).toBeGreaterThan((await accuracy("float.onnx")) - 0.02);
  });

  test("tells bytes, the share of integer work and what stays float as JSON", async () => {
    const result = await workshop.json(
      "quantize float.onnx -o kept.onnx --backend x86 --prefer integer --calibrate train.npz --keep-float fc1 --samples 40",
    );
    expect(result).toMatchObject({
      output: "kept.onnx",
      backend: "x86",
      bytes: readFileSync(workshop.path("kept.onnx")).length,
      otherBytes: readFileSync(workshop.path("float.onnx")).length,
      integerMacs: (32 * 3) / (16 * 32 + 32 * 3),
      skipped: [
        { node: "fc1", op: "Gemm", reason: "kept in float on request" },
        { node: "relu", op: "Relu", reason: "the op before it stays float, and one kernel would compute both" },
      ],
      samples: 40,
    });
  });

  test("quantizes the same again from the plan it saved", async () => {
    await workshop.json(
      "quantize float.onnx -o first.onnx --backend x86 --prefer integer --calibrate train.npz --weights int4 --granularity tensor --save-plan plan.json",
    );
    await workshop.json(
      "quantize float.onnx -o second.onnx --backend x86 --prefer integer --calibrate train.npz --plan plan.json",
    );
    expect(readFileSync(workshop.path("second.onnx"))).toEqual(readFileSync(workshop.path("first.onnx")));
    expect(dtypes("first.onnx").filter((dtype) => dtype === "int4").length).toBeGreaterThanOrEqual(2);
  });

  test("chooses ranges by the observer it is given, and scales of weights by the granularity", async () => {
    await workshop.json(
      "quantize float.onnx -o entropy.onnx --backend arm --calibrate train.npz --observer entropy --granularity block:8",
    );
    expect(await accuracy("entropy.onnx")).toBeGreaterThan((await accuracy("float.onnx")) - 0.05);
    const [weights] = [...loadModel(workshop.path("entropy.onnx")).graph.nodes].filter(
      (node) => node.int("block_size", 0) > 0,
    );
    expect(weights?.inputs[1]?.shape).toEqual([32, 2]);
  });

  test("writes integer operators that answer the same", async () => {
    await workshop.json("quantize float.onnx -o qdq.onnx --backend x86 --prefer integer --calibrate train.npz");
    const result = await workshop.json(
      "quantize float.onnx -o operators.onnx --backend x86 --prefer integer --calibrate train.npz --format qoperator",
    );
    expect(result).toMatchObject({ integerMacs: 1 });
    const ops = [...loadModel(workshop.path("operators.onnx")).graph.nodes].map(({ op }) => op);
    expect(ops).toEqual(["QuantizeLinear", "QGemm", "QGemm"]);
    expect(await accuracy("operators.onnx")).toBe(await accuracy("qdq.onnx"));
  });

  test("improves the float model first when asked to", async () => {
    await workshop.json("quantize float.onnx -o plain.onnx --backend x86 --prefer integer --calibrate train.npz");
    await workshop.json(
      "quantize float.onnx -o improved.onnx --backend x86 --prefer integer --calibrate train.npz --improve equalize,bias-correction",
    );
    expect(readFileSync(workshop.path("improved.onnx"))).not.toEqual(readFileSync(workshop.path("plain.onnx")));
    expect(await accuracy("improved.onnx")).toBeGreaterThan((await accuracy("float.onnx")) - 0.02);
  });

  test("goes on from a calibration cache with more samples, and refuses that of another model", async () => {
    const args = "--backend x86 --prefer integer --calibrate train.npz --observer mse";
    await workshop.json(`quantize float.onnx -o whole.onnx ${args} --samples 96`);
    await workshop.json(`quantize float.onnx -o part.onnx ${args} --samples 40 --calibration-cache cache.json`);
    const more = await workshop.json(
      `quantize float.onnx -o more.onnx ${args} --samples 96 --calibration-cache cache.json`,
    );
    expect(more).toMatchObject({ samples: 96 });
    expect(readFileSync(workshop.path("more.onnx"))).toEqual(readFileSync(workshop.path("whole.onnx")));
    const other = await workshop.run(`quantize mlp.onnx -o other.onnx ${args} --calibration-cache cache.json`);
    expect([other.code, existsSync(workshop.path("other.onnx"))]).toEqual([1, false]);
    expect(other.stderr).toContain('the calibration cache "cache.json" was made for another model');
  });

  test("warns about few samples, unless it is to be quiet", async () => {
    const { code, stderr } = await workshop.run(
      "quantize float.onnx -o few.onnx --backend x86 --prefer integer --calibrate train.npz --samples 3",
    );
    expect(code).toBe(0);
    expect(stderr).toMatchInlineSnapshot(`
      "warning quantize/few-samples: calibration saw 3 samples; fewer than 32 give unreliable ranges
        help: give at least 32 representative samples
      "
    `);
    expect(
      (
        await workshop.run(
          "quantize float.onnx -o few.onnx --backend x86 --prefer integer --calibrate train.npz --samples 3 --quiet",
        )
      ).stderr,
    ).toBe("");
  });
});

describe("lowbit train", () => {
  test("trains for integers, with a line per epoch where there is no terminal", async () => {
    const { code, stdout, stderr } = await workshop.run(
      "train float.onnx -o qat.onnx --backend x86 --prefer integer --data train.npz --validate test.npz --epochs 2 --integer-forward 1 --threads 1",
    );
    expect(code).toBe(0);
    expect(
      stderr
        .replaceAll(/\d+(\.\d+)?( %| steps\/s| s)/g, "…$2")
        .replaceAll(/loss [\d.]+/g, "loss …")
        .replaceAll(" (best)", ""),
    ).toMatchInlineSnapshot(`
      "epoch 1/2: loss …, accuracy … %, … % of the integer weights changed, … s (… steps/s)
      from epoch 2: batch normalization frozen, observers frozen, integer forward
      epoch 2/2: loss …, accuracy … %, … % of the integer weights changed, … s (… steps/s)
      "
    `);
    expect(stdout).toMatchInlineSnapshot(`
      "qat.onnx: 2.90 kB -> 1.98 kB, 1.5 times smaller
      100.0 % of the multiply-accumulates run on integers (x86)
      "
    `);
    expect(await accuracy("qat.onnx")).toBeGreaterThan((await accuracy("float.onnx")) - 0.02);
  });

  test("tells the epochs as JSON", async () => {
    const result = await workshop.json(
      "train float.onnx -o learned.onnx --backend arm --data train.npz --validate test.npz --learn-scales --loss distill --optimizer adamw --schedule cosine",
    );
    expect(result).toMatchObject({ backend: "arm", integerMacs: 1, skipped: [], epochs: [{ epoch: 1, steps: 15 }] });
    const [epoch] = result["epochs"] as { validation: number }[];
    expect(epoch!.validation).toBeGreaterThan(0.8);
  });

  test("gives the same bytes for the same seed, also after an interruption", async () => {
    const args =
      "float.onnx --backend x86 --prefer integer --data train.npz --epochs 40 --batch 4 --seed 5 --threads 1";
    const whole = workshop.run(`train ${args.replace("float.onnx", "float.onnx -o whole.onnx")}`);
    const stopped = await workshop.run(`train ${args} -o resumed.onnx --checkpoint state`, {
      interruptAt: /epoch 3\/40/,
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr.slice(stopped.stderr.indexOf("error")).replace(/step \d+/, "step …")).toMatchInlineSnapshot(`
      "error train/stopped: training was stopped at step …; its state is in "state"
        help: run the same command with --resume to go on
      "
    `);
    expect(existsSync(workshop.path("resumed.onnx"))).toBe(false);
    const resumed = await workshop.run(`train ${args} -o resumed.onnx --checkpoint state --resume`);
    expect([resumed.code, (await whole).code]).toEqual([0, 0]);
    expect(readFileSync(workshop.path("resumed.onnx"))).toEqual(readFileSync(workshop.path("whole.onnx")));
  });

  test("says that nothing was saved when it is interrupted without a checkpoint", async () => {
    const { code, stderr } = await workshop.run(
      "train float.onnx -o never.onnx --float --data train.npz --epochs 4000 --batch 2",
      {
        interruptAt: /epoch 1\//,
      },
    );
    expect(code).toBe(130);
    expect(stderr.slice(stderr.indexOf("error")).replace(/step \d+/, "step …")).toMatchInlineSnapshot(`
      "error train/stopped: training was stopped at step …; nothing was saved
        help: a checkpoint folder lets a run go on later
      "
    `);
    expect(existsSync(workshop.path("never.onnx"))).toBe(false);
  });
});
