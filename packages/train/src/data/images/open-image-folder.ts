import { Tensor } from "@lowbit/ir";
import { badLabelFolder, emptyData } from "../../diagnostics.ts";
import type { Batch, BatchOptions, Dataset } from "../dataset.ts";
import { onlyInput } from "../fitting/only-input.ts";
import type { Fitting, RawBatch } from "../fitting/fitting.ts";
import { shuffledIndices } from "../random.ts";
import { listClassFolders, type LabelledImage } from "./class-folders.ts";
import { imageDecoder, type DecodeImage } from "./decode-image.ts";
import { imageLayout, type ImageLayout } from "./image-layout.ts";

/** Most bytes of decoded images that are kept for the next pass over the data. */
const cacheBytes = 256 * 2 ** 20;

/**
 * The images of a folder with one sub-folder per class, decoded batch by batch; classes are numbered in the order of
 * the sorted folder names.
 *
 * @throws CompileError `data/missing-file`, `data/bad-file`, `data/empty`, `data/label`, `data/several-inputs`,
 *   `data/not-an-image-input`, `data/no-image-decoder`
 */
export async function openImageFolder(folder: string, classes: number | null, fitting: Fitting): Promise<Dataset> {
  const input = onlyInput(fitting, "a folder of images");
  const layout = imageLayout(input);
  const { classes: names, images } = await listClassFolders(folder);
  if (images.length === 0) throw emptyData(folder);
  if (fitting.wantsTargets && classes !== null && names.length > classes) throw badLabelFolder(names, classes, folder);
  const decode = cached(await imageDecoder(layout), layout);
  const read = async (chosen: readonly LabelledImage[]): Promise<Batch> =>
    fitting.fitBatch(await stacked(chosen, input.name, layout, decode), 0);
  await read(images.slice(0, 1));
  const inOrder = (shuffle: number | undefined): readonly LabelledImage[] =>
    shuffle === undefined ? images : Array.from(shuffledIndices(images.length, shuffle), (i) => images[i]!);
  return {
    size: images.length,
    hasTargets: fitting.wantsTargets,
    sampleName: (drawn, shuffle) => `"${inOrder(shuffle)[drawn]!.path}"`,
    async *batches({ batch, shuffle, samples }: BatchOptions): AsyncIterable<Batch> {
      const order = inOrder(shuffle);
      const count = Math.min(order.length, samples ?? order.length);
      for (let start = 0; start < count; start += batch) yield read(order.slice(start, Math.min(start + batch, count)));
    },
  };
}

async function stacked(
  images: readonly LabelledImage[],
  input: string,
  { height, width, channels, planar }: ImageLayout,
  decode: DecodeImage,
): Promise<RawBatch> {
  const decoded = await Promise.all(images.map(({ path }) => decode(path)));
  const perImage = height * width * channels;
  const bytes = new Uint8Array(perImage * images.length);
  decoded.forEach((pixels, index) => bytes.set(pixels, index * perImage));
  const dims = planar ? [channels, height, width] : [height, width, channels];
  return {
    inputs: { [input]: Tensor.fromBytes("uint8", [images.length, ...dims], bytes) },
    target: Tensor.of(
      "int64",
      images.map(({ label }) => label),
    ),
  };
}

/** Keeps the first images that fit; dropping old ones would drop each just before its next use. */
function cached(decode: DecodeImage, { height, width, channels }: ImageLayout): DecodeImage {
  const room = Math.floor(cacheBytes / (height * width * channels));
  const kept = new Map<string, Uint8Array>();
  return async (path) => {
    const known = kept.get(path);
    if (known) return known;
    const pixels = await decode(path);
    if (kept.size < room) kept.set(path, pixels);
    return pixels;
  };
}
