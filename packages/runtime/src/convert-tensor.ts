import { CompileError, storageView, Tensor, type DType, type TypedArray } from "@lowbit/ir";
import * as ort from "onnxruntime-node";

const runtimeTypes: Readonly<Partial<Record<DType, ort.Tensor.Type>>> = {
  float: "float32",
  double: "float64",
  float16: "float16",
  int8: "int8",
  uint8: "uint8",
  int16: "int16",
  uint16: "uint16",
  int32: "int32",
  uint32: "uint32",
  int64: "int64",
  uint64: "uint64",
  bool: "bool",
  string: "string",
  int4: "int4",
  uint4: "uint4",
};

const irTypes = new Map(Object.entries(runtimeTypes).map(([dtype, type]) => [type, dtype as DType]));

/** The IR's dtype for a type name of ONNX Runtime's JavaScript API. @throws CompileError `runtime/dtype` */
export function dtypeOf(type: string): DType {
  const dtype = irTypes.get(type as ort.Tensor.Type);
  if (!dtype) throw unsupported(type);
  return dtype;
}

/** The name of a dtype in ONNX Runtime's JavaScript API. @throws CompileError `runtime/dtype` */
export function toRuntimeType(dtype: DType): ort.Tensor.Type {
  const type = runtimeTypes[dtype];
  if (!type) throw unsupported(dtype);
  return type;
}

/** A tensor as ONNX Runtime takes it: a view of the same memory, except for strings. @throws CompileError `runtime/dtype` */
export function toRuntime(tensor: Tensor): ort.Tensor {
  const type = toRuntimeType(tensor.dtype);
  if (tensor.strings) {
    return new ort.Tensor(
      "string",
      tensor.strings.map((bytes) => new TextDecoder().decode(bytes)),
      tensor.dims,
    );
  }
  return new ort.Tensor(type as "float32", tensor.typed() as Float32Array, tensor.dims);
}

/** A result of ONNX Runtime as a tensor over the same memory. @throws CompileError `runtime/dtype` */
export function fromRuntime(tensor: ort.Tensor): Tensor {
  const dtype = dtypeOf(tensor.type);
  if (tensor.type === "string") {
    const strings = (tensor.data as readonly string[]).map((text) => new TextEncoder().encode(text));
    return new Tensor(dtype, tensor.dims, { byteLength: 0, read: () => new Uint8Array() }, strings);
  }
  const data = tensor.data as TypedArray;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Tensor.fromTyped(dtype, tensor.dims, storageView(dtype, bytes));
}

function unsupported(type: string): CompileError {
  return new CompileError({
    code: "runtime/dtype",
    severity: "error",
    message: `onnxruntime-node cannot pass tensors of type ${type} between JavaScript and the model`,
  });
}
