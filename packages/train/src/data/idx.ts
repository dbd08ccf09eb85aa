import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { byteLength, elementCount, Tensor, type DType } from "@lowbit/ir";
import { badFile, missingFile } from "../diagnostics.ts";

/** Element types by the third byte of an IDX file; numbers wider than a byte are big-endian. */
const dtypesByCode: Readonly<Record<number, DType>> = {
  0x08: "uint8",
  0x09: "int8",
  0x0b: "int16",
  0x0c: "int32",
  0x0d: "float",
  0x0e: "double",
};

/**
 * Reads one array in the IDX format of the MNIST files (http://yann.lecun.com/exdb/mnist/), gzipped or not.
 *
 * @throws CompileError `data/missing-file`, `data/bad-file`
 */
export async function readIdx(path: string): Promise<Tensor> {
  const raw = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw missingFile(path, error.code ?? error.message);
  });
  const gzipped = raw[0] === 0x1f && raw[1] === 0x8b;
  return parseIdx(gzipped ? unzip(path, raw) : raw, path);
}

function unzip(path: string, bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw badFile(path, `it is not a whole gzip file (${(error as Error).message})`);
  }
}

function parseIdx(bytes: Uint8Array, path: string): Tensor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dtype = bytes.length >= 4 && view.getUint16(0) === 0 ? dtypesByCode[view.getUint8(2)] : undefined;
  if (!dtype) throw badFile(path, "it does not begin like an IDX file");
  const rank = view.getUint8(3);
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw badFile(path, `its header announces ${rank} dimensions and then ends`);
  const dims = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const length = byteLength(dtype, elementCount(dims)!);
  if (bytes.length !== start + length) {
    throw badFile(path, `[${dims.join(",")}] ${dtype} elements take ${length} bytes, it has ${bytes.length - start}`);
  }
  return Tensor.fromBytes(dtype, dims, littleEndian(bytes.subarray(start), length / Math.max(1, elementCount(dims)!)));
}

function littleEndian(bytes: Uint8Array, width: number): Uint8Array {
  const copy = Buffer.from(bytes);
  if (width === 2) copy.swap16();
  if (width === 4) copy.swap32();
  if (width === 8) copy.swap64();
  return copy;
}
