import { byteLength, elementCount, Tensor, type DType } from "@lowbit/ir";
import { badFile } from "../../diagnostics.ts";
import { rowMajor } from "./fortran-order.ts";

/** Element types by NumPy's kind and width. */
const dtypes: Readonly<Record<string, DType>> = {
  f2: "float16",
  f4: "float",
  f8: "double",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  u8: "uint64",
  b1: "bool",
};

const magic = Buffer.from("\x93NUMPY", "latin1");

/**
 * One array in NumPy's format, versions 1 to 3 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 *
 * @param bytes are taken over: big-endian elements are swapped in place
 * @param array what messages call it
 * @throws CompileError `data/bad-file`
 */
export function parseNpy(bytes: Buffer, path: string, array: string): Tensor {
  const bad = (message: string): Error => badFile(path, `array "${array}": ${message}`);
  if (bytes.length < 10 || !bytes.subarray(0, 6).equals(magic)) throw bad("it does not begin like a NumPy array");
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw bad(`format version ${version} is unknown`);
  const headerStart = version === 1 ? 10 : 12;
  if (bytes.length < headerStart) throw bad("its header is cut off");
  const dataStart = headerStart + (version === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8));
  if (bytes.length < dataStart) throw bad("its header is cut off");
  const header = parseHeader(bytes.toString(version === 3 ? "utf8" : "latin1", headerStart, dataStart), bad);
  const dtype = dtypeOf(header.descr, bad);
  const length = byteLength(dtype, elementCount(header.shape)!);
  if (bytes.length - dataStart !== length) {
    const form = `[${header.shape.join(",")}] ${dtype}`;
    throw bad(`${form} elements take ${length} bytes, it has ${bytes.length - dataStart}`);
  }
  const data = littleEndian(aligned(bytes.subarray(dataStart)), header.descr);
  const stored = Tensor.fromBytes(dtype, header.shape, data);
  return header.fortran ? rowMajor(stored) : stored;
}

interface Header {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

/** The header is a Python dict literal with three keys; its values are read one by one. */
function parseHeader(text: string, bad: (message: string) => Error): Header {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape'\s*:\s*\(([\s\dL,]*)\)/.exec(text)?.[1];
  if (descr === undefined && /'descr'\s*:\s*\[/.test(text)) throw bad("records with fields are not numbers");
  if (descr === undefined || fortran === undefined || shape === undefined) throw bad("its header cannot be read");
  // Python 2 wrote `(3L, 4L)`.
  const dims = shape
    .split(",")
    .map((part) => part.trim().replace(/L$/, ""))
    .filter((part) => part !== "")
    .map(Number);
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (!Number.isSafeInteger(count)) throw bad(`its shape (${shape.trim()}) cannot be`);
  return { descr, fortran: fortran === "True", shape: dims };
}

function dtypeOf(descr: string, bad: (message: string) => Error): DType {
  const dtype = dtypes[descr.replace(/^[<>|=]/, "")];
  if (dtype) return dtype;
  const kind = descr.replace(/^[<>|=]/, "")[0];
  if (kind === "O") throw bad("it holds Python objects; save an array of numbers");
  throw bad(`elements of NumPy type "${descr}" cannot be used; save numbers or booleans`);
}

/** The same bytes at an address that every typed array accepts. */
function aligned(bytes: Buffer): Buffer {
  if (bytes.byteOffset % 8 === 0) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

function littleEndian(bytes: Buffer, descr: string): Buffer {
  if (!descr.startsWith(">")) return bytes;
  if (descr.endsWith("2")) return bytes.swap16();
  if (descr.endsWith("4")) return bytes.swap32();
  return descr.endsWith("8") ? bytes.swap64() : bytes;
}
