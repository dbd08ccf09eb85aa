import { crc32, deflateRawSync } from "node:zlib";
import { bitsPerElement, isFloat, type DType, type Tensor } from "@lowbit/ir";

/** The bytes of a NumPy `.npz` file that holds these arrays. */
export function npzBytes(arrays: Readonly<Record<string, Tensor>>, compressed = false): Buffer {
  return zipBytes(
    new Map(Object.entries(arrays).map(([name, tensor]) => [`${name}.npy`, npyBytes(tensor)])),
    compressed,
  );
}

/** The bytes of an array in NumPy's format, version 1. */
export function npyBytes(tensor: Tensor): Buffer {
  const shape = tensor.dims.length === 1 ? `(${tensor.dims[0]},)` : `(${tensor.dims.join(", ")})`;
  const dict = `{'descr': '${descr(tensor.dtype)}', 'fortran_order': False, 'shape': ${shape}, }`;
  const text = `${dict.padEnd(Math.ceil((dict.length + 11) / 64) * 64 - 11)}\n`;
  const start = Buffer.from("\x93NUMPY\x01\x00\x00\x00", "latin1");
  start.writeUInt16LE(text.length, 8);
  return Buffer.concat([start, Buffer.from(text), tensor.bytes()]);
}

function descr(dtype: DType): string {
  const bytes = bitsPerElement(dtype) / 8;
  if (dtype === "bool") return "|b1";
  const kind = isFloat(dtype) ? "f" : dtype.startsWith("u") ? "u" : "i";
  return `${bytes === 1 ? "|" : "<"}${kind}${bytes}`;
}

/** The bytes of a zip archive with these members. */
export function zipBytes(members: ReadonlyMap<string, Uint8Array>, compressed = false): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let start = 0;
  for (const [name, bytes] of members) {
    const packed = compressed ? deflateRawSync(bytes) : Buffer.from(bytes);
    const label = Buffer.from(name);
    // Version, flags, method, time, date, checksum, sizes, name and extra lengths: alike in both headers.
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(compressed ? 8 : 0, 4);
    facts.writeUInt32LE(crc32(bytes), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(bytes.length, 18);
    facts.writeUInt16LE(label.length, 22);
    parts.push(Buffer.from("PK\x03\x04"), facts, label, packed);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(start, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), facts, place, label);
    start += 4 + facts.length + label.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(members.size, 8);
  end.writeUInt16LE(members.size, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(start, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
