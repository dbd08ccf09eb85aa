import { existsSync, readFileSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { ReportData } from "@lowbit/report";
import { Workshop } from "../workshop.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let workshop: Workshop;
beforeAll(() => {
  workshop = new Workshop().withMlp();
});
afterAll(() => workshop.close());

/** The data of a report that was written. */
function report(name: string): ReportData {
  const html = readFileSync(workshop.path(name), "utf8");
  const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!;
  return JSON.parse(json) as ReportData;
}

const quantize = "quantize mlp.onnx --backend x86 --prefer integer --threads 1";

describe("lowbit quantize --report", () => {
  test("tells what was written, what it answers, and the error of each layer", async () => {
    const result = await workshop.json(`${quantize} -o int8.onnx --calibrate test.npz --report int8.html`);
    const data = report("int8.html");
    const accuracy = async (model: string): Promise<unknown> =>
      (await workshop.json(`eval ${model} --data test.npz`))["value"];
    const { deployment, analysis, graph } = data;
    expect(deployment!.bytes).toEqual({
      float: statSync(workshop.path("mlp.onnx")).size,
      made: statSync(workshop.path("int8.onnx")).size,
    });
    expect(deployment!.integerMacs).toBe(result["integerMacs"]);
    expect(deployment!.quality).toEqual({
      float: await accuracy("mlp.onnx"),
      made: await accuracy("int8.onnx"),
      samples: 150,
      data: "test.npz",
    });
    expect([deployment!.latency!.batch, deployment!.latency!.threads]).toEqual([1, 1]);
    expect(analysis!.layers.map(({ name }) => name)).toEqual(["fc1", "fc2"]);
    expect(graph.nodes.map(({ name, integer }) => [name, integer])).toEqual([
      ["fc1", true],
      ["relu", true],
      ["fc2", true],
    ]);
    expect(graph.nodes[0]!.time!.float).toBeGreaterThan(0);
    expect(graph.nodes[0]!.time!.made).toBeGreaterThan(0);
    expect(data.command).toBe(
      "lowbit quantize mlp.onnx --backend x86 --prefer integer --threads 1 -o int8.onnx --calibrate test.npz --report int8.html --json --quiet",
    );
  });

  test("says which node stays float and why, and what it cannot tell without ranges", async () => {
    await workshop.json(`${quantize} -o a.onnx --calibrate test.npz --keep-float fc1 --report a.html`);
    const [fc1] = report("a.html").graph.nodes;
    expect([fc1!.integer, fc1!.reason]).toEqual([false, expect.stringContaining("kept in float")]);
    await workshop.json(`${quantize} -o b.onnx --mode weight-only --report b.html`);
    const { analysis, notes, deployment, graph } = report("b.html");
    expect(graph.nodes[0]!.reason).toBe("--mode weight-only stores weights as codes and computes in float");
    expect([analysis, deployment!.quality]).toEqual([null, null]);
    expect(notes).toEqual(["The error of layers is told for --mode static only, not for weight-only."]);
  });

  test("explains the search for a target", async () => {
    const result = await workshop.json(`${quantize} -o t.onnx --calibrate train.npz --target-sqnr 10 --report t.html`);
    const { tried, chosen } = result["search"] as { tried: readonly { what: string }[]; chosen: number };
    const { plans } = report("t.html").search!;
    expect(plans.map(({ what }) => what)).toEqual(tried.map(({ what }) => what));
    expect(plans.map(({ verdict }) => verdict === "chosen")).toEqual(plans.map((_, index) => index === chosen));
  });

  test("refuses a path it cannot write to before it begins", async () => {
    const { code, stderr } = await workshop.run(`${quantize} -o c.onnx --calibrate test.npz --report no/such/r.html`);
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no folder "no/such"')]);
    expect(existsSync(workshop.path("c.onnx"))).toBe(false);
  });
});

test.each([
  [`${quantize} -o same --calibrate test.npz --report same`, "--report and --output"],
  [`${quantize} -o c.onnx --calibrate test.npz --report ./mlp.onnx`, "--report and MODEL"],
  [`${quantize} -o c.onnx --calibrate test.npz --report test.npz`, "--report and --calibrate"],
  [
    `${quantize} -o c.onnx --calibrate test.npz --target-sqnr 10 --state kept --save-plan kept`,
    "--state and --save-plan",
  ],
  ["analyze mlp.onnx --backend x86 --data test.npz --report mlp.onnx", "--report and MODEL"],
  ["analyze mlp.onnx --backend x86 --data test.npz --report kept --state ./kept", "--state and --report"],
  ["train mlp.onnx --float -o c.onnx --data test.npz --report mlp.onnx", "--report and MODEL"],
])("a report takes no other file's place: %s", async (args, message) => {
  const before = readFileSync(workshop.path("mlp.onnx"));
  const { code, stderr } = await workshop.run(args);
  expect([code, stderr]).toEqual([2, expect.stringContaining(`${message} name the same file`)]);
  expect(readFileSync(workshop.path("mlp.onnx")).equals(before)).toBe(true);
});

const train = "train mlp.onnx --data train.npz --validate test.npz --threads 1";

describe("lowbit train --report", () => {
  test("shows the curves of a float training", async () => {
    const result = await workshop.json(`${train} --float --epochs 3 -o float.onnx --report float.html`);
    const { training, backend, analysis, deployment } = report("float.html");
    const told = (result["epochs"] as { epoch: number; loss: number; validation: number }[]).map(
      ({ epoch, loss, validation }) => ({ epoch, loss, validation }),
    );
    expect(training!.epochs.map(({ epoch, loss, validation }) => ({ epoch, loss, validation }))).toEqual(told);
    expect([training!.metric, training!.kept, training!.steps.at(-1)!.step]).toEqual(["accuracy", 3, 45]);
    expect(deployment!.quality!.made).toBe(told.at(-1)!.validation);
    expect([backend, analysis, deployment!.integerMacs]).toEqual([null, null, null]);
  });

  test("shows phases and restless codes of one for integers, and the layers it ended with", async () => {
    const options = "--backend x86 --prefer integer --epochs 2 --freeze-observers 1 -o qat.onnx --report qat.html";
    await workshop.json(`${train} ${options}`);
    const { training, analysis, graph } = report("qat.html");
    expect(training!.marks).toEqual([{ kind: "phase", step: 15, epoch: 2, text: "observers frozen" }]);
    expect(training!.epochs[0]!.changedCodes).toBeGreaterThan(0);
    expect(analysis!.layers.map(({ name }) => name)).toEqual(["fc1", "fc2"]);
    expect(graph.nodes.filter(({ integer }) => integer).map(({ name }) => name)).toEqual(["fc1", "relu", "fc2"]);
  });

  test("says that the run was interrupted, and goes on with the curves when it is resumed", async () => {
    const options = "--float --epochs 60 -o long.onnx --checkpoint state --report long.html";
    const { code, stderr } = await workshop.run(`${train} ${options}`, { interruptAt: /epoch 2\/60/ });
    expect([code, stderr]).toEqual([130, expect.stringContaining("long.html: what happened until then")]);
    const stopped = report("long.html");
    expect(stopped.interrupted).toMatch(/^This training did not reach its end: training was stopped at step \d+/);
    const { epochs } = stopped.training!;
    expect(epochs.length).toBeGreaterThanOrEqual(2);
    await workshop.json(`${train} ${options} --resume`);
    const { interrupted, training } = report("long.html");
    expect(interrupted).toBeNull();
    expect(training!.epochs.slice(0, epochs.length)).toEqual(epochs);
    expect(training!.epochs.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  });

  test("refuses a path it cannot write to before it begins", async () => {
    const { code, stdout, stderr } = await workshop.run(`${train} --float -o d.onnx --report ${workshop.folder}`);
    expect([code, stdout, stderr]).toEqual([1, "", expect.stringContaining("it is a folder")]);
  });
});
