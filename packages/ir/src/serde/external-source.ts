import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from "node:fs";
import type { TensorProto } from "@lowbit/onnx-proto";
import type { Location } from "../diagnostics.ts";
import type { TensorSource } from "../tensor.ts";
import { modelError, systemReason } from "./diagnostics.ts";

/** A data file that was found to be a plain file in the model's folder. */
export interface DataFile {
  /** With all links resolved. */
  readonly path: string;
  readonly size: number;
  /** Changes when the file is written or replaced. */
  readonly identity: string;
  /** As the model names it. */
  readonly location: string;
}

/** What tells a file from another one that took its place, or from itself before it was written to. */
export function identityOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`;
}

/** Largest piece that is read at once. */
const pieceBytes = 1 << 22;

/** Tensors up to this size stay in memory once read; scales and shapes are read often. */
const keptBytes = 4096;

/** Bytes of a tensor in a file: read anew each time, so that a model larger than memory can pass through. */
export class ExternalSource implements TensorSource {
  readonly proto: TensorProto;
  readonly byteLength: number;
  readonly external: { readonly path: string; readonly offset: number };
  readonly #file: DataFile;
  readonly #where: Location;
  #kept: Uint8Array | null = null;

  constructor(proto: TensorProto, file: DataFile, offset: number, length: number, where: Location) {
    this.proto = proto;
    this.byteLength = length;
    this.external = { path: file.path, offset };
    this.#file = file;
    this.#where = where;
  }

  /** @throws external/changed, external/short, file/read */
  read(): Uint8Array {
    if (this.#kept) return this.#kept;
    const bytes = new Uint8Array(this.byteLength);
    let at = 0;
    for (const piece of this.pieces((length) => bytes.subarray(at, at + length))) at += piece.length;
    if (bytes.length <= keptBytes) this.#kept = bytes;
    return bytes;
  }

  /**
   * The bytes in order, in pieces of at most a few megabytes; `room` gives the memory for each one, by default the same
   * for all. @throws external/changed, external/short, file/read
   */
  *pieces(room: (length: number) => Uint8Array = reused()): Generator<Uint8Array> {
    const handle = this.#open();
    try {
      let at = 0;
      while (at < this.byteLength) {
        const wanted = room(Math.min(pieceBytes, this.byteLength - at));
        const got = readSync(handle, wanted, 0, wanted.length, this.external.offset + at);
        if (got === 0) throw this.#error("external/short", "ended while it was read");
        at += got;
        yield got === wanted.length ? wanted : wanted.subarray(0, got);
      }
    } finally {
      closeSync(handle);
    }
  }

  #open(): number {
    let handle: number;
    try {
      // The path has no links left; O_NOFOLLOW (absent on Windows) keeps it that way.
      handle = openSync(this.#file.path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    } catch (error) {
      throw this.#error("file/read", systemReason(error));
    }
    const stats = fstatSync(handle, { bigint: true });
    if (identityOf(stats) === this.#file.identity) return handle;
    closeSync(handle);
    throw this.#error("external/changed", "was changed after the model was loaded");
  }

  #error(code: "external/changed" | "external/short" | "file/read", what: string) {
    return modelError(code, `external data "${this.#file.location}": ${what}`, this.#where, "load the model again");
  }
}

function reused(): (length: number) => Uint8Array {
  let room = new Uint8Array(0);
  return (length) => (room.length >= length ? room.subarray(0, length) : (room = new Uint8Array(length)));
}
