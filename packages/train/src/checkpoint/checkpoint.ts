import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { printGraph, writeWholeFile, type Graph } from "@lowbit/ir";
import type { NamedState } from "../engine/state.ts";
import { badFile, cannotWrite, missingFile, otherTraining } from "../diagnostics.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";

/** Where a training run stands: enough to go on as if it had never stopped. */
export interface Position {
  readonly epoch: number;
  /** Batches of the epoch that are done. */
  readonly batches: number;
  /** Steps of all epochs that are done. */
  readonly steps: number;
  /** Losses of the epoch's steps added up, so that its mean comes out the same. */
  readonly lossSum: number;
}

interface Manifest extends Position {
  readonly format: 1;
  /** Digest of the model and of the settings that decide the weights. */
  readonly training: string;
  /** File of the state, in the same folder. */
  readonly state: string;
}

const manifestName = "checkpoint.json";

/** A digest of a model (structure and weights) and of settings: two runs with the same digest end with the same weights. */
export function trainingDigest(graph: Graph, settings: Readonly<Record<string, unknown>>): string {
  const hash = createHash("sha256").update(printGraph(graph, { maxElements: 0 }));
  for (const value of graph.initializers) hash.update(value.name).update(value.initializer!.bytes());
  return hash.update(JSON.stringify(settings)).digest("hex");
}

/**
 * Saves a training run: the state as safetensors (under the model's own tensor names), then a manifest that points to it.
 * Both appear whole or not at all, and a reader always finds a manifest with its state.
 *
 * @throws CompileError `train/checkpoint` when the folder cannot be written
 */
export function saveCheckpoint(folder: string, training: string, position: Position, state: NamedState): void {
  const file = `state-${position.steps}.safetensors`;
  const manifest: Manifest = { format: 1, training, ...position, state: file };
  try {
    mkdirSync(folder, { recursive: true });
    writeWholeFile(join(folder, file), encodeSafetensors(state, { training, steps: String(position.steps) }));
    writeWholeFile(join(folder, manifestName), new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`));
    for (const name of readdirSync(folder)) {
      if (/^state-\d+\.safetensors$/.test(name) && name !== file) rmSync(join(folder, name), { force: true });
    }
  } catch (error) {
    throw cannotWrite(folder, error instanceof Error ? error.message : String(error));
  }
}

/**
 * Reads where a run stands, null when the folder holds no checkpoint.
 *
 * @throws CompileError `train/other-training` when it belongs to another model or other settings, `data/bad-file`
 */
export function loadCheckpoint(
  folder: string,
  training: string,
): { readonly position: Position; readonly state: NamedState } | null {
  const path = join(folder, manifestName);
  const text = readOptional(path);
  if (text === null) return null;
  const manifest = parseManifest(text, path);
  if (manifest.training !== training) throw otherTraining(path);
  const statePath = join(folder, manifest.state);
  const bytes = readOptional(statePath);
  if (bytes === null) throw missingFile(statePath, "ENOENT");
  const { epoch, batches, steps, lossSum } = manifest;
  return { position: { epoch, batches, steps, lossSum }, state: decodeSafetensors(bytes, statePath).tensors };
}

function parseManifest(bytes: Uint8Array, path: string): Manifest {
  try {
    const manifest = JSON.parse(new TextDecoder().decode(bytes)) as Manifest;
    if (manifest.format === 1 && typeof manifest.state === "string") return manifest;
  } catch {
    // Reported below: what is not JSON is no manifest either.
  }
  throw badFile(path, "it is not a checkpoint of this version of lowbit");
}

function readOptional(path: string): Uint8Array | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw missingFile(path, (error as NodeJS.ErrnoException).code ?? String(error));
  }
}
