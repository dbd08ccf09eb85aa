import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { conformanceArchive, conformanceCases, materialsFolder } from "@lowbit/test-models";
import fc from "fast-check";
import { onnx } from "onnx-proto";
import { describe, expect, test } from "vitest";
import { decode } from "./decode/decode.ts";
import { encode } from "./encode/encode.ts";
import type { GraphProto } from "./messages/graph.ts";
import type { ModelProto } from "./messages/model.ts";
import { decodeModel, encodeModel, encodeModelChunks } from "./model-file.ts";
import { ProtoError } from "./proto-error.ts";

const materials = materialsFolder();
const files =
  materials === null
    ? []
    : readdirSync(join(materials, "models"), { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".onnx"))
        .toSorted()
        .map((path) => join(materials, "models", path));

describe.skipIf(files.length === 0)("the real models of the materials", () => {
  test.each(files.map((file) => [basename(file), file]))(
    "%s is the same bytes after decoding and encoding",
    (_, file) => {
      const bytes = readFileSync(file);
      const model = decodeModel(bytes);
      expect(bytes.equals(encodeModel(model))).toBe(true);
      expect(bytes.equals(Buffer.concat(encodeModelChunks(model)))).toBe(true);
    },
  );

  test.each(files.map((file) => [basename(file), file]))("%s is what npm's onnx-proto reads", (_, file) => {
    const bytes = readFileSync(file);
    const ours = decodeModel(bytes);
    const theirs = onnx.ModelProto.decode(bytes);
    expect(ours.ir_version).toBe(Number(theirs.irVersion));
    expect(ours.opset_import.map((opset) => [opset.domain ?? "", opset.version])).toEqual(
      theirs.opsetImport.map((opset) => [opset.domain, Number(opset.version)]),
    );
    expectSameGraph(ours.graph!, theirs.graph as onnx.GraphProto);
  });
});

function expectSameGraph(ours: GraphProto, theirs: onnx.IGraphProto): void {
  expect(ours.node.map((node) => [node.name ?? "", node.op_type, node.input, node.output])).toEqual(
    theirs.node!.map((node) => [node.name, node.opType, node.input, node.output]),
  );
  expect(ours.input.map((input) => input.name)).toEqual(theirs.input!.map((input) => input.name));
  expect(ours.initializer.map((tensor) => [tensor.name, tensor.dims, tensor.data_type])).toEqual(
    theirs.initializer!.map((tensor) => [tensor.name, tensor.dims!.map(Number), tensor.dataType]),
  );
  for (const [index, tensor] of ours.initializer.entries()) {
    const other = theirs.initializer![index]!;
    expect(Buffer.compare(tensor.raw_data ?? new Uint8Array(0), other.rawData!)).toBe(0);
    expect([...tensor.float_data]).toEqual(other.floatData);
    expect([...tensor.int64_data].map(String)).toEqual(other.int64Data!.map(String));
  }
  for (const [index, node] of ours.node.entries()) {
    const other = theirs.node![index]!;
    expect(node.attribute.map((attribute) => [attribute.name, attribute.type, attribute.ints.map(String)])).toEqual(
      other.attribute!.map((attribute) => [attribute.name, attribute.type, attribute.ints!.map(String)]),
    );
    for (const [at, attribute] of node.attribute.entries()) {
      if (attribute.g !== undefined) expectSameGraph(attribute.g, other.attribute![at]!.g!);
    }
  }
}

const archive = conformanceArchive();
const valueMessages = ["TensorProto", "SequenceProto", "OptionalProto"] as const;

/** The messages that a file of test data can be: it does not say which, a wrong guess leaves unknown fields or fails. */
function messagesOf(bytes: Uint8Array): readonly string[] {
  return valueMessages.filter((message) => {
    try {
      const value = decode(message, bytes);
      return value.unknown_fields === undefined && Buffer.compare(encode(message, value), bytes) === 0;
    } catch {
      return false;
    }
  });
}

test.skipIf(archive === null)("every model and value of the conformance suite is the same bytes again", () => {
  const cases = conformanceCases(archive!);
  const changed = cases.filter(({ model }) => Buffer.compare(encodeModel(decodeModel(model)), model) !== 0);
  const values = cases.flatMap(({ dataSets }) => dataSets.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]));
  expect([cases.length, changed]).toEqual([965, []]);
  expect([values.length, values.filter((bytes) => messagesOf(bytes).length === 0)]).toEqual([2904, []]);
});

const fuzzed = files.filter((file) => /silero|unet_s\.bn|mnist-ort/.test(file));

/** What becomes of bytes that may be a model. */
function outcome(bytes: Uint8Array): string {
  let model: ModelProto;
  try {
    model = decodeModel(bytes);
  } catch (error) {
    return error instanceof ProtoError ? "refused" : `crashed: ${String(error)}`;
  }
  const again = encodeModel(model);
  return Buffer.compare(encodeModel(decodeModel(again)), again) === 0 ? "read" : "changed in a round trip";
}

describe.skipIf(fuzzed.length === 0)("mutated bytes", () => {
  test.each(fuzzed.map((file) => [basename(file), file]))(
    "of %s are read or are a ProtoError",
    { timeout: 30_000 },
    (_, file) => {
      const original = readFileSync(file);
      const mutation = fc.record({
        at: fc.nat({ max: original.length - 1 }),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
      });
      const mutations = fc.record({
        edits: fc.array(mutation, { minLength: 1, maxLength: 20 }),
        length: fc.oneof(fc.constant(original.length), fc.nat({ max: original.length })),
      });
      fc.assert(
        fc.property(mutations, ({ edits, length }) => {
          const bytes = Uint8Array.from(original);
          // Half of the edits hit the structure: nodes come before the weights.
          for (const [index, edit] of edits.entries()) {
            bytes.set(edit.bytes.subarray(0, bytes.length - edit.at), index % 2 === 0 ? edit.at : edit.at % 4096);
          }
          expect(outcome(bytes.subarray(0, length))).toMatch(/^(read|refused)$/);
        }),
        { seed: 11, numRuns: 300 },
      );
    },
  );
});
