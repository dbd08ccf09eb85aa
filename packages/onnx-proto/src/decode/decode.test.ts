import protobuf from "protobufjs/minimal.js";
import { expect, test } from "vitest";
import { create } from "../create.ts";
import { encode } from "../encode/encode.ts";
import { decode } from "./decode.ts";

/** Bytes written field by field, as another program might write them. */
function wire(fill: (writer: protobuf.Writer) => void): Uint8Array {
  const writer = protobuf.Writer.create();
  fill(writer);
  return writer.finish();
}

const tag = (number: number, wireType: number): number => number * 8 + wireType;

test("no bytes give empty lists and no optional field", () => {
  expect(decode("NodeProto", new Uint8Array(0))).toStrictEqual({
    input: [],
    output: [],
    attribute: [],
    metadata_props: [],
    device_configurations: [],
  });
});

test("an optional field with its default value is present", () => {
  const bytes = wire((writer) => writer.uint32(tag(3, 2)).string("").uint32(tag(7, 2)).string(""));
  expect(decode("NodeProto", bytes)).toMatchObject({ name: "", domain: "" });
  expect(encode("NodeProto", decode("NodeProto", bytes))).toEqual(new Uint8Array(bytes));
});

test("fields are read in any order and written by number", () => {
  const bytes = wire((writer) =>
    writer.uint32(tag(4, 2)).string("Add").uint32(tag(2, 2)).string("y").uint32(tag(1, 2)).string("x"),
  );
  const node = decode("NodeProto", bytes);
  expect(node).toMatchObject({ input: ["x"], output: ["y"], op_type: "Add" });
  const ordered = wire((writer) =>
    writer.uint32(tag(1, 2)).string("x").uint32(tag(2, 2)).string("y").uint32(tag(4, 2)).string("Add"),
  );
  expect(encode("NodeProto", node)).toEqual(new Uint8Array(ordered));
});

test("dims and attribute ints are read packed and not, and written not", () => {
  const packed = wire((writer) => writer.uint32(tag(8, 2)).int64s([3, -1, 300]));
  const unpacked = wire((writer) => {
    for (const value of [3, -1, 300]) writer.uint32(tag(8, 0)).int64(value);
  });
  expect(decode("AttributeProto", packed).ints).toEqual([3n, -1n, 300n]);
  expect(decode("AttributeProto", unpacked).ints).toEqual([3n, -1n, 300n]);
  expect(encode("AttributeProto", decode("AttributeProto", packed))).toEqual(new Uint8Array(unpacked));
});

test("tensor elements are read packed and not, in several pieces, and written packed in one", () => {
  const pieces = wire((writer) =>
    writer
      .uint32(tag(4, 5))
      .float(1.5)
      .uint32(tag(4, 2))
      .floats([2, 3])
      .uint32(tag(4, 5))
      .float(-4)
      .uint32(tag(7, 0))
      .int64(-1)
      .uint32(tag(7, 2))
      .int64s([7, 1000])
      .uint32(tag(5, 0))
      .int32(-5),
  );
  const tensor = decode("TensorProto", pieces);
  expect(tensor.float_data).toEqual(Float32Array.of(1.5, 2, 3, -4));
  expect(tensor.int64_data).toEqual(BigInt64Array.of(-1n, 7n, 1000n));
  expect(tensor.int32_data).toEqual(Int32Array.of(-5));
  const whole = wire((writer) =>
    writer
      .uint32(tag(4, 2))
      .floats([1.5, 2, 3, -4])
      .uint32(tag(5, 2))
      .int32s([-5])
      .uint32(tag(7, 2))
      .int64s([-1, 7, 1000]),
  );
  expect(encode("TensorProto", tensor)).toEqual(new Uint8Array(whole));
});

test("floats keep every bit of a NaN in tensor elements", () => {
  const bits = Uint32Array.of(0xffc00001, 0x7f800001, 0x80000000);
  const tensor = create("TensorProto", { float_data: new Float32Array(bits.buffer) });
  const { float_data: data } = decode("TensorProto", encode("TensorProto", tensor));
  expect([...new Uint32Array(data.buffer, data.byteOffset, 3)]).toEqual([...bits]);
});

test("raw data is a view of the input", () => {
  const input = Buffer.from(encode("TensorProto", create("TensorProto", { raw_data: Uint8Array.of(1, 2, 3) })));
  const { raw_data: raw } = decode("TensorProto", input);
  expect(raw!.buffer).toBe(input.buffer);
  expect(Object.getPrototypeOf(raw)).toBe(Uint8Array.prototype);
});

test("a negative int32 code of ten bytes is read and written", () => {
  const bytes = wire((writer) => writer.uint32(tag(2, 0)).int32(-7));
  expect(bytes.length).toBe(11);
  expect(decode("TensorProto", bytes).data_type).toBe(-7);
  expect(encode("TensorProto", decode("TensorProto", bytes))).toEqual(new Uint8Array(bytes));
});

test("an optional scalar that occurs twice keeps the last value", () => {
  const bytes = wire((writer) => writer.uint32(tag(3, 2)).string("a").uint32(tag(3, 2)).string("b"));
  expect(decode("NodeProto", bytes).name).toBe("b");
});

test("an optional message that occurs twice is merged", () => {
  const part = (fields: Parameters<typeof create<"GraphProto">>[1]): Uint8Array =>
    encode("ModelProto", create("ModelProto", { graph: create("GraphProto", fields) }));
  const bytes = Buffer.concat([
    part({ name: "a", node: [create("NodeProto", { op_type: "Add" })] }),
    part({ name: "b", node: [create("NodeProto", { op_type: "Mul" })] }),
  ]);
  const { graph } = decode("ModelProto", bytes);
  expect(graph!.name).toBe("b");
  expect(graph!.node.map((node) => node.op_type)).toEqual(["Add", "Mul"]);
});

test("of a oneof, the last field stays", () => {
  const bytes = wire((writer) => writer.uint32(tag(1, 0)).int64(3).uint32(tag(2, 2)).string("N"));
  expect(decode("TensorShapeProto.Dimension", bytes)).toStrictEqual({ dim_param: "N" });
});

test("unknown fields come back byte for byte after the known ones, in their order", () => {
  const known = wire((writer) => writer.uint32(tag(1, 2)).string("x"));
  const first = wire((writer) => writer.uint32(tag(1000, 0)).int64(5));
  const second = wire((writer) => writer.uint32(tag(99, 2)).bytes(Uint8Array.of(1, 2)));
  const group = wire((writer) => writer.uint32(tag(77, 3)).uint32(tag(1, 5)).float(1).uint32(tag(77, 4)));
  const node = decode("NodeProto", Buffer.concat([first, second, known, group]));
  expect(node.input).toEqual(["x"]);
  expect(node.unknown_fields!.map(({ number }) => number)).toEqual([1000, 99, 77]);
  expect(Buffer.from(encode("NodeProto", node))).toEqual(Buffer.concat([known, first, second, group]));
});

test("a known field with another wire type is kept as unknown", () => {
  const bytes = wire((writer) => writer.uint32(tag(3, 0)).int64(5).uint32(tag(2, 5)).float(1));
  const node = decode("NodeProto", bytes);
  expect(node.name).toBeUndefined();
  expect(node.unknown_fields!.map(({ number }) => number)).toEqual([3, 2]);
  expect(encode("NodeProto", node)).toEqual(new Uint8Array(bytes));
});

test("a name that is not UTF-8 survives", () => {
  const bytes = wire((writer) => writer.uint32(tag(3, 2)).bytes(Uint8Array.of(0x61, 0xff, 0xc3)));
  expect(encode("NodeProto", decode("NodeProto", bytes))).toEqual(new Uint8Array(bytes));
});
