/**
 * What of each model of the materials runs on integers with `--prefer integer`, for each backend, and how much smaller its file is,
 * with QuantizeLinear and DequantizeLinear (`smaller`) and with integer operators, which need no scale of the bias (`qoperator`).
 *
 * `npm run bench:integers [-- part of a name]`. Exits with 1 when less than 99 % of the multiply-accumulates of a pure CNN run on
 * integers, or when the file for x86 of a model over 1 MB, whose weights are mostly those of products, is less than 3.6 times smaller,
 * unless it could not be with all names left out: a byte per weight, 12 per channel (scale, bias, scale of the bias), and the nodes.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import {
  arm,
  CompileError,
  deployModel,
  integerOperators,
  loadModel,
  quantizeModel,
  saveModel,
  verifyDeployment,
  x86,
  type Model,
  type Value,
} from "lowbit";
import { decodeModel, encodeModel } from "@lowbit/onnx-proto";
import { materialsFolder, seededInputs } from "@lowbit/test-models";
import { onnxFiles } from "./onnx-files.ts";

const prefer = "integer";
const backends = [
  x86({ prefer }),
  x86({ prefer, features: ["avx2"] }),
  arm({ prefer }),
  arm({ prefer, features: ["dotprod"] }),
  arm({ prefer, features: ["qnnpack"] }),
];
const productOps: ReadonlySet<string> = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul"]);
const least = { share: 0.99, bytes: 1e6, smaller: 3.6 };

const wanted = process.argv[2] ?? "";
const folder = materialsFolder();
if (folder === null) console.log("skipped: the models are not there (../shared/materials)");
else await tellAll(join(folder, "models"));

async function tellAll(models: string): Promise<void> {
  print(["", ...backends.map(({ name }) => name), "bytes", "smaller", "no names", "qoperator"]);
  const [cnns, below, large, big]: [string[], string[], string[], string[]] = [[], [], [], []];
  for (const file of onnxFiles(models).filter((each) => each.includes(wanted))) {
    const name = relative(models, file);
    const told = await tell(file);
    if (typeof told === "string") {
      console.log(`${name}: ${told}`);
      continue;
    }
    const { shares, bytes, smaller, nameless, operators, isCnn, isProducts } = told;
    const percent = shares.map((share) => `${(100 * share).toFixed(1)} %`);
    const times = [smaller, nameless, operators].map((factor) => `${factor.toFixed(2)}x`);
    print([`${name}${isCnn ? " *" : ""}`, ...percent, bytes, ...times]);
    if (isCnn) cnns.push(name);
    if (isCnn && Math.min(...shares) < least.share) below.push(name);
    const isLarge = bytes > least.bytes && isProducts && nameless >= least.smaller;
    if (isLarge) large.push(name);
    if (isLarge && smaller < least.smaller) big.push(name);
  }
  console.log("\n* a pure CNN");
  bound(`at least 99 % of the products of ${cnns.length} pure CNNs run on integers, for every backend`, below);
  bound(`${large.length} models over 1 MB that can be are at least ${least.smaller} times smaller`, big);
}

/** What is told of a model; or why it cannot be. */
interface Told {
  readonly shares: readonly number[];
  readonly bytes: number;
  /** How many times smaller the file for the first backend is, and how many times it would be without a name in it. */
  readonly smaller: number;
  readonly nameless: number;
  /** How many times smaller the file with integer operators is. */
  readonly operators: number;
  readonly isCnn: boolean;
  readonly isProducts: boolean;
}

async function tell(file: string): Promise<Told | string> {
  const temporary = mkdtempSync(join(tmpdir(), "lowbit-integers-"));
  try {
    const model = loadModel(file);
    const [shares, sizes]: [number[], { file: number; nameless: number; operators: number }[]] = [[], []];
    let isCnn = false;
    const calibration = [0, 1].map((index) => seededInputs(model, index));
    for (const backend of backends) {
      const quantized = await quantizeModel(model, { backend, data: calibration });
      const { model: path } = saveModel(quantized.model, join(temporary, "int8.onnx"));
      const feeds = seededInputs(model, 9);
      shares.push((await verifyDeployment(loadModel(path), { backend, feeds })).integerMacs);
      const lower = [...backend.lower, integerOperators];
      const { model: asOperators } = deployModel(quantized.prepared, { ...backend, lower });
      const operators = statSync(saveModel(asOperators, join(temporary, "operators.onnx")).model).size;
      sizes.push({ file: statSync(path).size, nameless: bytesWithoutNames(path), operators });
      isCnn = isPureCnn(quantized.optimized);
    }
    const bytes = statSync(file).size;
    const first = sizes[0]!;
    const [smaller, nameless, operators] = [bytes / first.file, bytes / first.nameless, bytes / first.operators];
    const isProducts = areMostlyOfProducts(model);
    return { shares, bytes, smaller, nameless, operators, isCnn, isProducts };
  } catch (error) {
    if (error instanceof CompileError) return error.diagnostic.message;
    throw error;
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** Whether a model convolves, and multiplies by nothing else than weights of its own. */
function isPureCnn({ graph }: Model): boolean {
  const nodes = [...graph.nodes];
  const others = new Set(["LSTM", "GRU", "RNN", "If", "Loop", "Scan", "Attention", "Einsum"]);
  const ofActivations = nodes.some(({ op, inputs }) => op === "MatMul" && !inputs.some((value) => value?.constant));
  return nodes.some(({ op }) => op === "Conv") && !ofActivations && !nodes.some(({ op }) => others.has(op));
}

/** Whether most of a model's data is weights of Conv, ConvTranspose, Gemm and MatMul. */
function areMostlyOfProducts({ graph }: Model): boolean {
  const bytesOf = ({ initializer }: Value): number => initializer?.source.byteLength ?? 0;
  const data = [...graph.initializers];
  const isWeight = ({ uses }: Value): boolean =>
    [...uses].some(({ node, index }) => productOps.has(node.op) && index < 2);
  const sum = (values: readonly Value[]): number => values.reduce((bytes, value) => bytes + bytesOf(value), 0);
  return sum(data.filter(isWeight)) > sum(data) / 2;
}

/** What a file would take if its values and nodes needed no names. */
function bytesWithoutNames(path: string): number {
  const proto = decodeModel(readFileSync(path));
  const graph = proto.graph!;
  const node = graph.node.map((each) => ({
    ...each,
    name: "",
    input: each.input.map(() => ""),
    output: each.output.map(() => ""),
  }));
  const initializer = graph.initializer.map((each) => ({ ...each, name: "" }));
  return encodeModel({ ...proto, graph: { ...graph, node, initializer } }).length;
}

function bound(text: string, missed: readonly string[]): void {
  console.log(missed.length === 0 ? `holds: ${text}` : `MISSED: ${text}: ${missed.join(", ")}`);
  if (missed.length > 0) process.exitCode = 1;
}

function print([name, ...cells]: readonly (string | number)[]): void {
  console.log(String(name).padEnd(46) + cells.map((cell) => String(cell).padStart(12)).join(""));
}
