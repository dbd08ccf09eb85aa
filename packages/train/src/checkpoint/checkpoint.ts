import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { CompileError, systemReason, writeWholeFile } from "@lowbit/ir";
import type { NamedState } from "../engine/state.ts";
import type { BestEpoch } from "../fit/best-epoch.ts";
import { badFile, cannotWrite, missingFile, otherModel, otherSettings } from "../diagnostics.ts";
import { manifestBytes, parseManifest, type Manifest, type Position, type Training } from "./manifest.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";

/** What is saved of a run. */
export interface Checkpoint {
  readonly position: Position;
  readonly state: NamedState;
  /** Null where nothing is validated. */
  readonly best: BestEpoch | null;
}

const manifestName = "checkpoint.json";
/** The files of earlier checkpoints, and what a process that was killed left half written. */
const ownFiles = /^(state-\d+|best-\d+)\.safetensors(\..*\.partial)?$|^checkpoint\.json\..*\.partial$/;

/** Makes a folder that checkpoints can be saved in, before there is anything to lose. @throws CompileError `train/checkpoint` */
export function prepareFolder(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw cannotWrite(folder, reasonOf(error), null);
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
  const manifest = {
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
    write(manifestName, manifestBytes(manifest));
    for (const name of present) {
      if (ownFiles.test(name) && name !== file && name !== bestFile) rmSync(join(folder, name), { force: true });
    }
  } catch (error) {
    throw cannotWrite(folder, reasonOf(error), savedOf(folder, training)?.steps ?? null);
  }
}

/** Ties a state to its run, so that a manifest is never taken together with the state of another run. */
function stamp(training: Training, at: number): Readonly<Record<string, string>> {
  const settings = createHash("sha256").update(JSON.stringify(training.settings)).digest("hex");
  return { training: `${training.model}:${settings}`, at: String(at) };
}

/** Whether the folder's manifest already counts this best epoch, whose file does not change any more. */
function isBestOf(folder: string, best: BestEpoch, training: Training): boolean {
  const saved = savedOf(folder, training)?.best;
  return saved?.epoch === best.epoch && saved.validation === best.validation;
}

/** The manifest in a folder; null for none, and for that of another run. */
function savedOf(folder: string, training: Training): Manifest | null {
  const path = join(folder, manifestName);
  try {
    const bytes = readOptional(path);
    const manifest = bytes && parseManifest(bytes, path);
    const isSameRun =
      manifest?.model === training.model && JSON.stringify(manifest.settings) === JSON.stringify(training.settings);
    return isSameRun ? manifest : null;
  } catch {
    return null;
  }
}

/**
 * Looks at the checkpoint that a run is to go on from, as far as it is known how that run is made.
 *
 * @param known settings of the run that are decided already
 * @throws CompileError `train/other-training`, `train/other-version`, `data/bad-file`
 */
export function checkCheckpoint(folder: string, known: Training["settings"]): void {
  const path = join(folder, manifestName);
  const bytes = readOptional(path);
  if (bytes !== null) checkSettings(path, parseManifest(bytes, path).settings, known, Object.keys(known));
}

/** Whether a folder holds a checkpoint, of whatever run and version. */
export function holdsCheckpoint(folder: string): boolean {
  return existsSync(join(folder, manifestName));
}

/**
 * Reads where a run stands, null when the folder holds no checkpoint.
 *
 * @throws CompileError `train/other-training` when it belongs to another model or other settings, `train/other-version`,
 *   `data/bad-file`
 */
export function loadCheckpoint(folder: string, training: Training): Checkpoint | null {
  const path = join(folder, manifestName);
  const text = readOptional(path);
  if (text === null) return null;
  const manifest = parseManifest(text, path);
  if (manifest.model !== training.model) throw otherModel(path);
  const { settings } = training;
  checkSettings(path, manifest.settings, settings, Object.keys({ ...manifest.settings, ...settings }));
  const { epoch, batches, steps, lossSum, seconds, best } = manifest;
  return {
    position: { epoch, batches, steps, lossSum, seconds },
    state: readState(join(folder, manifest.state), stamp(training, steps)),
    best: best && { ...best, state: readState(join(folder, best.state), stamp(training, best.epoch)) },
  };
}

/** @throws CompileError `train/other-training` where settings of these names differ */
function checkSettings(
  path: string,
  saved: Training["settings"],
  settings: Training["settings"],
  names: readonly string[],
): void {
  // Through JSON, where what is undefined vanishes, as in the file.
  const asked = JSON.parse(JSON.stringify(settings)) as Training["settings"];
  const differing = names.filter((name) => JSON.stringify(saved[name]) !== JSON.stringify(asked[name]));
  if (differing.length === 0) return;
  throw otherSettings(
    path,
    differing.map((name) => ({ name, saved: saved[name], asked: asked[name] })),
  );
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
