import { create, DataLocation, type SparseTensorProto, type TensorProto } from "@lowbit/onnx-proto";
import type { Role } from "../graph/value.ts";
import { codeOfDType } from "../ops/dtype-code.ts";
import type { Tensor } from "../tensor.ts";
import type { Draft } from "./carried.ts";
import type { ExportContext, ExternalPlace } from "./context.ts";
import { ExternalSource } from "./external-source.ts";
import { SparseSource } from "./sparse-source.ts";
import { MessageSource } from "./tensor-import.ts";

/** Key of the tensor metadata that keeps an initializer's role, which ONNX has no field for. */
const roleKey = "lowbit.role";

/** The message of a tensor: the one it came from when nothing changed. `name` null: unnamed, or the message's own. */
export function exportTensor(tensor: Tensor, name: string | null, place: ExternalPlace | null): TensorProto {
  const { source } = tensor;
  const original = source instanceof MessageSource || source instanceof ExternalSource ? source.proto : null;
  const code = codeOfDType(tensor.dtype);
  if (place !== null) {
    return named({ ...frame(tensor, original), ...externalFields(place, tensor.source.byteLength, original) }, name);
  }
  if (source instanceof MessageSource && source.proto.data_type === code) {
    return named(sameDims(source.proto, tensor.dims) ? source.proto : { ...source.proto, dims: tensor.dims }, name);
  }
  const proto: Draft<TensorProto> = { ...frame(tensor, original) };
  if (tensor.strings) proto.string_data = tensor.strings;
  else proto.raw_data = tensor.bytes();
  return named(proto, name);
}

/** The message of a sparse initializer, or null when its tensor is not (or no longer) sparse. */
export function exportSparseTensor(
  tensor: Tensor,
  name: string,
  place: ExportContext["place"],
): SparseTensorProto | null {
  const { source } = tensor;
  if (!(source instanceof SparseSource) || !sameDims(source.proto, tensor.dims)) return null;
  return {
    ...source.proto,
    values: exportTensor(source.values, name, place(source.values, "attribute")),
    indices: exportTensor(source.indices, null, place(source.indices, "attribute")),
  };
}

/** A tensor message that tells the role of its initializer. */
export function withRole(proto: TensorProto, role: Role): TensorProto {
  if (importRole(proto) === role) return proto;
  const others = proto.metadata_props.filter(({ key }) => key !== roleKey);
  const own = role === "constant" ? [] : [create("StringStringEntryProto", { key: roleKey, value: role })];
  return { ...proto, metadata_props: [...others, ...own] };
}

/** The role a tensor message tells. */
export function importRole(proto: TensorProto): Role {
  const role = proto.metadata_props.find(({ key }) => key === roleKey)?.value;
  return role === "parameter" || role === "buffer" ? role : "constant";
}

/** The tensor's message without its data. */
function frame(tensor: Tensor, original: TensorProto | null): TensorProto {
  const proto: Draft<TensorProto> = create("TensorProto", { dims: tensor.dims, data_type: codeOfDType(tensor.dtype) });
  if (!original) return proto;
  if (original.name !== undefined) proto.name = original.name;
  if (original.doc_string !== undefined) proto.doc_string = original.doc_string;
  if (original.unknown_fields) proto.unknown_fields = original.unknown_fields;
  proto.metadata_props = original.metadata_props;
  return proto;
}

function externalFields(
  place: ExternalPlace,
  length: number,
  original: TensorProto | null,
): Pick<TensorProto, "external_data" | "data_location"> {
  const entry = (key: string, value: string) => create("StringStringEntryProto", { key, value });
  const ours = new Set<string | undefined>(["location", "offset", "length", "checksum"]);
  return {
    data_location: DataLocation.EXTERNAL,
    external_data: [
      entry("location", place.location),
      entry("offset", String(place.offset)),
      entry("length", String(length)),
      ...(original?.external_data.filter(({ key }) => !ours.has(key)) ?? []),
    ],
  };
}

function named(proto: TensorProto, name: string | null): TensorProto {
  return name === null || proto.name === name ? proto : { ...proto, name };
}

function sameDims(proto: { readonly dims: readonly number[] }, dims: readonly number[]): boolean {
  return proto.dims.length === dims.length && dims.every((dim, axis) => dim === proto.dims[axis]);
}
