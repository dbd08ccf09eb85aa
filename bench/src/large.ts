/**
 * A model larger than memory allows: 3 GiB of external data through load, canonicalize, save. Prints seconds per stage and the
 * peak resident memory of the process, which must stay under 1 GiB; exits with 1 when it does not.
 *
 * `npm run bench:large`; needs 3 GiB of disk for the saved copy (the generated data is sparse).
 */
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel, saveModel } from "@lowbit/ir";
import {
  create,
  DataLocation,
  DataType,
  encodeModel,
  type MessageMap,
  type NodeProto,
  type TensorProto,
} from "@lowbit/onnx-proto";
import { canonicalize, defaultPipeline, optimize, runPasses } from "@lowbit/rewrite";
import { timed } from "./timed.ts";

const side = 4096;
const layerBytes = side * side * 4;
const layers = 48;
const maxPeakBytes = 2 ** 30;

const folder = mkdtempSync(join(tmpdir(), "lowbit-large-"));
try {
  const path = join(folder, "large.onnx");
  writeLargeModel(path);
  const [load, model] = timed(() => loadModel(path));
  const ingest = defaultPipeline.filter((pass) => pass !== optimize);
  const [canonical] = timed(() => runPasses(model, [...ingest, canonicalize]));
  const [save, saved] = timed(() => saveModel(model, join(folder, "copy.onnx")));
  const peak = process.resourceUsage().maxRSS * 1024;
  for (const [stage, seconds] of Object.entries({ load, canonicalize: canonical, save })) {
    console.log(`${stage.padStart(14)} ${seconds.toFixed(2)} s`);
  }
  checkCopy(saved.model);
  const size = statSync(saved.data!).size;
  const holds = peak < maxPeakBytes && size === layers * layerBytes;
  console.log(
    `${holds ? "holds" : "MISSED"}: ${mebibytes(size)} of data with at most ${mebibytes(peak)} resident (bound ${mebibytes(maxPeakBytes)})`,
  );
  if (!holds) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * A chain of matrix products, as exporters write it: a third of the weights behind Identity, a third behind Transpose. The data
 * is zeros, which take no room on the disk, and one marker per weight.
 */
function writeLargeModel(path: string): void {
  const data = openSync(`${path}.data`, "w");
  ftruncateSync(data, layers * layerBytes);
  const node: NodeProto[] = [];
  const initializer: TensorProto[] = [];
  for (let layer = 0; layer < layers; layer++) {
    writeSync(data, Uint8Array.of(layer + 1), 0, 1, layer * layerBytes);
    initializer.push(externalTensor(`w${layer}`, layer * layerBytes));
    const wrapper = [null, "Identity", "Transpose"][layer % 3]!;
    if (wrapper) node.push(operation(wrapper, [`w${layer}`], `v${layer}`));
    node.push(operation("MatMul", [`x${layer}`, wrapper ? `v${layer}` : `w${layer}`], `x${layer + 1}`));
  }
  closeSync(data);
  const graph = create("GraphProto", {
    name: "large",
    input: [rowOf("x0")],
    output: [rowOf(`x${layers}`)],
    node,
    initializer,
  });
  const opset = create("OperatorSetIdProto", { domain: "", version: 17 });
  writeFileSync(path, encodeModel(create("ModelProto", { ir_version: 8, opset_import: [opset], graph })));
}

function rowOf(name: string): MessageMap["ValueInfoProto"] {
  const shape = { dim: [{ dim_value: 1 }, { dim_value: side }] };
  return create("ValueInfoProto", {
    name,
    type: create("TypeProto", { tensor_type: { elem_type: DataType.FLOAT, shape } }),
  });
}

function operation(op: string, input: readonly string[], output: string): NodeProto {
  return create("NodeProto", { op_type: op, name: `${op}_${output}`, input, output: [output] });
}

function externalTensor(name: string, offset: number): TensorProto {
  const entries = { location: "large.onnx.data", offset: String(offset), length: String(layerBytes) };
  return create("TensorProto", {
    name,
    data_type: DataType.FLOAT,
    dims: [side, side],
    data_location: DataLocation.EXTERNAL,
    external_data: Object.entries(entries).map(([key, value]) => create("StringStringEntryProto", { key, value })),
  });
}

/** Throws unless each weight of the saved model starts with its marker. */
function checkCopy(path: string): void {
  const copy = loadModel(path);
  for (let layer = 0; layer < layers; layer++) {
    const weight = copy.graph.value(`x${layer + 1}`)?.producer?.inputs[1]?.initializer;
    if (weight?.bytes()[0] !== layer + 1) throw new Error(`weight ${layer} of the copy is not the one that was saved`);
  }
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
