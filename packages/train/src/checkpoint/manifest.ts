import { readFileSync } from "node:fs";
import { badFile } from "../diagnostics.ts";
import type { BestEpoch } from "../fit/best-epoch.ts";
import { otherVersion } from "./diagnostics.ts";

/** Where a training run stands: enough to go on as if it had never stopped. */
export interface Position {
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

/** What decides the weights a run ends with. */
export interface Training {
  /** Digest of the model: its structure and its weights. */
  readonly model: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What a checkpoint says about itself, apart from the state. */
export interface Manifest extends Position, Training {
  readonly format: typeof format;
  /** Version of lowbit: another one may make other steps of the same settings. */
  readonly lowbit: string;
  /** File of the state, in the same folder. */
  readonly state: string;
  readonly best: (Omit<BestEpoch, "state"> & { readonly state: string }) | null;
}

const format = 3;

/** The bytes of a manifest that this version of lowbit writes. */
export function manifestBytes(content: Omit<Manifest, "format" | "lowbit">): Uint8Array {
  const manifest: Manifest = { format, lowbit: version(), ...content };
  return new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`);
}

/** Reads a manifest. @throws CompileError `data/bad-file`, `train/other-version` */
export function parseManifest(bytes: Uint8Array, path: string): Manifest {
  let content: Partial<Record<keyof Manifest, unknown>> | null;
  try {
    content = JSON.parse(new TextDecoder().decode(bytes)) as typeof content;
  } catch {
    throw badFile(path, "it is no JSON, so no checkpoint, or one that was damaged");
  }
  const from = content?.lowbit;
  if (content?.format === format && from === version()) return content as Manifest;
  if (typeof content?.format !== "number") throw badFile(path, "it is no checkpoint");
  throw otherVersion(path, typeof from === "string" ? from : null, version());
}

/** All packages of lowbit have one version. */
function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
