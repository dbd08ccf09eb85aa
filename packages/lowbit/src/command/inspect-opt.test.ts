import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { loadModel, parseModel, printGraph } from "@lowbit/ir";
import { Workshop } from "../workshop.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let workshop: Workshop;
beforeAll(() => {
  workshop = new Workshop().withMlp();
});
afterAll(() => workshop.close());

describe("lowbit inspect", () => {
  test("shows what a model is made of", async () => {
    const { code, stdout, stderr } = await workshop.run("inspect mlp.onnx");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatchInlineSnapshot(`
      "file     mlp.onnx (2.90 kB)
      opset    ai.onnx 21 (IR version 10)
      made by  lowbit
      inputs   x: float[N,16]
      outputs  scores: float[N,3]
      weights  643 numbers, 2.57 kB
      nodes    3

      op    nodes
      Gemm      2
      Relu      1
      "
    `);
  });

  test("shows what a backend would run on integers, and why the rest stays float", async () => {
    const { stdout } = await workshop.run("inspect mlp.onnx --backend x86 --prefer integer");
    expect(stdout.slice(stdout.indexOf("for x86"))).toMatchInlineSnapshot(`
      "for x86  integer  float
      Gemm           2      0
      Relu           1      0
      "
    `);
  });

  test("prints text that parses to the same graph", async () => {
    const { stdout } = await workshop.run("inspect mlp.onnx --text");
    expect(printGraph(parseModel(stdout).graph)).toBe(printGraph(loadModel(workshop.path("mlp.onnx")).graph));
  });

  test("gives the same facts as JSON", async () => {
    const facts = await workshop.json("inspect mlp.onnx --backend x86:avx2 --prefer integer");
    expect(facts).toMatchObject({
      file: "mlp.onnx",
      opsets: { "": 21 },
      inputs: [{ name: "x", type: "float[N,16]" }],
      outputs: [{ name: "scores", type: "float[N,3]" }],
      nodes: 3,
      ops: { Gemm: 2, Relu: 1 },
      parameters: 16 * 32 + 32 + 32 * 3 + 3,
      bytes: readFileSync(workshop.path("mlp.onnx")).length,
      quantizable: { backend: "x86:avx2", ops: { Gemm: { integer: 2, float: 0 } }, skipped: [] },
    });
  });
});

describe("lowbit opt", () => {
  test("writes the optimized model and says what became of it", async () => {
    const { code, stdout, stderr } = await workshop.run("opt mlp.onnx -o opt.onnx");
    expect([code, stdout, stderr]).toEqual([0, "opt.onnx: 3 -> 3 nodes, 2.90 kB -> 2.90 kB\n", ""]);
    expect(loadModel(workshop.path("opt.onnx")).graph.nodes.length).toBe(3);
  });

  test("runs the passes it is given and explains a rule", async () => {
    workshop.write("identity.txt", "");
    const { stdout } = await workshop.run(
      "opt mlp.onnx -o explained.onnx --passes fuse-conv-bn,fuse-matmul-add --explain fuse-conv-bn fuse-matmul-add",
    );
    expect(stdout).toMatchInlineSnapshot(`
      "fuse-conv-bn: neither applied nor nearly matched at any node
      fuse-matmul-add: neither applied nor nearly matched at any node

      explained.onnx: 3 -> 3 nodes, 2.90 kB -> 2.90 kB
      "
    `);
  });

  test("prints the graph after a pass on standard error, and nothing else there", async () => {
    const { stdout, stderr } = await workshop.run(
      "opt mlp.onnx -o printed.onnx --passes canonicalize --print-after canonicalize --json",
    );
    expect(stderr.startsWith("# after canonicalize\nmlp (float[N,16] x) => (float[N,3] scores)")).toBe(true);
    expect(JSON.parse(stdout)).toMatchObject({ nodes: 3, otherNodes: 3 });
  });

  test("tells the time of every pass", async () => {
    const result = await workshop.json(
      "opt mlp.onnx -o timed.onnx --passes fold-constants,eliminate-dead-code --timing --verify-each",
    );
    expect((result["passes"] as { pass: string }[]).map(({ pass }) => pass)).toEqual([
      "fold-constants",
      "eliminate-dead-code",
    ]);
  });

  test("finds passes of the configuration file by name", async () => {
    const shop = new Workshop().withMlp();
    shop.write(
      "lowbit.config.mjs",
      `export default { passes: [{ name: "my-pass", summary: "", options: {}, settings: {}, anyOpset: true, run: () => ({ changed: 0 }) }] };`,
    );
    const { code, stderr } = await shop.run("opt mlp.onnx -o out.onnx --passes my-pass");
    shop.close();
    expect([code, stderr]).toEqual([0, ""]);
  });
});
