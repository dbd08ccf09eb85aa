import { DataLocation, type TensorProto } from "@lowbit/onnx-proto";
import type { Location } from "../diagnostics.ts";
import { Tensor, type TensorSource } from "../tensor.ts";
import { byteLength, type DType } from "../types.ts";
import { modelError } from "./diagnostics.ts";
import type { ExternalFiles } from "./external-files.ts";
import { filledFields, typedBytes, typedField, typedLength } from "./typed-fields.ts";
import { importDType } from "./value-type.ts";

/** The data of a tensor as its message has it; the message is what is written again when nothing changed. */
export class MessageSource implements TensorSource {
  readonly proto: TensorProto;
  readonly byteLength: number;
  readonly #count: number;
  readonly #dtype: DType;
  #bytes: Uint8Array | null;

  constructor(proto: TensorProto, dtype: DType, count: number) {
    this.proto = proto;
    this.byteLength = byteLength(dtype, count);
    this.#count = count;
    this.#dtype = dtype;
    this.#bytes = proto.raw_data?.length ? proto.raw_data : null;
  }

  read(): Uint8Array {
    return (this.#bytes ??= typedBytes(this.proto, this.#dtype, this.#count));
  }
}

/**
 * A tensor of a message; its data stays where it is until asked for. Element type, dimensions and the length of the
 * data are checked now. @throws tensor/…, external/…
 */
export function importTensor(proto: TensorProto, files: ExternalFiles, where: Location): Tensor {
  const dtype = importDType(proto.data_type ?? 0, where, "tensor/dtype");
  const { dims } = proto;
  const count = checkedCount(dims, where);
  if (proto.segment) throw modelError("tensor/data", "a tensor stored in segments cannot be read", where);
  if (proto.data_location === DataLocation.EXTERNAL) {
    if (dtype === "string") throw modelError("tensor/data", "strings cannot be external data", where);
    return new Tensor(dtype, dims, files.source(proto, dtype, count, where));
  }
  checkData(proto, dtype, count, where);
  return new Tensor(dtype, dims, new MessageSource(proto, dtype, count), dtype === "string" ? proto.string_data : null);
}

/** Number of elements of dimensions from a file. @throws tensor/dims when one is negative or the product overflows */
export function checkedCount(dims: readonly number[], where: Location): number {
  let count = 1;
  for (const dim of dims) {
    if (dim < 0) throw modelError("tensor/dims", `tensor dimensions [${dims.join(",")}] are negative`, where);
    count *= dim;
  }
  if (dims.includes(0)) return 0;
  // Sixteen bytes is the widest element: a byte length must be an exact number too.
  if (count * 16 > Number.MAX_SAFE_INTEGER) {
    throw modelError("tensor/dims", `tensor dimensions [${dims.join(",")}] are too large`, where);
  }
  return count;
}

function checkData(proto: TensorProto, dtype: DType, count: number, where: Location): void {
  const filled = filledFields(proto);
  const raw = proto.raw_data?.length ?? 0;
  const shown = `${dtype}[${proto.dims.join(",")}]`;
  if (raw > 0) {
    if (filled.length > 0) throw modelError("tensor/data", `${shown} has data in raw_data and ${filled[0]}`, where);
    if (dtype === "string") throw modelError("tensor/data", "strings cannot be in raw_data", where);
    const needed = byteLength(dtype, count);
    if (raw !== needed) throw modelError("tensor/length", `${shown} needs ${needed} bytes, raw_data has ${raw}`, where);
    return;
  }
  const field = typedField(dtype);
  const wrong = filled.find((name) => name !== field);
  if (wrong) throw modelError("tensor/data", `${shown} must have its data in ${field}, not in ${wrong}`, where);
  const needed = typedLength(dtype, count);
  const found = proto[field].length;
  if (found !== needed) throw modelError("tensor/length", `${shown} needs ${needed} entries, found ${found}`, where);
}
