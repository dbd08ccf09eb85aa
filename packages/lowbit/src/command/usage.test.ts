import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Workshop } from "../workshop.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const loadsTypeScript = "typescript" in process.features && process.features.typescript !== false;

let workshop: Workshop;
beforeAll(() => {
  workshop = new Workshop().withMlp();
});
afterAll(() => workshop.close());

describe("wrong usage ends with exit code 2 and says what is wrong", () => {
  test.each([
    ["frobnicate", "unknown command 'frobnicate'"],
    ["inspect", "missing required argument 'MODEL'"],
    ["inspect mlp.onnx mlp.onnx", "too many arguments for 'inspect'. Expected 1 argument but got 2."],
    ["inspect mlp.onnx --txt", "unknown option '--txt'\n(Did you mean --text?)"],
    ["opt mlp.onnx", "required option '-o, --output <OUT>' not specified"],
    ["eval mlp.onnx", "required option '--data <DATA>' not specified"],
    [
      "eval mlp.onnx --data test.npz --batch 0",
      "option '--batch <N>' argument '0' is invalid. It must be a whole number of at least 1.",
    ],
    [
      "eval mlp.onnx --data test.npz --metric f1",
      "option '--metric <name>' argument 'f1' is invalid. Allowed choices are accuracy, top5, mse.",
    ],
    [
      "eval mlp.onnx --data test.npz --mean 1,x",
      "option '--mean <X[,X...]>' argument '1,x' is invalid. It must be a number, or numbers separated by commas.",
    ],
    ["quantize mlp.onnx -o out.onnx --calibrate train.npz", "required option '--backend <B>' not specified"],
    [
      "quantize mlp.onnx -o out.onnx --backend x86 --calibrate train.npz --granularity row",
      "option '--granularity <G>' argument 'row' is invalid. It must be tensor, channel or block:N.",
    ],
    ["train mlp.onnx -o out.onnx --data train.npz", "give either --backend B for integers or --float"],
    [
      "train mlp.onnx -o out.onnx --data train.npz --float --backend x86",
      "give either --backend B for integers or --float",
    ],
    ["train mlp.onnx -o out.onnx --data train.npz --float --resume", "--resume needs --checkpoint DIR"],
    ["train mlp.onnx -o out.onnx --data train.npz --float --learn-scales", "--learn-scales needs --backend"],
    ["train mlp.onnx -o out.onnx --data train.npz --float --nesterov", "--nesterov needs --optimizer sgd"],
    [
      "train mlp.onnx -o out.onnx --data train.npz --float --decay-weights-only",
      "--decay-weights-only needs --weight-decay",
    ],
    [
      "train mlp.onnx -o out.onnx --data train.npz --float --loss hinge",
      "option '--loss <name>' argument 'hinge' is invalid. Allowed choices are cross-entropy, bce, mse, l1, huber, distill, or the path of a JavaScript module.",
    ],
    [
      "train mlp.onnx -o out.onnx --data train.npz --float --loss mse --label-smoothing 0.1",
      "--label-smoothing needs --loss cross-entropy or distill",
    ],
    [
      "train mlp.onnx -o out.onnx --data train.npz --float --loss distill --class-weights 1,2,3",
      "labels count in --loss distill with --task-share only",
    ],
    [
      "train mlp.onnx -o out.onnx --data train.npz --float --loss bce --validate test.npz",
      "--validate measures accuracy or mse, which do not fit this loss",
    ],
  ])("lowbit %s", async (args, message) => {
    const { code, stdout, stderr } = await workshop.run(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toBe(`error: ${message}\n(lowbit COMMAND --help explains a command)\n`);
  });

  test("lowbit alone lists the commands", async () => {
    const { code, stderr } = await workshop.run("");
    expect(code).toBe(2);
    expect(stderr.slice(stderr.indexOf("Commands:"))).toMatchInlineSnapshot(`
      "Commands:
        inspect [options] <MODEL>          show what a model is made of, and what a
                                           backend would quantize
        opt [options] <MODEL>              run a pass pipeline on a model
        quantize [options] <MODEL>         post-training quantization: calibrate a
                                           float model and convert it to integers
        train [options] <MODEL>            quantization-aware training (or --float:
                                           plain training)
        eval [options] <MODEL>             measure a model on labelled data
        bench [options] [MODEL] [OTHER]    measure the latency of a model, or of two
                                           models in turns
        compare [options] <MODEL> <OTHER>  compare two models that should compute the
                                           same, layer by layer
        analyze [options] <MODEL>          quantize a model in memory and show which
                                           layers it hurts, and what to do about each
        verify [options] <MODEL>           show what ONNX Runtime runs as integers,
                                           what stays float, and why
        backends [options]                 list the backends and what each can do
      "
    `);
  });
});

describe("help and version end with exit code 0", () => {
  test.each([["--help"], ["quantize --help"], ["--version"]])("lowbit %s", async (args) => {
    const { code, stdout, stderr } = await workshop.run(args);
    expect([code, stderr, stdout.length > 0]).toEqual([0, "", true]);
  });
});

describe("the configuration file", () => {
  test("gives options that flags override", async () => {
    const shop = new Workshop().withMlp();
    shop.write(
      "lowbit.config.js",
      `export default async () => ({ threads: 1, eval: { data: "train.npz", batch: 7 } });`,
    );
    shop.write("package.json", `{ "type": "module" }`);
    const fromFile = await shop.json("eval mlp.onnx");
    const fromFlag = await shop.json("eval mlp.onnx --data test.npz");
    shop.close();
    expect([fromFile["samples"], fromFlag["samples"]]).toEqual([480, 150]);
  });

  test.skipIf(loadsTypeScript)("says what to do about TypeScript where Node cannot load it", async () => {
    workshop.write("lowbit.config.ts", `export default { threads: 1 as number };`);
    const { code, stderr } = await workshop.run("inspect mlp.onnx --config lowbit.config.ts");
    expect(code).toBe(1);
    expect(stderr.replace(process.versions.node, "…")).toMatchInlineSnapshot(`
      "error config/bad-config: configuration: Node … cannot load such a file
        --> lowbit.config.ts
        help: use Node 22.18 or newer for TypeScript, or write lowbit.config.js
      "
    `);
  });
});
