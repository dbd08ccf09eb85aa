import { realpathSync, statSync, type BigIntStats } from "node:fs";
import { join, resolve, sep } from "node:path";
import type { StringStringEntryProto, TensorProto } from "@lowbit/onnx-proto";
import type { Location } from "../diagnostics.ts";
import type { TensorSource } from "../tensor.ts";
import { byteLength, type DType } from "../types.ts";
import { modelError } from "./diagnostics.ts";
import { ExternalSource, identityOf, type DataFile } from "./external-source.ts";

interface Range {
  readonly offset: number;
  readonly end: number;
  readonly where: Location;
}

/**
 * The data files beside a model. Every file is checked once, when a tensor first names it: it must be a plain file
 * inside the model's folder, links followed. Nothing is read until a tensor's bytes are.
 */
export class ExternalFiles {
  readonly #folder: string | null;
  readonly #files = new Map<string, DataFile>();
  readonly #ranges = new Map<string, Range[]>();

  /** @param folder the model's folder; null when the model did not come from one */
  constructor(folder: string | null) {
    this.#folder = folder;
  }

  /** The data of a tensor that is in a file. @throws external/…, tensor/length */
  source(proto: TensorProto, dtype: DType, count: number, where: Location): TensorSource {
    const needed = byteLength(dtype, count);
    const entries = new Map(proto.external_data.map(({ key, value }) => [key, value ?? ""]));
    const location = entries.get("location") ?? "";
    const file = this.#file(location, where);
    const offset = size(proto.external_data, "offset", where) ?? 0;
    const length = size(proto.external_data, "length", where) ?? needed;
    if (length !== needed) {
      throw modelError(
        "tensor/length",
        `${dtype}[${proto.dims.join(",")}] needs ${needed} bytes, its external data has ${length}`,
        where,
      );
    }
    if (offset + length > file.size) {
      throw modelError(
        "external/short",
        `external data "${location}" has ${file.size} bytes, the tensor's end at ${offset + length}`,
        where,
        "the data file may be incomplete: copy or download it again",
      );
    }
    if (length > 0) this.#claim(file, { offset, end: offset + length, where });
    return new ExternalSource(proto, file, offset, length, where);
  }

  /**
   * Checks that no two tensors share a part of their bytes; all of them may be shared, as tied weights do.
   * @throws external/overlap
   */
  checkOverlaps(): void {
    for (const [path, ranges] of this.#ranges) {
      ranges.sort((a, b) => a.offset - b.offset || a.end - b.end);
      let widest = ranges[0]!;
      for (const range of ranges) {
        if (range.offset < widest.end && !(range.offset === widest.offset && range.end === widest.end)) {
          throw modelError(
            "external/overlap",
            `external data of "${widest.where.value}" (bytes ${widest.offset} to ${widest.end}) and of ` +
              `"${range.where.value}" (${range.offset} to ${range.end}) overlap`,
            { file: path, value: range.where.value ?? "" },
          );
        }
        if (range.end > widest.end) widest = range;
      }
    }
  }

  #claim(file: DataFile, range: Range): void {
    const ranges = this.#ranges.get(file.path);
    if (ranges) ranges.push(range);
    else this.#ranges.set(file.path, [range]);
  }

  #file(location: string, where: Location): DataFile {
    const known = this.#files.get(location);
    if (known) return known;
    if (this.#folder === null) {
      throw modelError(
        "external/location",
        `external data "${location}" of a model that came without a folder`,
        where,
        "load the model from its file, or name its folder",
      );
    }
    const file = openedFile(this.#folder, location, where);
    this.#files.set(location, file);
    return file;
  }
}

function openedFile(folder: string, location: string, where: Location): DataFile {
  const outside = (why: string) =>
    modelError(
      "external/location",
      `external data "${location}" ${why}`,
      where,
      "external data must be a file in the folder of the model, or below it",
    );
  if (location === "" || location.includes("\0")) throw outside("names no file");
  const parts = location.split(/[\\/]/);
  if (parts[0] === "" || /^[A-Za-z]:/.test(location)) throw outside("is an absolute path");
  if (parts.includes("..")) throw outside("leaves the model's folder");
  const [root, path] = realPaths(folder, location, where);
  if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) throw outside("is a link out of the model's folder");
  let stats: BigIntStats;
  try {
    stats = statSync(path, { bigint: true });
  } catch {
    throw missing(location, where);
  }
  if (!stats.isFile()) throw outside("is not a plain file");
  return { path, size: Number(stats.size), identity: identityOf(stats), location };
}

function realPaths(folder: string, location: string, where: Location): readonly [string, string] {
  try {
    return [realpathSync(resolve(folder)), realpathSync(join(resolve(folder), location))];
  } catch {
    throw missing(location, where);
  }
}

function missing(location: string, where: Location) {
  return modelError(
    "external/missing",
    `external data "${location}" is not there`,
    where,
    "keep the data file in the model's folder, under the name the model gives",
  );
}

function size(entries: readonly StringStringEntryProto[], key: string, where: Location): number | null {
  const text = entries.findLast((entry) => entry.key === key)?.value;
  if (text === undefined) return null;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw modelError("external/location", `external data has ${key} "${text}", which is no byte count`, where);
  }
  return value;
}
