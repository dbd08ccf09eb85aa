import { create, DataType, type TensorProto } from "@lowbit/onnx-proto";
import { expect, test } from "vitest";
import { importModel } from "./import-model.ts";
import { exportModel } from "./export-model.ts";
import { proto } from "./messages.testing.ts";

function elements(fields: Partial<TensorProto> & { readonly dims: readonly number[] }): readonly number[] {
  const model = importModel(proto.model({ initializer: [create("TensorProto", { name: "w", ...fields })] }));
  return [...model.graph.value("w")!.initializer!.numbers()];
}

// What each element type is held in: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, TensorProto.
test.each<readonly [keyof typeof DataType, Partial<TensorProto>, readonly number[]]>([
  ["FLOAT", { float_data: Float32Array.of(1.5, -2) }, [1.5, -2]],
  ["DOUBLE", { double_data: Float64Array.of(0.1, -2) }, [0.1, -2]],
  ["INT64", { int64_data: BigInt64Array.of(-5n, 2n ** 40n) }, [-5, 2 ** 40]],
  ["UINT64", { uint64_data: BigUint64Array.of(5n, 2n ** 40n) }, [5, 2 ** 40]],
  ["UINT32", { uint64_data: BigUint64Array.of(5n, 2n ** 32n - 1n) }, [5, 2 ** 32 - 1]],
  ["INT32", { int32_data: Int32Array.of(-5, 7) }, [-5, 7]],
  ["INT16", { int32_data: Int32Array.of(-5, 7) }, [-5, 7]],
  ["INT8", { int32_data: Int32Array.of(-5, 7) }, [-5, 7]],
  ["UINT16", { int32_data: Int32Array.of(5, 65535) }, [5, 65535]],
  ["UINT8", { int32_data: Int32Array.of(5, 255) }, [5, 255]],
  ["BOOL", { int32_data: Int32Array.of(1, 0) }, [1, 0]],
  ["FLOAT16", { int32_data: Int32Array.of(0x3e00, 0xc000) }, [1.5, -2]],
  ["BFLOAT16", { int32_data: Int32Array.of(0x3fc0, 0xc000) }, [1.5, -2]],
  ["FLOAT8E4M3FN", { int32_data: Int32Array.of(0x38, 0xc0) }, [1, -2]],
  ["INT4", { int32_data: Int32Array.of(0xe1) }, [1, -2]],
  ["UINT4", { int32_data: Int32Array.of(0xe1) }, [1, 14]],
  ["FLOAT4E2M1", { int32_data: Int32Array.of(0xc2) }, [1, -2]],
  ["INT2", { int32_data: Int32Array.of(0b1101) }, [1, -1]],
  ["FLOAT8E8M0", { int32_data: Int32Array.of(127, 128) }, [1, 2]],
])("%s elements are read from their typed field", (type, fields, expected) => {
  expect(elements({ dims: [2], data_type: DataType[type], ...fields })).toEqual(expected);
});

test("a tensor in a typed field is written as it came, whether or not it was read", () => {
  const tensor = create("TensorProto", {
    name: "w",
    dims: [2],
    data_type: DataType.INT8,
    int32_data: Int32Array.of(1, -1),
  });
  const model = importModel(proto.model({ initializer: [tensor] }));
  expect([...model.graph.value("w")!.initializer!.bytes()]).toEqual([1, 255]);
  expect(exportModel(model).graph!.initializer[0]).toEqual(tensor);
});
