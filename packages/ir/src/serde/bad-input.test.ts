import { AttributeType, create, DataType, encodeModel, type GraphProto, type ModelProto } from "@lowbit/onnx-proto";
import { expect, test } from "vitest";
import { CompileError } from "../diagnostics.ts";
import { importModel } from "./import-model.ts";
import { floatBytes, proto } from "./messages.testing.ts";

/** The code of what is wrong with a model, and where. */
function refusal(model: ModelProto | Uint8Array): string {
  try {
    importModel(model);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const { code, where } = error.diagnostic;
    return `${code} ${where?.node ?? where?.value ?? ""}`.trim();
  }
  return "accepted";
}

const x = proto.info("x");
const relu = (input: string, output: string) => proto.node("Relu", [input], [output]);

test.each<readonly [string, Partial<GraphProto>, string]>([
  [
    "two nodes that define one value",
    { input: [x], node: [relu("x", "y"), relu("x", "y")] },
    "import/duplicate-name y",
  ],
  ["a node that defines an input", { input: [x], node: [relu("x", "x")] }, "import/duplicate-name x"],
  ["an input twice", { input: [x, x] }, "import/duplicate-name x"],
  [
    "an initializer twice",
    { initializer: [1, 2].map((value) => proto.tensor("w", [1], { raw_data: floatBytes(value) })) },
    "import/duplicate-name w",
  ],
  ["an operand that nobody defines", { node: [relu("ghost", "y")] }, "import/undefined-value y"],
  ["an output that nobody defines", { output: [proto.info("ghost")] }, "import/undefined-value ghost"],
  ["nodes that need each other", { node: [relu("b", "a"), relu("a", "b")] }, "import/cycle b"],
  ["a node that needs itself", { node: [relu("a", "a")] }, "import/cycle a"],
  ["a node without an op", { input: [x], node: [create("NodeProto", { output: ["y"] })] }, "import/node y"],
  ["an input without a name", { input: [create("ValueInfoProto")] }, "import/node"],
  ["an initializer without a name", { initializer: [proto.tensor("", [0], {})] }, "import/node"],
  [
    "an element type that does not exist",
    { input: [proto.info("x", create("TypeProto", { tensor_type: { elem_type: 99 } }))] },
    "import/type x",
  ],
  ["a negative dimension of a type", { input: [proto.info("x", [-7])] }, "import/type x"],
])("%s is refused", (_, graph, expected) => {
  expect(refusal(proto.model(graph))).toBe(expected);
});

test.each<readonly [string, Parameters<typeof proto.attribute>[1], string]>([
  ["a value of another type", { type: AttributeType.INT, f: 1 }, "import/attribute y"],
  ["values of two types", { type: AttributeType.INT, i: 1n, floats: [1] }, "import/attribute y"],
  ["an unknown type", { type: 77, i: 1n }, "import/attribute y"],
  ["a negative type", { type: -3, i: 1n }, "import/attribute y"],
  ["neither type nor value", {}, "import/attribute y"],
  ["a tensor that is missing", { type: AttributeType.TENSOR }, "import/attribute y"],
  ["a graph that is missing", { type: AttributeType.GRAPH }, "import/attribute y"],
])("an attribute with %s is refused", (_, fields, expected) => {
  const node = proto.node("Op", [], ["y"], { attribute: [proto.attribute("a", fields)] });
  expect(refusal(proto.model({ node: [node] }))).toBe(expected);
});

test("an attribute twice is refused", () => {
  const attribute = proto.attribute("a", { type: AttributeType.INT, i: 1n });
  const node = proto.node("Op", [], ["y"], { attribute: [attribute, attribute] });
  expect(refusal(proto.model({ node: [node] }))).toBe("import/node y");
});

test.each<readonly [string, Parameters<typeof proto.tensor>[2], readonly number[], string]>([
  ["raw data too short", { raw_data: new Uint8Array(7) }, [2], "tensor/length"],
  ["raw data too long", { raw_data: new Uint8Array(9) }, [2], "tensor/length"],
  ["too few typed elements", { float_data: Float32Array.of(1) }, [2], "tensor/length"],
  ["no data", {}, [2], "tensor/length"],
  ["data for no elements", { raw_data: new Uint8Array(4) }, [0], "tensor/length"],
  ["data in two places", { raw_data: floatBytes(1), float_data: Float32Array.of(1) }, [1], "tensor/data"],
  ["data in the wrong field", { int64_data: BigInt64Array.of(1n) }, [1], "tensor/data"],
  ["raw data of strings", { data_type: DataType.STRING, raw_data: new Uint8Array(4) }, [1], "tensor/data"],
  ["segments", { segment: { begin: 0, end: 1 }, raw_data: floatBytes(1) }, [1], "tensor/data"],
  ["a negative dimension", { raw_data: floatBytes(1) }, [-1, -1], "tensor/dims"],
  ["dimensions that overflow", {}, [2 ** 31, 2 ** 31], "tensor/dims"],
  ["dimensions far beyond memory", {}, [2 ** 45], "tensor/length"],
  ["no element type", { data_type: 0, raw_data: floatBytes(1) }, [1], "tensor/dtype"],
  ["an unknown element type", { data_type: 1000, raw_data: floatBytes(1) }, [1], "tensor/dtype"],
])("a tensor with %s is refused", (_, fields, dims, expected) => {
  expect(refusal(proto.model({ initializer: [proto.tensor("w", dims, fields)] }))).toBe(`${expected} w`);
});

test("a sparse tensor whose indices leave its dimensions is refused when it is read", () => {
  const sparse = (dims: readonly number[], index: bigint) =>
    create("SparseTensorProto", {
      dims,
      values: proto.tensor("s", [1], { raw_data: floatBytes(5) }),
      indices: create("TensorProto", { dims: [1], data_type: DataType.INT64, int64_data: BigInt64Array.of(index) }),
    });
  const read = (dims: readonly number[], index: bigint) => () =>
    importModel(proto.model({ sparse_initializer: [sparse(dims, index)] }))
      .graph.value("s")!
      .initializer!.bytes();
  expect(read([2], 2n)).toThrow(
    expect.objectContaining({ diagnostic: expect.objectContaining({ code: "tensor/data" }) }),
  );
  expect(read([2], -1n)).toThrow(CompileError);
  expect(read([2 ** 40], 1n)).toThrow(
    expect.objectContaining({ diagnostic: expect.objectContaining({ code: "tensor/too-large" }) }),
  );
});

test("functions of one name, and a domain in two versions, are refused", () => {
  const local = create("FunctionProto", { name: "F", domain: "l" });
  expect(refusal(proto.model({}, { functions: [local, local] }))).toBe("import/duplicate-name");
  const versions = [1, 2].map((version) => create("OperatorSetIdProto", { domain: "x", version }));
  expect(refusal(proto.model({}, { opset_import: versions }))).toBe("import/opset");
});

test("bytes that are no model are refused", () => {
  const bytes = encodeModel(proto.model({ input: [x], node: [relu("x", "y")], output: [proto.info("y")] }));
  expect(refusal(new Uint8Array(0))).toBe("import/graph");
  expect(refusal(bytes.subarray(0, bytes.length - 5))).toBe("proto/truncated");
  expect(refusal(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))).toBe(
    "proto/malformed",
  );
});

test("external data of a model without a folder is refused", () => {
  const tensor = proto.tensor("w", [1], { data_location: 1, external_data: [proto.entry("location", "w.bin")] });
  expect(refusal(proto.model({ initializer: [tensor] }))).toBe("external/location w");
});
