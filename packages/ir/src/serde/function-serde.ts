import { create, type AttributeProto, type FunctionProto } from "@lowbit/onnx-proto";
import type { LocalFunction } from "../graph/model.ts";
import { importAttribute } from "./attribute-import.ts";
import { exportAttribute } from "./attribute-export.ts";
import { CarriedFunction, restOf, type Draft } from "./carried.ts";
import type { ExportContext, ImportContext } from "./context.ts";
import { modelError } from "./diagnostics.ts";
import { exportGraph } from "./graph-export.ts";
import { importGraph } from "./graph-import.ts";
import { exportEntries, exportOpsets, importDomain, importEntries, importOpsets, unusualEntries } from "./metadata.ts";

/** A local function of its message. @throws as `importGraph` */
export function importFunction(proto: FunctionProto, context: ImportContext): LocalFunction {
  const name = proto.name ?? "";
  const info = (value: string) => create("ValueInfoProto", { name: value });
  const body = importGraph(
    create("GraphProto", {
      name,
      input: proto.input.map(info),
      output: proto.output.map(info),
      node: proto.node,
      value_info: proto.value_info,
    }),
    null,
    context,
  );
  const defaults = new Map<string, AttributeProto>(proto.attribute_proto.map((each) => [each.name ?? "", each]));
  return {
    domain: importDomain(proto.domain),
    name,
    overload: proto.overload ?? "",
    body,
    attributes: [
      ...proto.attribute.map((attribute) => ({ name: attribute })),
      ...proto.attribute_proto.map((each) => {
        const value = importAttribute(each, null, context, { node: name });
        return value.kind === "ref"
          ? { name: each.name ?? "", kind: value.of, default: value }
          : { name: each.name ?? "", kind: value.kind, default: value };
      }),
    ],
    opsets: importOpsets(proto.opset_import, `function "${name}"`),
    docString: proto.doc_string ?? "",
    metadata: importEntries(proto.metadata_props),
    carried: new CarriedFunction(
      restOf(proto, ["name", "doc_string", "domain", "overload", "unknown_fields"]),
      proto.opset_import,
      unusualEntries(proto.metadata_props),
      defaults,
    ),
  };
}

/** The message of a local function. */
export function exportFunction(local: LocalFunction, context: ExportContext): FunctionProto {
  const carried = local.carried instanceof CarriedFunction ? local.carried : null;
  const proto: Draft<FunctionProto> = create("FunctionProto", carried?.rest);
  const body = exportGraph(local.body, context);
  if (body.initializer.length > 0 || body.sparse_initializer.length > 0) {
    throw modelError(
      "export/function",
      `function "${local.name}" has initializers, which ONNX functions cannot have`,
      { node: local.name },
      "put its data into Constant nodes, or inline the function",
    );
  }
  if (local.name !== "") proto.name = local.name;
  if (local.domain !== "") proto.domain = local.domain;
  if (local.overload !== "") proto.overload = local.overload;
  if (local.docString !== "") proto.doc_string = local.docString;
  proto.input = local.body.inputs.map((value) => value.name);
  proto.output = local.body.outputs.map((value) => value.name);
  proto.attribute = local.attributes.filter((each) => !each.default).map((each) => each.name);
  proto.attribute_proto = local.attributes.flatMap((each) => {
    if (!each.default) return [];
    const original = carried?.defaults.get(each.name) ?? null;
    return [
      original ?? exportAttribute(each.name, each.default, context, (graph) => exportGraph(graph, context), null),
    ];
  });
  proto.node = body.node;
  proto.value_info = body.value_info;
  proto.opset_import = exportOpsets(local.opsets, carried?.opsets);
  proto.metadata_props = exportEntries(local.metadata, carried?.metadata);
  return proto;
}
