import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadModel, type Model, type Tensor } from "@lowbit/ir";
import { quantizeModel } from "@lowbit/quantize";
import { defaultPipeline, runPasses } from "@lowbit/rewrite";
import { integerShare, Session, whatRan } from "@lowbit/runtime";
import { x86 } from "@lowbit/backend-x86";
import { accuracyOver, type LabelledBatch } from "@lowbit/test-models";
import { saveModel } from "lowbit";
import type { Case } from "./cases.ts";
import { quantizeWithPeer } from "./peer.ts";

/** A model file that is measured. */
export interface Made {
  readonly path: string;
  readonly bytes: number;
  /** Percent; null where there is no labelled data. */
  readonly accuracy: number | null;
  /** Share of multiply-accumulates that run on integers, 0 to 1. */
  readonly integerMacs: number;
}

/** The forms of one model at one batch. */
export interface Forms {
  readonly float: Made;
  readonly int8: Made;
  /** With everything on integers that has a kernel. */
  readonly integer: Made;
  /** Null without a Python; what it says where it fails. */
  readonly peer: Made | { readonly failure: string } | null;
}

/** Makes the files of a model for a batch in a folder, placed by the costs of kernels at that batch; what is known of files from an earlier run is used again. */
export async function makeForms(each: Case, batch: number, folder: string, python: string | undefined): Promise<Forms> {
  const base = join(folder, each.name.replaceAll(/\W+/g, "-"));
  const calibration = each.calibration();
  const float = loadModel(each.file);
  const input = float.graph.inputs.find((value) => !value.initializer)!.name;
  const data = calibration.map((x) => ({ [input]: x }));
  const quantized = async (prefer: "speed" | "integer"): Promise<Model> =>
    (await quantizeModel(float, { backend: x86({ prefer, batch }), data })).model;
  const made = (name: string, make: () => Promise<Model>): Promise<Made> =>
    described(`${base}.${name}.onnx`, each, async (path) => void saveModel(await make(), path, { innerTypes: false }));
  return {
    float: await made("float", () => Promise.resolve(optimized(float))),
    int8: await made(`int8-${batch}`, () => quantized("speed")),
    integer: await made("integer", () => quantized("integer")),
    peer: python === undefined ? null : await peerForm(python, each, `${base}.peer.onnx`, input, calibration),
  };
}

/** The peer's form; it may fail to make a model, or make one that ONNX Runtime does not load. */
async function peerForm(
  python: string,
  each: Case,
  path: string,
  input: string,
  calibration: readonly Tensor[],
): Promise<Forms["peer"]> {
  const failure = existsSync(path) ? null : quantizeWithPeer(python, each.file, path, input, calibration);
  if (failure !== null) return { failure };
  try {
    return await described(path, each, () => Promise.resolve());
  } catch (error) {
    return { failure: (error as Error).message.split("\n")[0]! };
  }
}

/** What our float optimizations make of a model. */
function optimized(float: Model): Model {
  runPasses(float, defaultPipeline);
  return float;
}

async function described(path: string, each: Case, make: (path: string) => Promise<void>): Promise<Made> {
  const facts = `${path}.json`;
  if (existsSync(path) && existsSync(facts)) return JSON.parse(readFileSync(facts, "utf8")) as Made;
  await make(path);
  const made: Made = {
    path,
    bytes: statSync(path).size,
    accuracy: each.test ? await accuracyOf(path, each.test()) : null,
    integerMacs: await integerMacsOf(path, each.calibration()[0]!),
  };
  writeFileSync(facts, JSON.stringify(made));
  return made;
}

async function accuracyOf(path: string, batches: readonly LabelledBatch[]): Promise<number> {
  const session = await Session.create(path);
  const [input, output] = [session.inputs[0]!.name, session.outputs[0]!.name];
  const percent = await accuracyOver(batches, async (x) => (await session.run({ [input]: x }))[output]!);
  await session.release();
  return percent;
}

async function integerMacsOf(path: string, x: Tensor): Promise<number> {
  const session = await Session.create(path, { threads: 1 });
  const input = session.inputs[0]!.name;
  await session.release();
  return integerShare(await whatRan(path, { [input]: x }));
}
