import { Tensor, type DType } from "@lowbit/ir";
import { elementsOf, newElements, tensorOf } from "../arrays/elements.ts";
import { sizeOf } from "../arrays/indices.ts";
import { requireSameDType } from "../arrays/map.ts";
import { stringTensor, take } from "../arrays/take.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { dtypeOfNumber } from "../dtype-numbers.ts";
import { integers } from "./shape.ts";

const constant: Kernel = (call) => {
  for (const [name, attribute] of call.node.attributes) {
    if (name === "value" && attribute.kind === "tensor") return attribute.value;
    if (name === "value_float" && attribute.kind === "float") return Tensor.scalar("float", attribute.value);
    if (name === "value_floats" && attribute.kind === "floats") return Tensor.of("float", attribute.value);
    if (name === "value_int" && attribute.kind === "int") return Tensor.scalar("int64", attribute.value);
    if (name === "value_ints" && attribute.kind === "ints") return Tensor.of("int64", attribute.value);
    if (name === "value_string" && attribute.kind === "string") return stringTensor([], [bytesOf(attribute.value)]);
    if (name === "value_strings" && attribute.kind === "strings") {
      return stringTensor([attribute.value.length], attribute.value.map(bytesOf));
    }
  }
  return call.fail("has no value attribute of a dense tensor");
};

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? new TextEncoder().encode(text) : text;
}

const constantOfShape: Kernel = (call) => {
  const dims = integers(call.tensor(0));
  const value = call.node.tensor("value") ?? Tensor.of("float", [0]);
  return take(value, dims, new Int32Array(sizeOf(dims)));
};

const range: Kernel = (call) => {
  const start = call.tensor(0);
  requireSameDType(call, start, call.tensor(1), call.tensor(2));
  const first = elementsOf(start)[0]!;
  const delta = elementsOf(call.tensor(2))[0]!;
  const distance = Number(elementsOf(call.tensor(1))[0]!) - Number(first);
  if (!Number(delta)) call.fail("delta is 0");
  const results = newElements(start.dtype, Math.max(0, Math.ceil(distance / Number(delta))));
  for (let i = 0; i < results.length; i++) {
    results[i] = (
      typeof first === "bigint" ? first + BigInt(i) * (delta as bigint) : first + i * (delta as number)
    ) as never;
  }
  return tensorOf(start.dtype, [results.length], results);
};

const eyeLike: Kernel = (call) => {
  const x = call.tensor(0);
  const [rows, columns] = x.dims as [number, number];
  const diagonal = call.node.int("k", 0);
  const values = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const column = row + diagonal;
    if (column >= 0 && column < columns) values[row * columns + column] = 1;
  }
  return tensorOf(dtypeAttribute(call, x.dtype), x.dims, values);
};

/** The dtype an op's `dtype` attribute names. */
export function dtypeAttribute(call: KernelCall, fallback: DType): DType {
  if (!call.node.attributes.has("dtype")) return fallback;
  const number = call.node.int("dtype", 0);
  return dtypeOfNumber(number) ?? call.fail(`dtype ${number} is not an ONNX data type`);
}

/** Ops that make tensors out of attributes and sizes. */
export const constantKernels = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  EyeLike: eyeLike,
} satisfies Readonly<Record<string, Kernel>>;
