import type { SparseTensorProto } from "@lowbit/onnx-proto";
import type { Location } from "../diagnostics.ts";
import { Tensor, type TensorSource } from "../tensor.ts";
import { bitsPerElement, byteLength } from "../types.ts";
import { modelError } from "./diagnostics.ts";
import type { ExternalFiles } from "./external-files.ts";
import { checkedCount, importTensor } from "./tensor-import.ts";

/** Bytes from which on a sparse tensor is not written out in full. */
const maxDenseBytes = 2 ** 31;

/** The elements of a sparse tensor, written out in full when asked for; kept sparse in the file. */
export class SparseSource implements TensorSource {
  readonly proto: SparseTensorProto;
  readonly byteLength: number;
  readonly values: Tensor;
  readonly indices: Tensor;
  readonly #dims: readonly number[];
  readonly #where: Location;

  constructor(proto: SparseTensorProto, values: Tensor, indices: Tensor, length: number, where: Location) {
    this.proto = proto;
    this.byteLength = length;
    this.values = values;
    this.indices = indices;
    this.#dims = proto.dims;
    this.#where = where;
  }

  /** @throws tensor/data when an index is outside the dimensions, tensor/too-large */
  read(): Uint8Array {
    if (this.byteLength > maxDenseBytes) {
      throw modelError("tensor/too-large", `a sparse tensor of ${this.byteLength} bytes in full`, this.#where);
    }
    const width = bitsPerElement(this.values.dtype) / 8;
    const from = this.values.bytes();
    const bytes = new Uint8Array(this.byteLength);
    this.#positions().forEach((position, entry) => {
      bytes.set(from.subarray(entry * width, (entry + 1) * width), position * width);
    });
    return bytes;
  }

  /** Where in the full tensor each entry goes. */
  #positions(): Float64Array {
    const indices = this.indices.numbers();
    const count = this.values.size;
    const positions = new Float64Array(count);
    const linear = this.indices.dims.length === 1;
    const extents = linear ? [this.#dims.reduce((product, dim) => product * dim, 1)] : this.#dims;
    for (let entry = 0; entry < count; entry++) {
      let position = 0;
      for (const [axis, extent] of extents.entries()) {
        const index = indices[entry * extents.length + axis]!;
        if (!(index >= 0 && index < extent)) {
          throw modelError("tensor/data", `sparse index ${index} is outside 0 to ${extent - 1}`, this.#where);
        }
        position = position * extent + index;
      }
      positions[entry] = position;
    }
    return positions;
  }
}

/** A dense tensor of a sparse message. Indices are `[NNZ]` or `[NNZ, rank]`. @throws tensor/… */
export function importSparseTensor(proto: SparseTensorProto, files: ExternalFiles, where: Location): Tensor {
  if (!proto.values || !proto.indices) throw modelError("tensor/data", "a sparse tensor without values", where);
  const values = importTensor(proto.values, files, where);
  const indices = importTensor(proto.indices, files, where);
  const entries = values.size;
  const expected = [[entries], [entries, proto.dims.length]].map((dims) => dims.join(","));
  if (values.dims.length !== 1 || indices.dtype !== "int64" || !expected.includes(indices.dims.join(","))) {
    throw modelError(
      "tensor/data",
      `a sparse tensor with values [${values.dims.join(",")}] and ${indices.dtype} indices [${indices.dims.join(",")}]`,
      where,
    );
  }
  if (bitsPerElement(values.dtype) < 8) {
    throw modelError("tensor/data", `a sparse tensor of ${values.dtype} cannot be read`, where);
  }
  const length = byteLength(values.dtype, checkedCount(proto.dims, where));
  return new Tensor(values.dtype, proto.dims, new SparseSource(proto, values, indices, length, where));
}
