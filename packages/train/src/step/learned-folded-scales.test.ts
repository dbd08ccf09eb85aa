import { GraphEditor, parseGraph, seeded, Tensor, type Graph } from "@lowbit/ir";
import { learnScales } from "@lowbit/quantize";
import { expect, test } from "vitest";
import { StepRunner } from "../engine/step-runner.ts";
import { unpackState } from "../engine/state.ts";
import { meanSquaredError } from "../loss/regression.ts";
import { sgd } from "../optimizer/sgd.ts";
import { differentiate } from "./differentiate.ts";

const [batch, width, largest] = [6, 8, 7];
const x = seeded("folded", "float", [batch, width]);
const target = seeded("wanted", "float", [batch, width]);
const gamma = [1.5, -0.5, 0.25, 2, 1, -1, 0.75, 0.5];
/** Ratios of learned scales to the range, to begin with: some clip, some do not. */
const ratios = [-0.5, -0.25, 0.25, 0, -0.4, -0.3, -0.125, -1];

const data = `float[${width},${width}] w, float[${width}] gamma = {${gamma.join(", ")}}, float[${width}] beta,
  float[${width}] mean, float[${width}] variance = {${Array(width).fill("0.8").join(", ")}}`;

/** Gemm and BatchNormalization as one node, whose weights are quantized folded. */
const composite = `net (float[N,${width}] x) => (float[N,${width}] y) <${data}> {
  y = lowbit.ConvBatchNormalization <op = "Gemm", weight_dtype = "int8", weight_qmin = -7, weight_qmax = 7, weight_axis = 1>
    (x, w, , gamma, beta, mean, variance)
}`;

/** The same with the weights quantized by themselves, before the normalization. */
const apart = `net (float[N,${width}] x) => (float[N,${width}] y) <${data}> {
  lw, hw = lowbit.ObserveRange <mode = "current", axis = 1> (w)
  s, z = lowbit.QuantizationParameters <qmin = -7, qmax = 7, symmetric = 1, dtype = "int8"> (lw, hw)
  wq = lowbit.FakeQuantize <qmin = -7, qmax = 7, axis = 1, covers_range = 1> (w, s, z)
  h = Gemm (x, wq)
  y = BatchNormalization (h, gamma, beta, mean, variance)
}`;

/** How far a step of plain SGD moves the logarithms of the ratios. */
async function moved(
  text: string,
  name: string,
  batchNormalization: "train" | "frozen",
  rate: number,
): Promise<number[]> {
  const graph: Graph = parseGraph(text);
  expect(learnScales(graph)).toBe(1);
  new GraphEditor(graph).setInitializer(graph.value(name)!, Tensor.of("float", ratios));
  const options = { loss: meanSquaredError(), optimizer: sgd(), batch, batchNormalization };
  const runner = await StepRunner.create(graph, options, { threads: 1 });
  const state = runner.initialState();
  await runner.run(state, [{ inputs: { x }, target, size: batch }], 1, [rate]);
  await runner.release();
  const after = unpackState(runner.slots, state).get(name)!;
  return ratios.map((ratio, i) => after.numbers()[i]! - ratio);
}

/** The scales of the folded weights and what LSQ says about their gradients, in plain loops. */
function byDefinition(): readonly { readonly scale: number; readonly gradient: number }[] {
  const graph = parseGraph(composite);
  const floats = (name: string): Float32Array => graph.value(name)!.initializer!.floats();
  const [w, beta, mean] = [floats("w"), floats("beta"), floats("mean")];
  const rows = Array.from({ length: width }, (_, i) => i);
  return gamma.map((g, j) => {
    const k = g / Math.sqrt(0.8 + 1e-5);
    const folded = rows.map((i) => w[i * width + j]! * k);
    const scale = (Math.max(...folded.map(Math.abs)) / largest) * Math.exp(ratios[j]!);
    const code = (value: number): number => Math.min(Math.max(Math.round(value / scale), -largest), largest);
    const isClipped = (value: number): boolean => Math.round(value / scale) !== code(value);
    let gradient = 0;
    for (let n = 0; n < batch; n++) {
      const at = (tensor: Tensor, i: number): number => tensor.floats()[n * width + i]!;
      const y = rows.reduce((sum, i) => sum + at(x, i) * code(folded[i]!) * scale, beta[j]! - mean[j]! * k);
      const dy = (2 * (y - at(target, j))) / (batch * width);
      for (const i of rows) {
        const value = folded[i]!;
        gradient += dy * at(x, i) * (isClipped(value) ? code(value) : code(value) - value / scale);
      }
    }
    return { scale, gradient };
  });
}

test("they are scales to parameter groups, whatever the statistics do", () => {
  for (const batchNormalization of ["train", "frozen"] as const) {
    const graph = parseGraph(composite);
    learnScales(graph);
    const { moving } = differentiate(graph, { loss: meanSquaredError(), optimizer: sgd(), batch, batchNormalization });
    const held = moving.flatMap(({ holds }) => holds);
    expect(held.find(({ name }) => name === "w.scale.log_ratio")?.role).toBe("scale");
  }
});

test("folded with frozen statistics, a step moves the scales of the deployed weights as LSQ does", async () => {
  const rate = 1;
  const steps = await moved(composite, "w.scale.log_ratio", "frozen", rate);
  const g = 1 / Math.sqrt(width * largest);
  for (const [j, { scale, gradient }] of byDefinition().entries()) {
    // The gradient of a ratio is divided by the square of the range's own scale, not of the learned one.
    const expected = -rate * g * gradient * Math.exp(2 * ratios[j]!);
    expect((scale * steps[j]!) / expected).toBeCloseTo(1, 4);
  }
});

test("with statistics of the batch, scales are learned as those of weights before a normalization of its own", async () => {
  const [folded, own] = await Promise.all([
    moved(composite, "w.scale.log_ratio", "train", 1),
    moved(apart, "s.log_ratio", "train", 1),
  ]);
  expect(Math.max(...own.map(Math.abs))).toBeGreaterThan(1e-2);
  folded.forEach((step, j) => expect(Math.abs(step - own[j]!)).toBeLessThan(1e-6));
});
