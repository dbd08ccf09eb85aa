import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { npzBytes } from "@lowbit/test-models";
import { Graph, GraphEditor, newModel, saveModel, Tensor, tensorType } from "@lowbit/ir";
import { Workshop } from "../workshop.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let workshop: Workshop;
beforeAll(() => {
  workshop = new Workshop().withMlp();
  const editor = new GraphEditor(new Graph("double"));
  const x = editor.input("x", tensorType("float", [2, 1]));
  editor.output(editor.op.Add([x, x]));
  saveModel(newModel(editor.graph), workshop.path("double.onnx"));
  const x3 = Tensor.of("uint8", [1, 2, 3]);
  workshop.write("double.npz", npzBytes({ x: x3, y: Tensor.of("double", [2, 4, 7]) }));
});
afterAll(() => workshop.close());

describe("lowbit eval", () => {
  test("prints the metric, the loss and the number of samples", async () => {
    const { code, stdout, stderr } = await workshop.run("eval double.onnx --data double.npz --metric mse");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatchInlineSnapshot(`
      "mse      0.33333
      samples  3
      "
    `);
  });

  test("gives exactly four members as JSON", async () => {
    const result = await workshop.json("eval mlp.onnx --data test.npz --batch 7 --threads 1");
    expect(Object.keys(result)).toEqual(["samples", "metric", "value", "loss"]);
    expect(result).toMatchObject({ samples: 150, metric: "accuracy" });
  });

  test("normalizes the data as it is told", async () => {
    const result = await workshop.json(
      "eval double.onnx --data double.npz --metric mse --scale 1/2 --mean 0.5 --std 0.25",
    );
    // Inputs 0, 2, 4 answered with 0, 4, 8 where 2, 4, 7 were wanted.
    expect(result["value"]).toBeCloseTo((4 + 0 + 1) / 3, 6);
  });
});

describe("lowbit bench", () => {
  test("measures two models in turns, the ratio being the first's time by the second's", async () => {
    const result = await workshop.json("bench mlp.onnx double.onnx --threads 1");
    const [first, second] = [result["medianMs"], result["otherMedianMs"]] as number[];
    expect(Object.keys(result)).toEqual(["batch", "threads", "medianMs", "otherMedianMs", "ratio"]);
    expect([result["batch"], result["threads"]]).toEqual([2, 1]);
    expect(result["ratio"]).toBeCloseTo(first! / second!, 2);
  });
});

describe("lowbit backends", () => {
  test("lists the backends and their features", async () => {
    const { stdout } = await workshop.run("backends");
    expect(stdout.split("\n").slice(0, 5).join("\n")).toMatchInlineSnapshot(`
      "x86
        x86:vnni: AVX-VNNI, AVX512-VNNI or AMX: products are summed exactly. The default.
        x86:avx2: no VNNI: sums of two products saturate at 16 bits, so weights that could reach that get fewer codes
        activations: uint8 per-tensor affine
        weights: int8 per-channel symmetric"
    `);
  });

  test("lists those of the configuration file too", async () => {
    const shop = new Workshop();
    shop.write(
      "lowbit.config.mjs",
      `const int8 = (end) => ({ kind: "observed", dtype: "int8", range: [end, 127], symmetric: true, granularity: { kind: "tensor" } });
      const arithmetic = Object.fromEntries(["requantize", "add", "multiply", "average"].map((name) => [name, () => 0]));
      const ops = [{ op: "Conv", activations: ["int8"], result: { kind: "observed" } }];
      const capabilities = { activation: int8(-128), weight: int8(-127), ops };
      export default { backends: [{ name: "npu", quantizer: { annotate() {} }, lower: [], arithmetic, capabilities }] };`,
    );
    const { stdout } = await shop.run("backends --json");
    shop.close();
    expect((JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)).toEqual(["x86", "arm", "npu"]);
  });
});
