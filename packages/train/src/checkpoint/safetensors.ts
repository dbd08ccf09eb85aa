import { byteLength, elementCount, Tensor, type DType } from "@lowbit/ir";
import { badFile } from "../diagnostics.ts";

/** Element types by their safetensors names (https://github.com/huggingface/safetensors, "Format"). */
const dtypesByName: Readonly<Record<string, DType>> = {
  F64: "double",
  F32: "float",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  I8: "int8",
  U8: "uint8",
  BOOL: "bool",
};
const namesByDType = new Map(Object.entries(dtypesByName).map(([name, dtype]) => [dtype, name]));

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/**
 * Named tensors as the bytes of a safetensors file: eight bytes of header length (little-endian), a JSON header padded
 * with spaces so that the data begins at a multiple of eight, then the data of each tensor in the order given.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, tensor] of tensors) {
    const start = end;
    end += tensor.source.byteLength;
    const dtype = namesByDType.get(tensor.dtype);
    if (!dtype) throw badFile(name, `safetensors cannot hold ${tensor.dtype}`);
    header[name] = { dtype, shape: tensor.dims, data_offsets: [start, end] } satisfies Entry;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + end).fill(0x20, 0, 8 + headerLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.set(json, 8);
  let at = 8 + headerLength;
  for (const tensor of tensors.values()) {
    bytes.set(tensor.bytes(), at);
    at += tensor.source.byteLength;
  }
  return bytes;
}

/** The tensors and metadata of a safetensors file; tensors are views of `bytes`. @throws CompileError `data/bad-file` */
export function decodeSafetensors(
  bytes: Uint8Array,
  path: string,
): { readonly tensors: ReadonlyMap<string, Tensor>; readonly metadata: Readonly<Record<string, string>> } {
  const fail = (reason: string): never => {
    throw badFile(path, `it is not a whole safetensors file (${reason})`);
  };
  if (bytes.length < 8) fail(`it has ${bytes.length} bytes`);
  const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerLength > bytes.length - 8) fail(`its header of ${headerLength} bytes is cut off`);
  const { __metadata__: metadata = {}, ...entries } = parseHeader(bytes.subarray(8, 8 + headerLength), fail);
  const data = bytes.subarray(8 + headerLength);
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(entries as Readonly<Record<string, Entry>>)) {
    const dtype = dtypesByName[entry.dtype];
    const [start, end] = entry.data_offsets ?? [NaN, NaN];
    if (!dtype) return fail(`tensor "${name}" has element type ${entry.dtype}`);
    const fits = start >= 0 && end <= data.length && end - start === byteLength(dtype, elementCount(entry.shape)!);
    if (!fits) return fail(`tensor "${name}" reaches from ${start} to ${end} of ${data.length} bytes`);
    tensors.set(name, Tensor.fromBytes(dtype, entry.shape, data.subarray(start, end)));
  }
  return { tensors, metadata: metadata as Readonly<Record<string, string>> };
}

function parseHeader(json: Uint8Array, fail: (reason: string) => never): Readonly<Record<string, unknown>> {
  try {
    const header: unknown = JSON.parse(new TextDecoder().decode(json));
    if (typeof header === "object" && header !== null) return header as Readonly<Record<string, unknown>>;
  } catch {
    // The reason is the same as for JSON that is no object.
  }
  return fail("its header is not JSON");
}
