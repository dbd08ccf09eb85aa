/**
 * Whether the forms of a quantized model agree, in integer steps of its codes, for graphs of one op each and for the models of
 * the materials: the converted model on ONNX Runtime against the reference interpreter (with integer operators), against the
 * integer forward that training runs, and against fake quantization in float.
 *
 * `npm run bench:agreement [-- part of a name]`. Exits with 1 when ONNX Runtime is a step away where it should not be. For Conv,
 * MatMul, Gemm, Add, pools and Concat no value may differ from the first two; one may differ from fake quantization only where its
 * quotient lies so close to the middle between two codes that float32 cannot tell the side. Elsewhere 1 step in under 1 % may.
 */
import {
  deployModel,
  integerOperators,
  loadModel,
  newModel,
  parseGraph,
  quantizeModel,
  seeded,
  Session,
  Tensor,
  x86,
  type Feeds,
  type Graph,
} from "lowbit";
import { cloneGraph, GraphEditor, lowbitDomain, type Model, type Node, type Value } from "@lowbit/ir";
import { integerForm } from "@lowbit/quantize";
import { evaluate } from "@lowbit/reference";
import { labelledModels, materialsFolder, quantizedGraphs } from "@lowbit/test-models";

/** Graphs that may differ in rare last steps; all others must agree exactly. */
const inexact = new Set(["Mul", "Sigmoid", "LeakyRelu", "Softmax"]);

/**
 * Distance from the middle between two codes, in steps, at which the two float32 paths may round to different sides: float32
 * numbers of up to 256 steps are 2^-16 apart.
 */
const tie = 2 ** -15;

/** Samples of a model that are compared. */
const rows = 2;

/** How far two lists of codes are apart. */
interface Apart {
  readonly largest: number;
  readonly differing: number;
  /** Those of them that float32 cannot decide. */
  readonly ties: number;
}

const nothing: Apart = { largest: 0, differing: 0, ties: 0 };
const backend = x86({ prefer: "integer" });
const wanted = process.argv[2] ?? "";
print(["", "values", "interpreter", "integer forward", "fake quantization"]);
for (const [name, text] of Object.entries(quantizedGraphs)) {
  if (!name.includes(wanted)) continue;
  const model = newModel(parseGraph(text));
  const feeds = (index: number): Feeds =>
    Object.fromEntries(
      model.graph.inputs.map((each) => [
        each.name,
        seeded(`${each.name}${index}`, "float", each.shape as readonly number[]),
      ]),
    );
  await compare(name, model, [0, 1, 2, 3].map(feeds), [10, 11, 12].map(feeds), !inexact.has(name));
}
const folder = materialsFolder();
if (folder === null) console.log("models skipped: they are not there (../shared/materials)");
else {
  for (const [name, { file, train, test }] of Object.entries(labelledModels)) {
    if (!name.includes(wanted)) continue;
    const model = loadModel(`${folder}/${file}`);
    const input = model.graph.inputs.find((value) => !value.initializer)!.name;
    const data = train(folder, 64).map(({ x }) => ({ [input]: x }));
    const tests = test(folder, rows).map(({ x }) => ({ [input]: x }));
    await compare(name, model, data, tests, false);
  }
}

async function compare(
  name: string,
  model: Model,
  data: readonly Feeds[],
  tests: readonly Feeds[],
  isExact: boolean,
): Promise<void> {
  const { model: converted, prepared } = await quantizeModel(model, { backend, data });
  const codes = returningLast(converted, ({ op }) => op === "QuantizeLinear");
  const lowered = deployModel(prepared, { ...backend, lower: [...backend.lower, integerOperators] }).model;
  const operators = returningCodes(lowered, codes.graph.outputs[0]!.name);
  const fake = returningLast(prepared, quantizesActivation);
  const form = integerForm(prepared.graph, { lower: backend.lower });
  const forward = form.graph.outputs.at(-1)!;
  const last = fake.graph.outputs[0]!.producer!;
  const [scale, zeroPoint] = lastParameters(codes.graph);
  const session = await Session.create(codes);
  let [values, interpreter, integer, simulated] = [0, nothing, nothing, nothing];
  for (const feeds of tests) {
    const actual = Object.values(await session.run(feeds))[0]!.numbers();
    const inputs = new Map(Object.entries(feeds));
    const state = form.state.map((each) => [each, prepared.graph.value(each)!.initializer!] as const);
    const { arithmetic } = backend;
    const [own] = evaluate(operators.graph, inputs, { arithmetic }).values();
    const ahead = evaluate(form.graph, new Map([...inputs, ...state]), { arithmetic, outputs: [forward] });
    const floats = evaluate(fake.graph, inputs, { outputs: [last.input, last.output] });
    const quotients = Float64Array.from(floats.get(last.input.name)!.numbers(), (value) => value / scale);
    const steps = floats
      .get(last.output.name)!
      .numbers()
      .map((value) => Math.round(value / scale) + zeroPoint);
    values += actual.length;
    interpreter = added(interpreter, actual, own!.numbers());
    integer = added(integer, actual, ahead.get(forward.name)!.numbers());
    simulated = added(simulated, actual, steps, quotients);
  }
  await session.release();
  const isRare = ({ largest, differing }: Apart): boolean => largest <= 1 && differing < 0.01 * values;
  const holds = isExact
    ? interpreter.differing + integer.differing === 0 && simulated.differing === simulated.ties
    : [interpreter, integer, simulated].every(isRare);
  if (!holds) process.exitCode = 1;
  const cells = [interpreter, integer, simulated].map((apart) => text(apart, values));
  print([name, values, ...cells, holds ? "holds" : "MISSED"]);
}

/** @param quotients what the first codes were rounded from, short of the zero point */
function added(apart: Apart, ours: ArrayLike<number>, theirs: ArrayLike<number>, quotients?: ArrayLike<number>): Apart {
  let { largest, differing, ties } = apart;
  for (let i = 0; i < ours.length; i++) {
    const steps = Math.abs(ours[i]! - theirs[i]!);
    if (steps === 0) continue;
    largest = Math.max(largest, steps);
    differing++;
    if (quotients && steps === 1 && Math.abs(Math.abs(quotients[i]! % 1) - 0.5) < tie) ties++;
  }
  return { largest, differing, ties };
}

function quantizesActivation({ op, domain, input }: Node): boolean {
  return op === "FakeQuantize" && domain === lowbitDomain && !input.constant;
}

/** The model with the result of its last node of a kind as the only output. */
function returningLast(model: Model, isWanted: (node: Node) => boolean): Model {
  const { graph } = cloneGraph(model.graph);
  const last = [...graph.nodes].findLast(isWanted)!;
  new GraphEditor(graph).setOutputs([last.output]);
  return { ...model, graph };
}

/** The model with codes as the only output: those of a name, or what its last DequantizeLinear of an activation reads. */
function returningCodes(model: Model, name: string): Model {
  const { graph } = cloneGraph(model.graph);
  const last = [...graph.nodes].findLast(({ op, input }) => op === "DequantizeLinear" && !input.constant);
  new GraphEditor(graph).setOutputs([graph.value(name) ?? last!.input]);
  return { ...model, graph };
}

function lastParameters(graph: Graph): readonly [scale: number, zeroPoint: number] {
  const [, scale, zeroPoint] = graph.outputs[0]!.producer!.inputs;
  const item = (value: Value | null | undefined): number => (value?.constant ?? Tensor.scalar("float", 0)).item();
  return [item(scale), item(zeroPoint)];
}

function text({ largest, differing, ties }: Apart, values: number): string {
  if (differing === 0) return "0 differ";
  if (differing === ties) return `${differing} differ, by 1, at ties`;
  return `${differing} differ (${((100 * differing) / values).toFixed(3)} %), by ${largest}`;
}

function print([name, values, ...cells]: readonly (string | number)[]): void {
  console.log(
    String(name).padEnd(38) + String(values).padStart(8) + cells.map((cell) => String(cell).padStart(32)).join(""),
  );
}
