import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { modelError, systemReason } from "./diagnostics.ts";

/** Smallest piece of zeros that is worth a hole. */
const holeBytes = 1 << 16;

/**
 * A file that appears whole or not at all: it is written beside its place under another name and put there by `commit`.
 */
export class WholeFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #handle: number;
  #written = 0;

  /** @throws CompileError `file/write` */
  constructor(path: string) {
    this.path = path;
    refuseDevice(path);
    this.#temporary = `${path}.${randomUUID()}.partial`;
    this.#handle = attempt(path, () => openSync(this.#temporary, "wx"));
  }

  /** Where what is written next begins. */
  get length(): number {
    return this.#written;
  }

  /** Large pieces of zeros are left out: they read as zeros and take no space where files can be sparse. */
  write(bytes: Uint8Array): void {
    const skipped = bytes.length >= holeBytes && isZero(bytes);
    for (let at = skipped ? bytes.length : 0; at < bytes.length;) {
      const position = this.#written + at;
      at += attempt(this.path, () => writeSync(this.#handle, bytes, at, bytes.length - at, position));
    }
    this.#written += bytes.length;
  }

  /** What is written next begins at a position; the gap reads as zeros. */
  skipTo(position: number): void {
    this.#written = Math.max(this.#written, position);
  }

  /** Ends writing; the file still has its other name. @param isDurable whether to wait until the disk has it */
  close(isDurable = false): void {
    attempt(this.path, () => {
      ftruncateSync(this.#handle, this.#written);
      if (isDurable) fsyncSync(this.#handle);
      closeSync(this.#handle);
    });
  }

  /** Puts the closed file in its place. */
  commit(): void {
    attempt(this.path, () => renameSync(this.#temporary, this.path));
  }

  /** Gives up: nothing stays behind. */
  discard(): void {
    try {
      closeSync(this.#handle);
    } catch {
      // Closed already.
    }
    rmSync(this.#temporary, { force: true });
  }
}

/** A file in its place would do away with a pipe or a device for everybody. @throws CompileError `file/write` */
function refuseDevice(path: string): void {
  const there = attempt(path, () => statSync(path, { throwIfNoEntry: false }));
  if (!isStream(path) && (!there || there.isFile() || there.isDirectory())) return;
  throw modelError("file/write", "the file cannot be written: it is no file but a pipe or a device", { file: path });
}

/** Whether a path is a name for what the process has open, as /dev/stdout is: it may lead to a file, but is none. */
function isStream(path: string): boolean {
  try {
    return readlinkSync(path).startsWith("/proc/");
  } catch {
    return false;
  }
}

/** Whether the first byte is zero and every byte equals the one after it. */
function isZero(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0;
}

/**
 * Writes a file that appears whole or not at all.
 *
 * @param how `durably`: it is on the disk when this returns, so that not even a power cut brings an older one back
 * @throws CompileError `file/write`
 */
export function writeWholeFile(path: string, bytes: Uint8Array, how: "durably" | "soon" = "soon"): void {
  const file = new WholeFile(path);
  try {
    file.write(bytes);
    file.close(how === "durably");
    file.commit();
    if (how === "durably") syncFolder(dirname(path));
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** Makes renames in a folder last. Windows has no such thing for folders, and needs none. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw modelError("file/write", `the file cannot be written: ${systemReason(error)}`, { file: path });
  }
}
