import { parseGraph, seeded, Tensor, type Graph } from "@lowbit/ir";
import { convert, learnScales } from "@lowbit/quantize";
import { expect, test } from "vitest";
import { StepRunner } from "../engine/step-runner.ts";
import { withState, unpackState } from "../engine/state.ts";
import { meanSquaredError } from "../loss/regression.ts";
import { adam } from "../optimizer/adam.ts";
import { sgd } from "../optimizer/sgd.ts";
import type { TrainStepOptions } from "./train-step.ts";

const [batch, width] = [3, 8];
const [low, high] = [-0.06, 0.12];
const x = seeded("learned", "float", [batch, width]);
const target = seeded("wanted", "float", [batch, width]);

/** An activation in 4 bits (a range that clips) and a weight in 4 bits per channel. */
function prepared(): Graph {
  const graph = parseGraph(`net (float[N,${width}] x) => (float[N,${width}] y) <
    float[${width},${width}] w, float low = {${low}}, float high = {${high}}
  > {
    sx, zx = lowbit.QuantizationParameters <qmin = 0, qmax = 15, dtype = "uint8"> (low, high)
    lw, hw = lowbit.ObserveRange <mode = "current", axis = 1> (w)
    sw, zw = lowbit.QuantizationParameters <qmin = -7, qmax = 7, symmetric = 1, dtype = "int8"> (lw, hw)
    xq = lowbit.FakeQuantize <qmin = 0, qmax = 15> (x, sx, zx)
    wq = lowbit.FakeQuantize <qmin = -7, qmax = 7, axis = 1, covers_range = 1> (w, sw, zw)
    y = MatMul (xq, wq)
  }`);
  return graph;
}

/** The graph with learned parameters after some steps. */
async function stepped(settings: Partial<TrainStepOptions>, rate: number, steps = 1): Promise<Graph> {
  const graph = prepared();
  learnScales(graph, { zeroPoints: true });
  const options = { loss: meanSquaredError(), optimizer: sgd(), batch, ...settings };
  const runner = await StepRunner.create(graph, options, { threads: 1 });
  const state = runner.initialState();
  for (let step = 1; step <= steps; step++) {
    await runner.run(state, [{ inputs: { x }, target, size: batch }], step, [rate]);
  }
  await runner.release();
  return withState(graph, unpackState(runner.slots, state));
}

function learned(graph: Graph, name: string): number[] {
  return [...graph.value(name)!.initializer!.numbers()];
}

/** Rounding to the nearest integer, halves to even. */
function nearest(value: number): number {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}

/** What LSQ and LSQ+ say about the parameters of x, in plain loops: the gradients of its scale and of its zero point. */
function byDefinition(): { readonly scale: number; readonly dScale: number; readonly dZeroPoint: number } {
  const graph = prepared();
  const scale = (high - low) / 15;
  const zeroPoint = nearest(-low / scale);
  const weights = graph.value("w")!.initializer!.floats();
  const weight = (row: number, column: number): number => {
    const reach = Math.max(...Array.from({ length: width }, (_, i) => Math.abs(weights[i * width + column]!)));
    return nearest(weights[row * width + column]! / (reach / 7)) * (reach / 7);
  };
  const rounded = (value: number): number => Math.min(Math.max(nearest(value / scale), -zeroPoint), 15 - zeroPoint);
  const at = (tensor: Tensor, row: number, column: number): number => tensor.floats()[row * width + column]!;
  const columns = Array.from({ length: width }, (_, i) => i);
  let [dScale, dZeroPoint] = [0, 0];
  for (let n = 0; n < batch; n++) {
    const y = columns.map((j) => columns.reduce((sum, i) => sum + rounded(at(x, n, i)) * scale * weight(i, j), 0));
    const dy = y.map((value, j) => (2 * (value - at(target, n, j))) / (batch * width));
    for (const i of columns) {
      const dx = columns.reduce((sum, j) => sum + dy[j]! * weight(i, j), 0);
      const quotient = at(x, n, i) / scale;
      const isClipped = nearest(quotient) !== rounded(at(x, n, i));
      dScale += dx * (isClipped ? rounded(at(x, n, i)) : rounded(at(x, n, i)) - quotient);
      if (isClipped) dZeroPoint -= dx * scale;
    }
  }
  return { scale, dScale, dZeroPoint };
}

test("a step of plain SGD moves scale and offset as LSQ and LSQ+ do, with their gradient scaling", async () => {
  const { scale, dScale, dZeroPoint } = byDefinition();
  const rate = 1e-4;
  const after = await stepped({}, rate);
  const g = 1 / Math.sqrt(width * 15);
  expect(Math.abs(dScale) * Math.abs(dZeroPoint)).toBeGreaterThan(0);
  const moved = scale * Math.exp(learned(after, "sx.log_ratio")[0]!) - scale;
  expect(moved / (-rate * g * dScale)).toBeCloseTo(1, 2);
  // The offset of LSQ+ is β = -z·s; the zero point has its gradient times -s.
  const offset = -scale * 15 * learned(after, "zx.shift")[0]!;
  expect(offset / (-rate * g * (dZeroPoint / -scale))).toBeCloseTo(1, 2);
});

test("optimizers that normalize gradients do not see the scaling: a step is the learning rate", async () => {
  const after = await stepped({ optimizer: adam() }, 0.01);
  for (const name of ["sx.log_ratio", "zx.shift"]) expect(Math.abs(learned(after, name)[0]!)).toBeCloseTo(0.01, 5);
});

test("learned zero points are what is deployed", async () => {
  const after = await stepped({ optimizer: adam() }, 0.02, 12);
  const start = nearest(-low / ((high - low) / 15));
  const expected = Math.min(Math.max(nearest(start + 15 * learned(after, "zx.shift")[0]!), 0), 15);
  expect(expected).not.toBe(start);
  const quantize = [...convert(after).nodes].find((node) => node.is("QuantizeLinear"))!;
  expect(quantize.inputs[2]!.constant!.item()).toBe(expected);
});

test("zero points of values on one side of 0 stay, and so do those of weights", () => {
  const graph = prepared();
  learnScales(graph, { zeroPoints: true });
  const shifts = (each: Graph): string[] =>
    [...each.initializers].map(({ name }) => name).filter((n) => n.endsWith(".shift"));
  expect(shifts(graph)).toEqual(["zx.shift"]);
  const positive = withState(prepared(), new Map([["low", Tensor.scalar("float", 0)]]));
  learnScales(positive, { zeroPoints: true });
  expect(shifts(positive)).toEqual([]);
});
