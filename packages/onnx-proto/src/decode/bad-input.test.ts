import { expect, test } from "vitest";
import { create } from "../create.ts";
import { encode } from "../encode/encode.ts";
import { maxDepth } from "../limits.ts";
import type { GraphProto } from "../messages/graph.ts";
import type { MessageName } from "../messages/message-map.ts";
import { ProtoError } from "../proto-error.ts";
import { decode } from "./decode.ts";

function errorOf(name: MessageName, bytes: Uint8Array): string {
  try {
    decode(name, bytes);
  } catch (error) {
    if (error instanceof ProtoError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "no error";
}

test.each<[string, MessageName, number[], string]>([
  ["a field number 0", "NodeProto", [0x00, 0x00], "proto/malformed NodeProto: illegal tag: field number 0 (byte 1)"],
  [
    "a length past the end",
    "NodeProto",
    [0x0a, 0x05, 0x61],
    "proto/truncated NodeProto.input: 5 bytes announced, 1 are left (byte 1)",
  ],
  [
    "a length past the end of the enclosing message",
    "GraphProto",
    [0x0a, 0x03, 0x0a, 0x05, 0x61, 0, 0, 0],
    "proto/truncated GraphProto.node[0].input: 5 bytes announced, 1 are left (byte 3)",
  ],
  [
    "a negative length",
    "NodeProto",
    [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    "proto/malformed NodeProto.input: invalid length encoding (byte 6)",
  ],
  ["a tag cut short", "NodeProto", [0x80], "proto/truncated NodeProto: the data ends inside a field (byte 1)"],
  [
    "a number of eleven bytes",
    "TensorProto",
    [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
    "proto/malformed TensorProto.dims: a number of more than 10 bytes (byte 1)",
  ],
  [
    "a dimension past 2^53",
    "TensorProto",
    [0x08, 0x01, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    "proto/integer TensorProto.dims: 9223372036854775807 is beyond ±(2^53 - 1) (byte 12)",
  ],
  [
    "a group that does not end",
    "NodeProto",
    [0xfb, 0x01, 0x08, 0x01],
    "proto/truncated NodeProto: the data ends inside a field (byte 4)",
  ],
  [
    "a group that was not begun",
    "NodeProto",
    [0xfc, 0x01],
    "proto/malformed NodeProto: invalid wire type 4 at offset 2 (byte 2)",
  ],
  ["wire type 7", "NodeProto", [0xff, 0x01], "proto/malformed NodeProto: invalid wire type 7 at offset 2 (byte 2)"],
  [
    "packed floats of 5 bytes",
    "TensorProto",
    [0x22, 0x05, 0, 0, 0, 0, 0],
    "proto/malformed TensorProto.float_data: 5 bytes are no whole number of elements (byte 2)",
  ],
  [
    "packed integers that end inside a number",
    "TensorProto",
    [0x3a, 0x02, 0x01, 0x80],
    "proto/truncated TensorProto.int64_data: the data ends inside a number (byte 2)",
  ],
])("%s is an error with path and place", (_, name, bytes, expected) => {
  expect(errorOf(name, Uint8Array.from(bytes))).toBe(expected);
});

/** A graph in an If in a graph in an If ..., `levels` deep. */
function nestedGraphs(levels: number): GraphProto {
  let graph = create("GraphProto", { name: "innermost" });
  for (let level = 0; level < levels; level++) {
    const attribute = [create("AttributeProto", { name: "then_branch", g: graph })];
    graph = create("GraphProto", { node: [create("NodeProto", { op_type: "If", attribute })] });
  }
  return graph;
}

test("graphs nest a hundred levels deep", () => {
  const graph = nestedGraphs(maxDepth / 3);
  expect(decode("GraphProto", encode("GraphProto", graph))).toEqual(graph);
});

test("deeper nesting is an error, when reading and when writing", () => {
  // Sequences of sequences: sequence_type (4) and elem_type (1) in turn around what is inside.
  let bytes = new Uint8Array(0);
  for (let level = 0; level <= maxDepth; level++) {
    const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
    bytes = Uint8Array.from([level % 2 === 0 ? 0x22 : 0x0a, ...length, ...bytes]);
  }
  expect(errorOf("TypeProto", bytes)).toMatchInlineSnapshot(
    `"proto/depth TypeProto.sequence_type.elem_type.sequence_type.elem_type.sequence_type.elem_type.sequence_type.elem_type.….elem_type.sequence_type.elem_type.sequence_type.elem_type.sequence_type.elem_type.sequence_type: messages nest deeper than 300 (byte 839)"`,
  );
  expect(() => encode("GraphProto", nestedGraphs(maxDepth / 3 + 1))).toThrow(ProtoError);
});

test("an object that contains itself cannot be written", () => {
  const attribute: { g?: GraphProto } = {};
  const graph = create("GraphProto", {
    node: [create("NodeProto", { attribute: [Object.assign(attribute, create("AttributeProto"))] })],
  });
  attribute.g = graph;
  expect(() => encode("GraphProto", graph)).toThrow(ProtoError);
});

test("a hostile file of many small pieces takes linear time", () => {
  // An attribute whose tensor occurs 200,000 times, each time with one more element.
  const piece = [0x2a, 0x06, 0x22, 0x04, 0, 0, 0x80, 0x3f];
  const bytes = new Uint8Array(200_000 * piece.length);
  for (let at = 0; at < bytes.length; at += piece.length) bytes.set(piece, at);
  const started = performance.now();
  expect(decode("AttributeProto", bytes).t!.float_data.length).toBe(200_000);
  expect(performance.now() - started).toBeLessThan(5000);
});

test("every proper beginning of a model is read or is a ProtoError", () => {
  const whole = encode(
    "ModelProto",
    create("ModelProto", {
      ir_version: 13,
      graph: create("GraphProto", {
        name: "g",
        node: [
          create("NodeProto", {
            input: ["x"],
            op_type: "Conv",
            attribute: [create("AttributeProto", { name: "strides", type: 7, ints: [2n, -2n] })],
          }),
        ],
        initializer: [create("TensorProto", { dims: [2, 300], float_data: Float32Array.of(1, 2) })],
      }),
    }),
  );
  const outcomes = Array.from(whole, (_, length) => errorOf("ModelProto", whole.subarray(0, length)));
  expect(outcomes.filter((outcome) => !/^(no error|proto\/truncated)/.test(outcome))).toEqual([]);
});
