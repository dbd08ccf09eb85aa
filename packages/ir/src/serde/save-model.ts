import { basename, dirname, join } from "node:path";
import { encodeModelChunks, maxMessageBytes } from "@lowbit/onnx-proto";
import type { Model } from "../graph/model.ts";
import type { Tensor } from "../tensor.ts";
import type { ExportContext, ExternalPlace } from "./context.ts";
import { modelError } from "./diagnostics.ts";
import { encoded, exportModelWith, type BytesOptions } from "./export-model.ts";
import { ExternalSource } from "./external-source.ts";
import { tensorsOf } from "./model-tensors.ts";
import { WholeFile } from "./whole-file.ts";

/** Where the data of a saved model goes. */
export interface SaveOptions extends BytesOptions {
  /**
   * `{}` puts initializers of at least `threshold` bytes (default 1024) into a data file beside the model, `false` keeps
   * all data in the model. Default: tensors that came from a data file go to one again, and with them all others of a
   * megabyte and more; a model that would not fit into protobuf's 2 GiB is saved as with `{}`.
   */
  readonly externalData?: false | ExternalDataOptions;
}

/** How data is put into a file beside the model. */
export interface ExternalDataOptions {
  /** Smallest initializer, in bytes, that goes into the data file. */
  readonly threshold?: number;
  /** Name of the data file in the model's folder; default: the model's name with `.data` added. */
  readonly file?: string;
}

/** The files a model was saved to. */
export interface SavedModel {
  readonly model: string;
  readonly data: string | null;
}

/** Data starts at multiples of this from the size on where mapping it into memory pays off, as ONNX advises. */
const pageBytes = 4096;
const mappedBytes = 1 << 20;
const alignment = 16;

/**
 * Writes a model to a file, and its data to a second one where the options say so. Each file appears whole or not at
 * all, the data file first. Data is streamed: tensors that were not changed are copied piece by piece.
 *
 * A model may be saved over the file it came from; tensors of the old model that are still in a data file that was
 * replaced cannot be read any more (`external/changed`).
 * @throws CompileError `export/…`, `file/write`, and as reading its external data
 */
export function saveModel(model: Model, path: string, options: SaveOptions = {}): SavedModel {
  const dataFile = (options.externalData || null)?.file ?? `${basename(path)}.data`;
  const layout = new DataLayout(dataFile, selection(model, options));
  const proto = exportModelWith(model, {
    place: (tensor, kind) => layout.place(tensor, kind),
    innerTypes: options.innerTypes ?? true,
  });
  const chunks = encoded(() => encodeModelChunks(proto));
  const files: WholeFile[] = [];
  try {
    if (layout.tensors.length > 0) {
      const data = new WholeFile(join(dirname(path), layout.location));
      files.push(data);
      for (const { tensor, offset } of layout.tensors) {
        data.skipTo(offset);
        for (const piece of piecesOf(tensor)) data.write(piece);
      }
      data.close();
    }
    const file = new WholeFile(path);
    files.push(file);
    for (const chunk of chunks) file.write(chunk);
    file.close();
    for (const each of files) each.commit();
  } catch (error) {
    for (const each of files) each.discard();
    throw error;
  }
  return { model: path, data: files.length > 1 ? files[0]!.path : null };
}

type Selection = (tensor: Tensor, kind: "initializer" | "attribute") => boolean;

function selection(model: Model, { externalData }: SaveOptions): Selection {
  if (externalData === false) return () => false;
  const came: Selection = ({ source }) => source instanceof ExternalSource;
  const threshold = externalData?.threshold ?? 1024;
  const large: Selection = (tensor, kind) =>
    (kind === "initializer" && tensor.strings === null && tensor.source.byteLength >= threshold) || came(tensor, kind);
  if (externalData) return large;
  let inside = 0;
  let hasDataFile = false;
  for (const tensor of tensorsOf(model)) {
    if (came(tensor, "initializer")) hasDataFile = true;
    else inside += tensor.source.byteLength;
  }
  // What is not data (nodes, names) is small beside this margin.
  if (inside > maxMessageBytes - (1 << 28)) return large;
  if (!hasDataFile) return came;
  return (tensor, kind) =>
    came(tensor, kind) ||
    (kind === "initializer" && tensor.strings === null && tensor.source.byteLength >= mappedBytes);
}

/** Which tensors go to the data file, and where in it: one after the other, each tensor once. */
class DataLayout {
  readonly location: string;
  readonly tensors: { readonly tensor: Tensor; readonly offset: number }[] = [];
  readonly #chosen: Selection;
  readonly #places = new Map<Tensor["source"], ExternalPlace>();
  #end = 0;

  constructor(location: string, chosen: Selection) {
    if (location === "" || location !== basename(location) || location === "..") {
      throw modelError("file/write", `a data file cannot be named "${location}"`, { file: location });
    }
    this.location = location;
    this.#chosen = chosen;
  }

  place(tensor: Tensor, kind: "initializer" | "attribute"): ReturnType<ExportContext["place"]> {
    const length = tensor.source.byteLength;
    if (length === 0 || !this.#chosen(tensor, kind)) return null;
    const known = this.#places.get(tensor.source);
    if (known) return known;
    const step = length >= mappedBytes ? pageBytes : alignment;
    const offset = Math.ceil(this.#end / step) * step;
    const place = { location: this.location, offset };
    this.#places.set(tensor.source, place);
    this.tensors.push({ tensor, offset });
    this.#end = offset + length;
    return place;
  }
}

function piecesOf(tensor: Tensor): Iterable<Uint8Array> {
  return tensor.source instanceof ExternalSource ? tensor.source.pieces() : [tensor.bytes()];
}
