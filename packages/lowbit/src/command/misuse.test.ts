import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { npzBytes } from "@lowbit/test-models";
import { Graph, GraphEditor, newModel, saveModel, Tensor, tensorType } from "@lowbit/ir";
import { Workshop } from "../workshop.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let workshop: Workshop;
beforeAll(() => {
  workshop = new Workshop().withMlp();
  const model = readFileSync(workshop.path("mlp.onnx"));
  workshop.write("truncated.onnx", model.subarray(0, 1500));
  workshop.write("text.onnx", "this is not a model, it is a sentence about one");
  mkdirSync(workshop.path("folder"));
  const x = Tensor.of("float", new Float32Array(32), [2, 16]);
  workshop.write("labels.npz", npzBytes({ x, y: Tensor.of("int64", [0, 3]) }));
  workshop.write(
    "shape.npz",
    npzBytes({ x: Tensor.of("float", new Float32Array(30), [2, 15]), y: Tensor.of("int64", [0, 1]) }),
  );
  workshop.write("unlabelled.npz", npzBytes({ x }));
  const broken = new Float32Array(100 * 16);
  broken[71 * 16 + 5] = NaN;
  workshop.write("nan.npz", npzBytes({ x: Tensor.of("float", broken, [100, 16]) }));
  workshop.write("cut.npz", npzBytes({ x }).subarray(0, 100));
  workshop.write("throws.mjs", `export default function () { throw new Error("no licence"); }`);
  workshop.write("lacks.mjs", `export const backend = { name: "acme", quantizer: {}, lower: [], arithmetic: {} };`);
  workshop.write("broken.mjs", `export default {`);
  workshop.write("config-typo.mjs", `export default { quantize: { bakend: "x86" } };`);
  workshop.write("config-value.mjs", `export default { eval: { batch: "many" } };`);
  workshop.write("config-text.mjs", `export default "x86";`);
  workshop.write("plan.json", `{ "points": { "nowhere": { "kind": "observed", "dtype": "int8" } } }`);
  workshop.write("cut.json", `{ "points": {`);
  saveModel(newModel(determinant()), workshop.path("det.onnx"));
  workshop.write(
    "det.npz",
    npzBytes({ x: Tensor.of("float", new Float32Array(8), [2, 2, 2]), y: Tensor.of("float", [0, 1]) }),
  );
});
afterAll(() => workshop.close());

/** Det(x · w): Det has no gradient. */
function determinant(): Graph {
  const editor = new GraphEditor(new Graph("det"));
  const w = editor.initializer(Tensor.of("float", [1, 0, 0, 1], [2, 2]), "w");
  const product = editor.op.MatMul([editor.input("x", tensorType("float", ["N", 2, 2])), w]);
  editor.output(editor.op.Det([product], {}, { name: "determinant" }));
  return editor.graph;
}

const quantize = "quantize mlp.onnx -o out.onnx --backend x86 --calibrate train.npz";
const train = "train mlp.onnx -o out.onnx --backend x86 --prefer integer --data train.npz";

describe("what cannot be processed ends with exit code 1 and one diagnostic", () => {
  test.each([
    ["inspect none.onnx"],
    ["inspect text.onnx"],
    ["inspect truncated.onnx"],
    ["inspect folder"],
    ["inspect mlp.onnx --backend riscv"],
    ["inspect mlp.onnx --backend x86:avx99"],
    ["inspect mlp.onnx --backend ./none.mjs"],
    ["inspect mlp.onnx --backend ./throws.mjs"],
    ["inspect mlp.onnx --backend ./lacks.mjs"],
    ["inspect mlp.onnx --backend ./broken.mjs"],
    ["inspect mlp.onnx --config none.mjs"],
    ["inspect mlp.onnx --config config-text.mjs"],
    [`${quantize} --config config-typo.mjs`],
    ["eval mlp.onnx --data test.npz --config config-value.mjs"],
    ["opt mlp.onnx -o out.onnx --passes fuse-everything"],
    ["opt mlp.onnx -o nowhere/out.onnx"],
    ["opt mlp.onnx -o folder"],
    ["eval mlp.onnx --data none.npz"],
    ["eval mlp.onnx --data test.npz,train.npz"],
    ["eval mlp.onnx --data cut.npz"],
    ["eval mlp.onnx --data labels.npz"],
    ["eval mlp.onnx --data shape.npz"],
    ["eval mlp.onnx --data unlabelled.npz"],
    ["eval text.onnx --data test.npz"],
    ["bench none.onnx"],
    [`${quantize} --keep-float nothing-like-this`],
    [`${quantize} --plan plan.json`],
    [`${quantize} --plan cut.json`],
    [`${quantize} --plan mlp.onnx`],
    [`${quantize.replace("train.npz", "nan.npz")} --prefer integer`],
    ["train det.onnx -o out.onnx --float --loss mse --data det.npz"],
    [train.replace("train.npz", "labels.npz")],
    [train.replace("train.npz", "unlabelled.npz")],
    [`${train} --lr 1e30`],
  ])("lowbit %s", async (args) => {
    workshop.write("out.onnx", "what was here before");
    const before = readdirSync(workshop.folder).toSorted();
    const { code, stdout, stderr } = await workshop.run(args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.replaceAll(workshop.folder, "")).toMatchSnapshot();
    expect(readFileSync(workshop.path("out.onnx"), "utf8")).toBe("what was here before");
    expect(readdirSync(workshop.folder).toSorted()).toEqual(before);
  });
});
