import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { CompileError, systemReason, writeWholeFile } from "@lowbit/ir";
import type { NamedState } from "../engine/state.ts";
import type { BestEpoch } from "../fit/best-epoch.ts";
import { badFile, cannotWrite, missingFile, otherModel, otherSettings } from "../diagnostics.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";

/** Where a training run stands: enough to go on as if it had never stopped. */
interface Position {
  readonly epoch: number;
  /** Batches of the epoch that are done. */
  readonly batches: number;
  /** Steps of all epochs that are done. */
  readonly steps: number;
  /** Losses of the epoch's steps added up, so that its mean comes out the same. */
  readonly lossSum: number;
  /** Seconds spent in the epoch. */
  readonly seconds: number;
}

/** What is saved of a run. */
export interface Checkpoint {
  readonly position: Position;
  readonly state: NamedState;
  /** Null where nothing is validated. */
  readonly best: BestEpoch | null;
}

/** What decides the weights a run ends with. */
export interface Training {
  /** Digest of the model: its structure and its weights. */
  readonly model: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

interface Manifest extends Position, Training {
  readonly format: typeof format;
  /** File of the state, in the same folder. */
  readonly state: string;
  readonly best: (Omit<BestEpoch, "state"> & { readonly state: string }) | null;
}

const format = 2;
const manifestName = "checkpoint.json";
/** The files of earlier checkpoints, and what a process that was killed left half written. */
const ownFiles = /^(state-\d+|best-\d+)\.safetensors(\..*\.partial)?$|^checkpoint\.json\..*\.partial$/;

/** Makes a folder that checkpoints can be saved in, before there is anything to lose. @throws CompileError `train/checkpoint` */
export function prepareFolder(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw cannotWrite(folder, reasonOf(error));
  }
}

/** Makes a folder and those above it. Node's own way of doing so never returns where the system lets nobody make one (/proc). */
function makeFolder(folder: string): void {
  const there = statSync(folder, { throwIfNoEntry: false });
  if (there && !there.isDirectory()) throw new Error("it is not a folder");
  if (there) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  mkdirSync(folder);
}

/**
 * Saves a training run: the states as safetensors (under the model's own tensor names), then a manifest that points to
 * them. Every file appears whole or not at all, and only the manifest makes the new states count: whenever the process
 * is killed, the folder holds a manifest with the states that belong to it.
 *
 * @throws CompileError `train/checkpoint` when the folder cannot be written; what it held before is still there
 */
export function saveCheckpoint(folder: string, training: Training, { position, state, best }: Checkpoint): void {
  const file = `state-${position.steps}.safetensors`;
  const bestFile = best && `best-${best.epoch}.safetensors`;
  const manifest: Manifest = {
    format,
    ...training,
    ...position,
    state: file,
    best: best && { epoch: best.epoch, validation: best.validation, state: bestFile! },
  };
  try {
    makeFolder(folder);
    const present = readdirSync(folder);
    const write = (name: string, bytes: Uint8Array): void => writeWholeFile(join(folder, name), bytes, "durably");
    if (best && !isBestOf(folder, best, training)) {
      write(bestFile!, encodeSafetensors(best.state, stamp(training, best.epoch)));
    }
    write(file, encodeSafetensors(state, stamp(training, position.steps)));
    write(manifestName, new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`));
    for (const name of present) {
      if (ownFiles.test(name) && name !== file && name !== bestFile) rmSync(join(folder, name), { force: true });
    }
  } catch (error) {
    throw cannotWrite(folder, reasonOf(error));
  }
}

/** Ties a state to its run, so that a manifest is never taken together with the state of another run. */
function stamp(training: Training, at: number): Readonly<Record<string, string>> {
  const settings = createHash("sha256").update(JSON.stringify(training.settings)).digest("hex");
  return { training: `${training.model}:${settings}`, at: String(at) };
}

/** Whether the folder's manifest already counts this best epoch, whose file does not change any more. */
function isBestOf(folder: string, best: BestEpoch, training: Training): boolean {
  const bytes = readOptional(join(folder, manifestName));
  if (bytes === null) return false;
  try {
    const { model, settings, best: saved } = JSON.parse(new TextDecoder().decode(bytes)) as Manifest;
    const isSameRun = model === training.model && JSON.stringify(settings) === JSON.stringify(training.settings);
    return isSameRun && saved?.epoch === best.epoch && saved.validation === best.validation;
  } catch {
    return false;
  }
}

/** Whether a folder holds a checkpoint, of whatever run and version. */
export function holdsCheckpoint(folder: string): boolean {
  return existsSync(join(folder, manifestName));
}

/**
 * Reads where a run stands, null when the folder holds no checkpoint.
 *
 * @throws CompileError `train/other-training` when it belongs to another model or other settings, `data/bad-file`
 */
export function loadCheckpoint(folder: string, training: Training): Checkpoint | null {
  const path = join(folder, manifestName);
  const text = readOptional(path);
  if (text === null) return null;
  const manifest = parseManifest(text, path);
  if (manifest.model !== training.model) throw otherModel(path);
  // Through JSON, where what is undefined vanishes, as in the file.
  const asked = JSON.parse(JSON.stringify(training.settings)) as Readonly<Record<string, unknown>>;
  const differing = Object.keys({ ...manifest.settings, ...asked }).filter(
    (name) => JSON.stringify(manifest.settings[name]) !== JSON.stringify(asked[name]),
  );
  if (differing.length > 0) {
    throw otherSettings(
      path,
      differing.map((name) => ({ name, saved: manifest.settings[name], asked: asked[name] })),
    );
  }
  const { epoch, batches, steps, lossSum, seconds, best } = manifest;
  return {
    position: { epoch, batches, steps, lossSum, seconds },
    state: readState(join(folder, manifest.state), stamp(training, steps)),
    best: best && { ...best, state: readState(join(folder, best.state), stamp(training, best.epoch)) },
  };
}

function readState(path: string, wanted: Readonly<Record<string, string>>): NamedState {
  const bytes = readOptional(path);
  if (bytes === null) throw missingFile(path, "ENOENT");
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  if (metadata["training"] !== wanted["training"] || metadata["at"] !== wanted["at"]) {
    throw badFile(path, `it is not the state that ${manifestName} was written with`);
  }
  return tensors;
}

function parseManifest(bytes: Uint8Array, path: string): Manifest {
  try {
    const manifest = JSON.parse(new TextDecoder().decode(bytes)) as Manifest;
    if (manifest.format === format && typeof manifest.state === "string") return manifest;
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

function reasonOf(error: unknown): string {
  if (error instanceof CompileError) return error.diagnostic.message.replace(/^the file cannot be written: /, "");
  return systemReason(error);
}
