import { dtypes, elementCount, Tensor, type DType, type Shape, type TypedArray } from "@lowbit/ir";
import { badModule } from "../../diagnostics.ts";

/**
 * An array of a batch as a data module may give it:
 * - a tensor of lowbit;
 * - an object with `data` (a typed array), `dims`, and `dtype` or `type`, as the tensors of ONNX Runtime are;
 * - a typed array or a list of numbers: samples one after the other, each in the shape the model takes.
 */
export type ModuleArray =
  | Tensor
  | {
      readonly data: ArrayBufferView;
      readonly dims: readonly number[];
      readonly dtype?: string;
      readonly type?: string;
    }
  | ArrayBufferView
  | readonly number[];

/** Element types by the names of ONNX Runtime's JavaScript API and of NumPy where they differ from ours. */
const otherNames: Readonly<Record<string, DType>> = { float32: "float", float64: "double" };

/**
 * An array of a data module as a tensor.
 *
 * @param sampleShape of one sample, for arrays that do not tell their dimensions; null: each element is a sample
 * @param what it is called in messages
 * @throws CompileError `data/module`
 */
export function toTensor(array: unknown, sampleShape: Shape | null, what: string, source: string): Tensor {
  if (array instanceof Tensor) return array;
  const bad = (message: string): Error => badModule(source, `${what} ${message}`);
  if (ArrayBuffer.isView(array)) return flat(array, dtypeOfView(array), sampleShape, bad);
  if (Array.isArray(array)) {
    if (!array.every((element) => typeof element === "number")) throw bad("is a list of other things than numbers");
    return flat(Float64Array.from(array), "double", sampleShape, bad);
  }
  if (!isTensorLike(array)) throw bad("is neither a typed array nor an object with data and dims");
  const { data, dims } = array;
  if (!dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) throw bad(`has dims [${dims.join(",")}]`);
  const name = array.dtype ?? array.type;
  const dtype = name === undefined ? dtypeOfView(data) : (otherNames[name] ?? dtypes.find((each) => each === name));
  if (!dtype) throw bad(`has elements of type "${name}"`);
  return sized(data, dtype, dims, bad);
}

type Bad = (message: string) => Error;

function isTensorLike(
  value: unknown,
): value is { data: ArrayBufferView; dims: number[]; dtype?: string; type?: string } {
  if (typeof value !== "object" || value === null || !("data" in value) || !("dims" in value)) return false;
  return ArrayBuffer.isView(value.data) && Array.isArray(value.dims);
}

function flat(view: ArrayBufferView, dtype: DType | null, sampleShape: Shape | null, bad: Bad): Tensor {
  if (!dtype) throw bad(`is a ${view.constructor.name}`);
  const length = (view as TypedArray).length;
  const perSample = sampleShape === null ? 1 : elementCount(sampleShape);
  if (perSample === null) {
    throw bad("must be an object with data and dims, because the model's input has dimensions without a size");
  }
  if (perSample === 0 || length % perSample !== 0) {
    throw bad(`has ${length} elements, which are not whole samples of ${perSample}`);
  }
  return sized(view, dtype, [length / perSample, ...((sampleShape ?? []) as readonly number[])], bad);
}

function sized(view: ArrayBufferView, dtype: DType | null, dims: readonly number[], bad: Bad): Tensor {
  if (!dtype) throw bad(`is a ${view.constructor.name}`);
  const { length, BYTES_PER_ELEMENT: width } = view as TypedArray;
  const count = elementCount(dims)!;
  if (length !== count) throw bad(`has ${length} elements, and its dims [${dims.join(",")}] ask for ${count}`);
  if (Tensor.of(dtype, [0], []).source.byteLength !== width) throw bad(`is a ${view.constructor.name} of ${dtype}`);
  // Copied, because a module may fill the same memory again for its next batch.
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
  return Tensor.fromBytes(dtype, dims, bytes);
}

function dtypeOfView(view: ArrayBufferView): DType | null {
  if (view instanceof Float32Array) return "float";
  if (view instanceof Float64Array) return "double";
  if (view instanceof Uint8Array || view instanceof Uint8ClampedArray) return "uint8";
  if (view instanceof Int8Array) return "int8";
  if (view instanceof Int16Array) return "int16";
  if (view instanceof Uint16Array) return "uint16";
  if (view instanceof Int32Array) return "int32";
  if (view instanceof Uint32Array) return "uint32";
  if (view instanceof BigInt64Array) return "int64";
  return view instanceof BigUint64Array ? "uint64" : null;
}
