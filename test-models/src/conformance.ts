import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { importModel, type Tensor } from "@lowbit/ir";
import { create, decode } from "@lowbit/onnx-proto";
import { materialsFolder } from "./materials.ts";
import { tarEntries } from "./tar.ts";

/** One case of the ONNX backend test suite: a model of few nodes, with inputs and the outputs the standard expects. */
export interface ConformanceCase {
  /** Suite and case, for example `node/test_abs`. */
  readonly name: string;
  /** Bytes of the ModelProto. */
  readonly model: Uint8Array;
  readonly dataSets: readonly ConformanceDataSet[];
}

/** Serialized values (mostly TensorProto; SequenceProto or OptionalProto in a few cases), in the model's own order. */
export interface ConformanceDataSet {
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
}

const archiveName = "onnx-node-tests.tar.gz";

/** Path of the archive of conformance cases, or null where the materials are absent. */
export function conformanceArchive(): string | null {
  const folder = materialsFolder();
  const archive = folder && join(folder, archiveName);
  return archive && existsSync(archive) ? archive : null;
}

/** Every case of an archive, sorted by name; about 10 MB in memory. */
export function conformanceCases(archive: string): readonly ConformanceCase[] {
  const cases = new Map<string, { model: Uint8Array | null; files: Map<string, Uint8Array> }>();
  for (const { path, bytes } of tarEntries(gunzipSync(readFileSync(archive)))) {
    const match = /([^/]+\/test_[^/]+)\/(model\.onnx|test_data_set_\d+\/(?:in|out)put_\d+\.pb)$/.exec(path);
    if (!match) continue;
    const [, name, file] = match as unknown as [string, string, string];
    const found = cases.get(name) ?? { model: null, files: new Map<string, Uint8Array>() };
    cases.set(name, found);
    if (file === "model.onnx") found.model = bytes;
    else found.files.set(file, bytes);
  }
  return [...cases]
    .flatMap(([name, { model, files }]) => (model ? [{ name, model, dataSets: dataSets(files) }] : []))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names of the cases that ONNX Runtime 1.30 passes by its own account. */
export function conformancePasses(archive: string): ReadonlySet<string> {
  for (const { path, bytes } of tarEntries(gunzipSync(readFileSync(archive)))) {
    if (path.endsWith("ort-1.30-pass.txt"))
      return new Set(new TextDecoder().decode(bytes).split(/\s+/).filter(Boolean));
  }
  return new Set();
}

function dataSets(files: ReadonlyMap<string, Uint8Array>): readonly ConformanceDataSet[] {
  const numbered = (set: number, kind: "input" | "output"): readonly Uint8Array[] => {
    const found: Uint8Array[] = [];
    for (let bytes; (bytes = files.get(`test_data_set_${set}/${kind}_${found.length}.pb`));) found.push(bytes);
    return found;
  };
  const sets: ConformanceDataSet[] = [];
  for (let set = 0; ; set++) {
    const found = { inputs: numbered(set, "input"), outputs: numbered(set, "output") };
    if (found.inputs.length + found.outputs.length === 0) return sets;
    sets.push(found);
  }
}

/** The tensor of a serialized TensorProto. Whether a value file holds one is for the type in the case's model to say. */
export function conformanceTensor(bytes: Uint8Array): Tensor {
  const initializer = { ...decode("TensorProto", bytes), name: "tensor" };
  const proto = create("ModelProto", {
    ir_version: 10,
    opset_import: [create("OperatorSetIdProto", { domain: "", version: 21 })],
    graph: create("GraphProto", { name: "holder", initializer: [initializer] }),
  });
  return importModel(proto).graph.value("tensor")!.initializer!;
}
