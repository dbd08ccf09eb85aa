import { AttributeType, create, DataType, decodeModel, encodeModel, type ModelProto } from "@lowbit/onnx-proto";
import { expect, test } from "vitest";
import { GraphEditor } from "../edit/graph-editor.ts";
import { equalModels } from "../graph/equal.ts";
import { Tensor } from "../tensor.ts";
import { exportModel, modelBytes } from "./export-model.ts";
import { importModel } from "./import-model.ts";
import { floatBytes, proto } from "./messages.testing.ts";

/** Passes a message through the IR; the result must be the same bytes. */
function expectUnchanged(model: ModelProto): void {
  const bytes = encodeModel(model);
  expect(decodeModel(modelBytes(importModel(bytes)))).toEqual(decodeModel(bytes));
  expect(Buffer.compare(modelBytes(importModel(bytes)), bytes)).toBe(0);
}

const unknown_fields = [{ number: 99, bytes: Uint8Array.of(0x98, 0x06, 0x07) }];

test("names, docs, metadata and unknown fields of every message survive", () => {
  const metadata_props = [proto.entry("k", "v"), proto.entry("k", "again")];
  expectUnchanged(
    proto.model(
      {
        doc_string: "graph",
        metadata_props,
        unknown_fields,
        input: [{ ...proto.info("x"), doc_string: "input", metadata_props }],
        output: [{ ...proto.info("y"), unknown_fields }],
        value_info: [{ ...proto.info("t"), doc_string: "inner" }],
        node: [
          proto.node("Relu", ["x"], ["t"], { name: "", doc_string: "node", metadata_props, unknown_fields }),
          proto.node("LeakyRelu", ["t"], ["y"], {
            domain: "ai.onnx",
            overload: "",
            attribute: [
              proto.attribute("alpha", { f: 0.5, type: AttributeType.FLOAT, doc_string: "slope", unknown_fields }),
            ],
            device_configurations: [create("NodeDeviceConfigurationProto", { configuration_id: "gpu" })],
          }),
        ],
        initializer: [
          proto.tensor("w", [2], { raw_data: floatBytes(1, 2), doc_string: "weights", metadata_props, unknown_fields }),
        ],
      },
      {
        producer_name: "",
        producer_version: "1.2",
        domain: "com.acme",
        doc_string: "model",
        model_version: 2n ** 60n + 1n,
        metadata_props,
        unknown_fields,
        configuration: [create("DeviceConfigurationProto", { name: "gpu", num_devices: 2 })],
        training_info: [create("TrainingInfoProto", { update_binding: [proto.entry("w", "w_new")] })],
        opset_import: [
          create("OperatorSetIdProto", { version: 21 }),
          create("OperatorSetIdProto", { domain: "x", version: 3 }),
        ],
      },
    ),
  );
});

test("absent optional operands and results keep their places", () => {
  expectUnchanged(
    proto.model({
      input: [proto.info("x")],
      output: [proto.info("y")],
      node: [proto.node("LSTM", ["x", "", "", ""], ["", "y", ""])],
    }),
  );
});

test("initializers that are inputs, unused inputs, and outputs that are inputs or data survive", () => {
  expectUnchanged(
    proto.model(
      {
        input: [proto.info("x"), proto.info("w"), proto.info("unused")],
        output: [proto.info("x"), proto.info("w"), proto.info("c"), proto.info("t"), proto.info("t")],
        initializer: [
          proto.tensor("w", [2], { raw_data: floatBytes(1, 2) }),
          proto.tensor("c", [2], { raw_data: floatBytes(3, 4) }),
        ],
        node: [proto.node("Relu", ["x"], ["t"]), proto.node("Relu", ["t"], ["dead"])],
      },
      { ir_version: 3 },
    ),
  );
});

test("sparse initializers, quantization annotations and declarations of values that are not there survive", () => {
  expectUnchanged(
    proto.model({
      input: [proto.info("x")],
      output: [proto.info("y")],
      node: [proto.node("Add", ["x", "s"], ["y"])],
      sparse_initializer: [
        create("SparseTensorProto", {
          dims: [2],
          values: proto.tensor("s", [1], { raw_data: floatBytes(5) }),
          indices: create("TensorProto", { dims: [1], data_type: DataType.INT64, int64_data: BigInt64Array.of(1n) }),
        }),
      ],
      quantization_annotation: [
        create("TensorAnnotation", {
          tensor_name: "y",
          quant_parameter_tensor_names: [proto.entry("SCALE_TENSOR", "scale")],
        }),
      ],
      value_info: [proto.info("nowhere"), proto.info("x"), proto.info("y")],
    }),
  );
});

test("a sparse initializer reads as a dense tensor", () => {
  const model = importModel(
    proto.model({
      sparse_initializer: [
        create("SparseTensorProto", {
          dims: [2, 3],
          values: proto.tensor("s", [2], { raw_data: floatBytes(5, 6) }),
          indices: create("TensorProto", {
            dims: [2, 2],
            data_type: DataType.INT64,
            int64_data: BigInt64Array.of(0n, 2n, 1n, 0n),
          }),
        }),
      ],
    }),
  );
  expect([...model.graph.value("s")!.initializer!.numbers()]).toEqual([0, 0, 5, 6, 0, 0]);
});

test("types other than tensors, and what is said about dimensions, survive", () => {
  const tensor = create("TypeProto", { tensor_type: { elem_type: DataType.INT64, shape: { dim: [] } } });
  expectUnchanged(
    proto.model({
      input: [
        proto.info("a", create("TypeProto", { sequence_type: { elem_type: tensor }, denotation: "LIST" })),
        proto.info("b", create("TypeProto", { optional_type: { elem_type: tensor } })),
        proto.info("c", create("TypeProto", { map_type: { key_type: DataType.STRING, value_type: tensor } })),
        proto.info("d", create("TypeProto", { opaque_type: { domain: "com.acme", name: "thing" } })),
        proto.info("e", create("TypeProto", { sparse_tensor_type: { elem_type: DataType.FLOAT } })),
        proto.info("f", create("TypeProto", { tensor_type: { elem_type: DataType.FLOAT } })),
        proto.info(
          "h",
          create("TypeProto", {
            tensor_type: {
              elem_type: DataType.FLOAT,
              shape: {
                dim: [{ dim_value: -1 }, { dim_param: "N" }, {}, { dim_param: "" }, { dim_value: 3, denotation: "C" }],
              },
            },
          }),
        ),
        proto.info("i", create("TypeProto", {})),
        create("ValueInfoProto", { name: "j" }),
      ],
    }),
  );
});

test("attributes of every kind survive, also where the file leaves out what has a default", () => {
  const tensor = proto.tensor("", [1], { float_data: Float32Array.of(1) });
  const sparse = create("SparseTensorProto", { dims: [4], values: tensor });
  const type = create("TypeProto", { tensor_type: { elem_type: DataType.FLOAT }, denotation: "T" });
  const body = create("GraphProto", { name: "b", output: [proto.info("x")] });
  expectUnchanged(
    proto.model(
      {
        input: [proto.info("x")],
        node: [
          proto.node("Op", ["x"], ["y"], {
            domain: "com.acme",
            attribute: [
              proto.attribute("f", { type: AttributeType.FLOAT }),
              proto.attribute("i", { type: AttributeType.INT, i: -(2n ** 63n) }),
              proto.attribute("s", { type: AttributeType.STRING, s: Uint8Array.of(0xff, 0x41) }),
              proto.attribute("t", { type: AttributeType.TENSOR, t: tensor }),
              proto.attribute("g", { type: AttributeType.GRAPH, g: body, doc_string: "doc" }),
              proto.attribute("fs", { type: AttributeType.FLOATS, floats: [0.5, -0] }),
              proto.attribute("is", { type: AttributeType.INTS, ints: [] }),
              proto.attribute("ss", {
                type: AttributeType.STRINGS,
                strings: [Uint8Array.of(), Uint8Array.of(0xc3, 0xa9)],
              }),
              proto.attribute("ts", { type: AttributeType.TENSORS, tensors: [tensor, tensor] }),
              proto.attribute("gs", { type: AttributeType.GRAPHS, graphs: [body, body] }),
              proto.attribute("sp", { type: AttributeType.SPARSE_TENSOR, sparse_tensor: sparse }),
              proto.attribute("sps", { type: AttributeType.SPARSE_TENSORS, sparse_tensors: [sparse] }),
              proto.attribute("tp", { type: AttributeType.TYPE_PROTO, tp: type }),
              proto.attribute("tps", { type: AttributeType.TYPE_PROTOS, type_protos: [type] }),
              proto.attribute("untyped", { i: 3n }),
            ],
          }),
        ],
      },
      { opset_import: [create("OperatorSetIdProto", { domain: "com.acme", version: 1 })] },
    ),
  );
});

test("local functions survive with their attributes, defaults, opsets and declarations", () => {
  expectUnchanged(
    proto.model(
      { input: [proto.info("x")], node: [proto.node("F", ["x"], ["y"], { domain: "l", overload: "v2" })] },
      {
        functions: [
          create("FunctionProto", {
            name: "F",
            domain: "l",
            overload: "v2",
            doc_string: "",
            input: ["a", "b"],
            output: ["c"],
            attribute: ["alpha"],
            attribute_proto: [proto.attribute("beta", { type: AttributeType.FLOAT, f: 1.5, doc_string: "default" })],
            opset_import: [create("OperatorSetIdProto", { version: 20 })],
            node: [
              proto.node("LeakyRelu", ["a"], ["c"], {
                attribute: [proto.attribute("alpha", { type: AttributeType.FLOAT, ref_attr_name: "alpha" })],
              }),
            ],
            value_info: [proto.info("a"), proto.info("c")],
            metadata_props: [proto.entry("k", "v")],
            unknown_fields,
          }),
        ],
      },
    ),
  );
});

test("bodies read outer values, and sibling bodies may use a name twice", () => {
  const branch = (op: string) =>
    create("GraphProto", {
      name: op,
      node: [proto.node(op, ["t"], ["p"])],
      output: [proto.info("p")],
      initializer: [proto.tensor("w", [1], { float_data: Float32Array.of(1) })],
    });
  const model = proto.model({
    input: [proto.info("x"), proto.info("c")],
    output: [proto.info("y")],
    node: [
      proto.node("Relu", ["x"], ["t"]),
      proto.node("If", ["c"], ["y"], {
        attribute: [
          proto.attribute("then_branch", { type: AttributeType.GRAPH, g: branch("Neg") }),
          proto.attribute("else_branch", { type: AttributeType.GRAPH, g: branch("Abs") }),
        ],
      }),
    ],
  });
  expectUnchanged(model);
  expect(
    importModel(model)
      .graph.value("t")!
      .users.map((node) => node.op),
  ).toEqual(["Neg", "Abs"]);
});

test("what changed is written anew, and what was said about it stays", () => {
  const model = importModel(
    proto.model({
      input: [{ ...proto.info("x"), doc_string: "the input" }],
      output: [proto.info("y")],
      value_info: [proto.info("t"), proto.info("u")],
      node: [proto.node("Relu", ["x"], ["t"]), proto.node("Relu", ["t"], ["u"]), proto.node("Relu", ["u"], ["y"])],
    }),
  );
  const editor = new GraphEditor(model.graph);
  const u = model.graph.value("u")!;
  editor.setType(model.graph.value("x")!, { kind: "tensor", dtype: "float", shape: ["N"] });
  editor.replaceAllUses(u, model.graph.value("t")!);
  editor.erase(u.producer!);
  const { graph } = exportModel(model);
  expect(graph!.input[0]!.doc_string).toBe("the input");
  expect(graph!.input[0]!.type!.tensor_type!.shape!.dim).toEqual([{ dim_param: "N" }]);
  expect(graph!.value_info.map(({ name }) => name)).toEqual(["t"]);
});

test("roles of initializers survive, which ONNX has no field for", () => {
  const model = importModel(proto.model({ initializer: [proto.tensor("w", [1], { raw_data: floatBytes(1) })] }));
  const editor = new GraphEditor(model.graph);
  editor.setRole(model.graph.value("w")!, "parameter");
  editor.initializer(Tensor.of("float", [1]), "state", "buffer");
  const again = importModel(modelBytes(model));
  expect([...again.graph.initializers].map(({ role }) => role)).toEqual(["parameter", "buffer"]);
  editor.setRole(model.graph.value("w")!, "constant");
  expect(exportModel(model).graph!.initializer[0]!.metadata_props).toEqual([]);
});

test("nodes that are not in order are put in order and reported", () => {
  const findings: string[] = [];
  const model = importModel(
    proto.model({
      input: [proto.info("x")],
      output: [proto.info("y")],
      node: [proto.node("Neg", ["t"], ["y"]), proto.node("Relu", ["x"], ["t"])],
    }),
    { report: (finding) => findings.push(finding.code) },
  );
  expect([...model.graph.nodes].map(({ op }) => op)).toEqual(["Relu", "Neg"]);
  expect(findings).toEqual(["import/unsorted"]);
});

test("a model built in code is the same after export and import", () => {
  const model = importModel(
    proto.model({
      input: [proto.info("x")],
      output: [proto.info("y")],
      node: [proto.node("Identity", ["x"], ["y"])],
    }),
  );
  const editor = new GraphEditor(model.graph);
  const strings = [Buffer.from("a"), Buffer.from("b")];
  editor.initializer(new Tensor("string", [2], { byteLength: 0, read: () => new Uint8Array(0) }, strings), "s");
  editor.initializer(Tensor.of("int4", [1, -8, 7]), "packed");
  editor.initializer(Tensor.of("float16", [1.5, -0.25]), "half");
  editor.node("Op", [], { a: 1, b: 0.5, c: "text", d: [1, 2], e: Tensor.scalar("int64", 3) }, { domain: "com.acme" });
  expect(equalModels(importModel(modelBytes(model)), model)).toBeNull();
});
