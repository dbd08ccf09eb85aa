import { npzBytes } from "@lowbit/test-models";
import { loadModel, newModel, parseGraph, saveModel, Tensor } from "@lowbit/ir";
import { randomStream } from "@lowbit/train";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Workshop } from "../workshop.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let workshop: Workshop;

beforeAll(() => {
  workshop = new Workshop().withMlp();
  const random = randomStream(5);
  const x = Tensor.of(
    "float",
    Float32Array.from({ length: 64 * 16 }, () => 2 * random() - 1),
    [64, 16],
  );
  const y = Tensor.of(
    "float",
    Float32Array.from({ length: 64 * 3 }, (_, i) => (i % 3 === 1 ? 0.8 : 0.1)),
    [64, 3],
  );
  workshop.write("soft.npz", npzBytes({ x, y }));
  workshop.write(
    "bias.js",
    "export default ({ op, outputs, target }) => op.Abs([op.Sub([op.ReduceMean([outputs[0]]), op.ReduceMean([target])])]);",
  );
  workshop.write("broken.js", "export default () => 3;");
});
afterAll(() => workshop.close());

async function losses(args: string): Promise<readonly number[]> {
  const { epochs } = await workshop.json(`train mlp.onnx -o out.onnx --float --epochs 3 --lr 0.01 --threads 1 ${args}`);
  return (epochs as readonly { readonly loss: number }[]).map(({ loss }) => loss);
}

describe("lowbit train with losses and optimizers", () => {
  test.each([
    ["--data train.npz --label-smoothing 0.1 --class-weights 1,2,0.5"],
    ["--data soft.npz --soft-labels"],
    ["--data soft.npz --loss bce"],
    ["--data soft.npz --loss huber --huber-delta 0.5"],
    ["--data soft.npz --loss l1"],
    ["--data soft.npz --loss ./bias.js"],
    ["--data train.npz --optimizer adagrad --weight-decay 1e-4 --decay-weights-only --clip-norm 1"],
    ["--data train.npz --optimizer sgd --momentum 0.8 --nesterov --average 0.9 --batch 100 --micro-batch 30"],
    ["--data train.npz --loss distill --task-share 0.7 --temperature 4 --teacher mlp.onnx --train w2,b2"],
  ])("%s: the loss falls", async (args) => {
    const [first, , last] = await losses(args);
    expect(last).toBeLessThan(first!);
  });

  test("re-estimating statistics is refused where there are none, before anything is trained", async () => {
    const { code, stderr } = await workshop.run(
      "train mlp.onnx -o out.onnx --float --data train.npz --reestimate-batch-norm 5",
    );
    expect(code).toBe(1);
    expect(stderr).toMatchInlineSnapshot(`
      "error train/reestimate: the model has no BatchNormalization whose statistics could be estimated anew
        help: leave the re-estimation out, or start from a model whose normalizations were not folded into its layers
      "
    `);
  });

  test("a module that gives no value of the graph is refused by name", async () => {
    const { code, stderr } = await workshop.run(
      "train mlp.onnx -o out.onnx --float --data soft.npz --loss ./broken.js",
    );
    expect(code).toBe(1);
    expect(stderr).toMatchInlineSnapshot(`
      "error train/loss-module: the loss cannot be used: its function returned no value of the graph
        --> ./broken.js
        help: export default ({ op, outputs, target }) => op.ReduceMean([op.Abs([op.Sub([outputs[0], target])])], { keepdims: 0 })
      "
    `);
  });

  test("pruned weights are zero in the model of integers, and the command says so", async () => {
    const args = "train mlp.onnx -o pruned.onnx --backend x86 --data train.npz --epochs 2 --threads 1";
    const { code, stdout } = await workshop.run(`${args} --prune 2:4`);
    expect([code, stdout.split("\n")[1]]).toEqual([
      0,
      "50.0 % of the weights are zero; 2 of 2 tensors have the 2:4 pattern",
    ]);
    const result = await workshop.json(
      "train mlp.onnx -o half.onnx --float --data train.npz --prune magnitude:0.25 --keep-dense w2",
    );
    const { sparsity } = result as unknown as { readonly sparsity: { readonly zeros: number; readonly size: number } };
    expect(sparsity).toMatchObject({ zeros: 128, size: 608 });
  });

  test.each(["--float", "--backend x86"])("weights that take no pattern are told with the reason: %s", async (kind) => {
    saveModel(
      newModel(
        parseGraph(`net (float[N,16] x) => (float[N,3] y) <float[16,6] w1, float[6,3] w2> {
          h = MatMul (x, w1)
          r = Relu (h)
          y = MatMul (r, w2) }`),
      ),
      workshop.path("six.onnx"),
    );
    const { code, stderr } = await workshop.run(
      `train six.onnx -o six-pruned.onnx ${kind} --data train.npz --prune 2:4 --threads 1`,
    );
    expect([code, stderr.split("\n")[0]]).toEqual([
      0,
      "warning train/not-pruned: 1 weight is not pruned: w2 (its 6 input channels are no multiple of 4)",
    ]);
  });

  test.each(["--float", "--backend x86"])(
    "a part is trained by the names of its layers, and told: %s",
    async (kind) => {
      const layered = newModel(
        parseGraph(`net (float[N,16] x) => (float[N,3] y) <float[16,8] w497, float[8] b498, float[8,3] w499, float[3] b500> {
        ["/layer1/layer1.0/fc/Gemm"] h = Gemm (x, w497, b498)
        r = Relu (h)
        ["/layer4/layer4.0/fc/Gemm"] y = Gemm (r, w499, b500) }`),
      );
      saveModel(layered, workshop.path("layered.onnx"));
      const command = `train layered.onnx -o part.onnx ${kind} --data train.npz --train layer4.* --freeze role:bias`;
      const { code, stderr } = await workshop.run(`${command} --threads 1`);
      expect([code, stderr.split("\n").filter((line) => line.startsWith("trains"))]).toEqual([
        0,
        ["trains 1 of 4 parameters, 14.7 % of their numbers: w499 of /layer4/layer4.0/fc/Gemm"],
      ]);
      const { parameters } = await workshop.json(`${command} --threads 1`);
      expect(parameters).toEqual({ trained: ["w499"], of: 4, share: 24 / 163 });
      const misspelt = await workshop.run(command.replace("layer4.*", "layre4.*"));
      expect([misspelt.code, misspelt.stderr]).toEqual([
        1,
        `error train/no-parameters: no trainable parameter of the model matches "layre4.*"
  help: did you mean "layer4.0.fc"?
`,
      ]);
      if (kind === "--backend x86") return;
      const trained = loadModel(workshop.path("part.onnx")).graph;
      const moved = ["w497", "b498", "w499", "b500"].filter((name) => {
        const [before, after] = [layered, { graph: trained }].map(({ graph }) =>
          graph.value(name)!.initializer!.floats(),
        );
        return before!.some((value, index) => value !== after![index]);
      });
      expect(moved).toEqual(["w499"]);
    },
  );
});
