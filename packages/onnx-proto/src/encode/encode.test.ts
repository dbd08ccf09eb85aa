import { expect, test } from "vitest";
import { create } from "../create.ts";
import { decode } from "../decode/decode.ts";
import { ProtoError } from "../proto-error.ts";
import { encode, encodeChunks } from "./encode.ts";

function errorOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ProtoError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "no error";
}

test("an int64 attribute keeps all 64 bits", () => {
  const attribute = create("AttributeProto", { i: -(2n ** 63n), ints: [2n ** 63n - 1n, 0n, -1n] });
  expect(decode("AttributeProto", encode("AttributeProto", attribute))).toEqual(attribute);
});

test("a model's own version keeps all 64 bits", () => {
  const model = create("ModelProto", { model_version: 2n ** 63n - 1n });
  expect(decode("ModelProto", encode("ModelProto", model))).toEqual(model);
});

test.each<[string, () => unknown, string]>([
  [
    "a dimension that is no integer",
    () => encode("TensorProto", create("TensorProto", { dims: [1.5] })),
    "proto/integer TensorProto.dims: 1.5 is no integer within ±(2^53 - 1)",
  ],
  [
    "an int32 out of range",
    () => encode("GraphProto", create("GraphProto", { initializer: [create("TensorProto", { data_type: 2 ** 31 })] })),
    "proto/integer GraphProto.initializer[0].data_type: 2147483648 is no int32",
  ],
  [
    "an int64 out of range",
    () => encode("AttributeProto", create("AttributeProto", { ints: [2n ** 63n] })),
    "proto/integer AttributeProto.ints: 9223372036854775808 is no int64",
  ],
  [
    "two fields of a oneof",
    () => encode("TensorShapeProto.Dimension", { dim_value: 1, dim_param: "N" }),
    "proto/oneof TensorShapeProto.Dimension.dim_value: dim_param is set too, only one of them may be",
  ],
  [
    "half a character",
    () => encode("NodeProto", create("NodeProto", { name: "\ud83d" })),
    `proto/text NodeProto.name: "\\ud83d" has a lone surrogate, which has no UTF-8`,
  ],
])("%s cannot be written", (_, run, expected) => {
  expect(errorOf(run)).toBe(expected);
});

test("chunks are views of large data and joined give the whole", () => {
  const raw = new Uint8Array(1 << 20).fill(7);
  const floats = new Float32Array(1 << 16).fill(0.5);
  const graph = create("GraphProto", {
    name: "g",
    initializer: [
      create("TensorProto", { name: "small", raw_data: Uint8Array.of(1, 2, 3) }),
      create("TensorProto", { name: "raw", raw_data: raw }),
      create("TensorProto", { name: "floats", float_data: floats }),
    ],
  });
  const chunks = encodeChunks("GraphProto", graph);
  expect(chunks.map((chunk) => chunk.length)).toEqual([30, 1 << 20, 8, 1 << 18, 8]);
  expect(chunks[1]!.buffer).toBe(raw.buffer);
  expect(chunks[3]!.buffer).toBe(floats.buffer);
  expect(Buffer.concat(chunks).equals(encode("GraphProto", graph))).toBe(true);
});

test("many small fields are handed on in chunks of bounded size", () => {
  const node = Array.from({ length: 20_000 }, (_, i) => create("NodeProto", { name: `node ${i}`, op_type: "Relu" }));
  const graph = create("GraphProto", { node });
  const chunks = encodeChunks("GraphProto", graph);
  expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThan(70_000);
  expect(Buffer.concat(chunks).equals(encode("GraphProto", graph))).toBe(true);
});

test("three gigabytes inside one message are refused before anything is written", () => {
  // One gigabyte of memory that is never touched, three times.
  const raw = new Uint8Array(2 ** 30);
  const initializer = [0, 1, 2].map(() => create("TensorProto", { raw_data: raw }));
  const graph = create("GraphProto", { initializer });
  expect(errorOf(() => encodeChunks("ModelProto", create("ModelProto", { graph })))).toMatchInlineSnapshot(
    `"proto/too-large ModelProto.graph: 3221225508 bytes, protobuf ends at 2147483647; keep large tensors as external data"`,
  );
});

test("lengths past 2^31 stop at the input", () => {
  expect(errorOf(() => decode("ModelProto", new Uint8Array(2 ** 31)))).toMatchInlineSnapshot(
    `"proto/too-large ModelProto: 2147483648 bytes, protobuf ends at 2147483647 (byte 0)"`,
  );
});
