/**
 * Whether the forms of a quantized model agree, in integer steps of its codes: the converted model on ONNX Runtime against the
 * reference interpreter (with integer operators) and against fake quantization, for graphs of one op each and for the models of the materials.
 *
 * `npm run bench:agreement [-- part of a name]`. Exits with 1 when ONNX Runtime is a step away from fake quantization where it should
 * not be: 0 values for Conv, MatMul, Add, pools and Concat, and everywhere else 1 step in under 1 % of the values.
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
import { evaluate } from "@lowbit/reference";
import { labelledModels, materialsFolder, quantizedGraphs } from "@lowbit/test-models";

/** Graphs that may differ in rare last steps; all others must agree exactly. */
const inexact = new Set(["Gemm", "Mul", "GlobalAveragePool", "Sigmoid", "LeakyRelu", "Softmax"]);

/** Samples of a model that are compared. */
const rows = 2;

/** How far two lists of codes are apart. */
interface Apart {
  readonly largest: number;
  readonly differing: number;
}

const nothing: Apart = { largest: 0, differing: 0 };
const backend = x86({ prefer: "integer" });
const wanted = process.argv[2] ?? "";
print(["", "values", "interpreter", "fake quantization"]);
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
  const { model: integer, prepared } = await quantizeModel(model, { backend, data });
  const codes = returningLast(integer, ({ op }) => op === "QuantizeLinear");
  const lowered = deployModel(prepared, { ...backend, lower: [...backend.lower, integerOperators] }).model;
  const operators = returningCodes(lowered, codes.graph.outputs[0]!.name);
  const fake = returningLast(
    prepared,
    ({ op, domain, input }) => op === "FakeQuantize" && domain === lowbitDomain && !input.constant,
  );
  const [scale, zeroPoint] = lastParameters(codes.graph);
  const session = await Session.create(codes);
  let [values, interpreter, simulated] = [0, nothing, nothing];
  for (const feeds of tests) {
    const actual = Object.values(await session.run(feeds))[0]!.numbers();
    const inputs = new Map(Object.entries(feeds));
    const [own] = evaluate(operators.graph, inputs, { arithmetic: backend.arithmetic }).values();
    const [floats] = evaluate(fake.graph, inputs).values();
    const steps = Float64Array.from(floats!.numbers(), (value) => Math.round(value / scale) + zeroPoint);
    values += actual.length;
    interpreter = added(interpreter, actual, own!.numbers());
    simulated = added(simulated, actual, steps);
  }
  await session.release();
  const holds = [interpreter, simulated].every(({ largest, differing }) =>
    isExact ? differing === 0 : largest <= 1 && differing < 0.01 * values,
  );
  if (!holds) process.exitCode = 1;
  print([name, values, text(interpreter, values), text(simulated, values), holds ? "holds" : "MISSED"]);
}

function added({ largest, differing }: Apart, ours: ArrayLike<number>, theirs: ArrayLike<number>): Apart {
  const apart = Array.from(ours, (code, i) => Math.abs(code - theirs[i]!));
  return {
    largest: apart.reduce((a, b) => Math.max(a, b), largest),
    differing: differing + apart.filter((x) => x > 0).length,
  };
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

function text({ largest, differing }: Apart, values: number): string {
  if (differing === 0) return "0 differ";
  return `${differing} differ (${((100 * differing) / values).toFixed(3)} %), by ${largest}`;
}

function print([name, values, ...cells]: readonly (string | number)[]): void {
  console.log(
    String(name).padEnd(38) + String(values).padStart(8) + cells.map((cell) => String(cell).padStart(32)).join(""),
  );
}
