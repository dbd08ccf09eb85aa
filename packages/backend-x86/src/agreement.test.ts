import { cloneGraph, GraphEditor, newModel, parseGraph, seeded, type Model, type Tensor } from "@lowbit/ir";
import { deployModel, integerForm, integerOperators, quantizeModel } from "@lowbit/quantize";
import { evaluate } from "@lowbit/reference";
import { Session } from "@lowbit/runtime";
import { quantizedGraphs } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { x86 } from "./x86.ts";

type Codes = readonly number[];

/** The codes of the last value, sample after sample, on ONNX Runtime and as they were predicted. */
interface Compared {
  readonly actual: Codes;
  /** By the reference interpreter, from the integer operators. */
  readonly interpreted: Codes;
  /** By the integer form of the fake-quantized graph, as training runs it. */
  readonly trained: Codes;
  /** By fake quantization in float: what it rounds, in steps. */
  readonly quotients: Codes;
  readonly zeroPoint: number;
}

const backend = x86({ prefer: "integer" });

function feedsOf(model: Model, index: number): Record<string, Tensor> {
  return Object.fromEntries(
    model.graph.inputs.map(({ name, shape }) => [name, seeded(`${name}${index}`, "float", shape as readonly number[])]),
  );
}

/** The model with the value that a node reads or makes as its only output. */
function returning(model: Model, op: string, end: "input" | "output"): Model {
  const { graph } = cloneGraph(model.graph);
  const last = [...graph.nodes].findLast((node) => node.op === op && !node.input.constant)!;
  new GraphEditor(graph).setOutputs([last[end]]);
  return { ...model, graph };
}

async function compare(text: string): Promise<Compared> {
  const model = newModel(parseGraph(text));
  const data = Array.from({ length: 4 }, (_, i) => feedsOf(model, i));
  const { model: converted, prepared } = await quantizeModel(model, { backend, data });
  const codes = returning(converted, "QuantizeLinear", "output");
  const lowered = deployModel(prepared, { ...backend, lower: [...backend.lower, integerOperators] }).model;
  const operators = returning(lowered, "DequantizeLinear", "input").graph;
  const form = integerForm(prepared.graph, { lower: backend.lower });
  const state = form.state.map((name) => [name, prepared.graph.value(name)!.initializer!] as const);
  const rounded = returning(prepared, "FakeQuantize", "input").graph;
  const [, scale, zeroPoint] = codes.graph.outputs[0]!.producer!.inputs.map((value) => value?.constant?.item() ?? 0);
  const session = await Session.create(codes);
  const found = { actual: [], interpreted: [], trained: [], quotients: [] } as Record<string, number[]>;
  const { arithmetic } = backend;
  for (let i = 10; i < 13; i++) {
    const feeds = feedsOf(model, i);
    const inputs = new Map(Object.entries(feeds));
    found["actual"]!.push(...Object.values(await session.run(feeds))[0]!.numbers());
    found["interpreted"]!.push(...[...evaluate(operators, inputs, { arithmetic }).values()][0]!.numbers());
    const outputs = [form.graph.outputs.at(-1)!];
    const ahead = evaluate(form.graph, new Map([...inputs, ...state]), { arithmetic, outputs });
    found["trained"]!.push(...[...ahead.values()][0]!.numbers());
    const [floats] = evaluate(rounded, inputs).values();
    found["quotients"]!.push(...floats!.numbers().map((value) => value / scale!));
  }
  await session.release();
  return { ...(found as unknown as Omit<Compared, "zeroPoint">), zeroPoint: zeroPoint! };
}

type Name = keyof typeof quantizedGraphs;

/** Ops whose kernels look up or estimate: 1 step in under 1 % of the values. */
const inexact: ReadonlySet<Name> = new Set(["Mul", "Sigmoid", "LeakyRelu", "Softmax"]);
const names = Object.keys(quantizedGraphs) as Name[];

/** float32 numbers of up to 256 steps are 2^-16 apart: nearer to the middle between two codes, either may be taken. */
const tie = 2 ** -15;

/** The quotients of fake quantization as far as there are codes, in steps from the first one. */
function simulated({ quotients, zeroPoint }: Compared): Codes {
  return quotients.map((quotient) => Math.min(Math.max(quotient + zeroPoint, 0), 255));
}

test.each(names.filter((name) => !inexact.has(name)))(
  "%s gives on ONNX Runtime what was predicted, code for code",
  async (name) => {
    const compared = await compare(quantizedGraphs[name]);
    const { actual, interpreted, trained } = compared;
    expect(new Set(actual).size).toBeGreaterThan(4);
    expect(interpreted).toEqual(actual);
    expect(trained).toEqual(actual);
    const missed = simulated(compared).filter((steps, i) => Math.abs(steps - actual[i]!) > 0.5 + tie);
    expect(missed).toEqual([]);
  },
);

test.each([...inexact])("%s gives on ONNX Runtime what was predicted, up to a rare last step", async (name) => {
  const compared = await compare(quantizedGraphs[name]);
  const { actual, interpreted, trained } = compared;
  expect(new Set(actual).size).toBeGreaterThan(4);
  for (const codes of [interpreted, trained, simulated(compared).map(Math.round)]) {
    const steps = codes.map((code, i) => Math.abs(code - actual[i]!));
    expect(Math.max(...steps)).toBeLessThanOrEqual(1);
    expect(steps.filter((each) => each > 0).length).toBeLessThan(0.01 * steps.length);
  }
});
