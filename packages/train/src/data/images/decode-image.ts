import { badFile, noImageDecoder } from "../../diagnostics.ts";
import type { ImageLayout } from "./image-layout.ts";

/** Reads an image file as the bytes a model takes. */
export type DecodeImage = (path: string) => Promise<Uint8Array>;

/**
 * A decoder for one layout. Images are turned upright, stretched to the layout's size and converted to its channels;
 * transparency is dropped. Values are 0 to 255.
 *
 * @throws CompileError `data/no-image-decoder`; the decoder: `data/bad-file`
 */
export async function imageDecoder(layout: ImageLayout): Promise<DecodeImage> {
  const { height, width, channels, planar } = layout;
  // Loaded here, because most runs see no image and the library is native code.
  const { default: sharp } = await import("sharp").catch((error: Error) => {
    throw noImageDecoder(error.message);
  });
  return async (path) => {
    try {
      const pixels = await sharp(path)
        .autoOrient()
        .resize(width, height, { fit: "fill" })
        .removeAlpha()
        .toColourspace(channels === 1 ? "b-w" : "srgb")
        .raw({ depth: "uchar" })
        .toBuffer();
      return planar && channels === 3 ? planes(pixels, height * width) : pixels;
    } catch (error) {
      throw badFile(path, `it cannot be decoded as an image (${(error as Error).message})`);
    }
  };
}

/** RGBRGB… as RR…GG…BB…. */
function planes(pixels: Uint8Array, area: number): Uint8Array {
  const result = new Uint8Array(pixels.length);
  for (let i = 0; i < area; i++) {
    result[i] = pixels[3 * i]!;
    result[area + i] = pixels[3 * i + 1]!;
    result[2 * area + i] = pixels[3 * i + 2]!;
  }
  return result;
}
