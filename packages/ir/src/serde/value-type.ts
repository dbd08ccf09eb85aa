import { create, type TensorShapeProto, type TypeProto, type ValueInfoProto } from "@lowbit/onnx-proto";
import type { Location } from "../diagnostics.ts";
import { codeOfDType, dtypeOfCode } from "../ops/dtype-code.ts";
import { tensorType, type Dim, type DType, type Shape, type ValueType } from "../types.ts";
import { modelError, type SerdeCode } from "./diagnostics.ts";

/** The dtype of an ONNX element type code. @throws the given code for one that ONNX has not given out. */
export function importDType(
  code: number,
  where: Location,
  error: Extract<SerdeCode, "import/type" | "tensor/dtype">,
): DType {
  const dtype = dtypeOfCode(code);
  if (dtype === null) throw modelError(error, `element type ${code} is none that ONNX has`, where);
  return dtype;
}

/** A value type; null when the file leaves it open. @throws import/type */
export function importType(proto: TypeProto | undefined, where: Location): ValueType | null {
  if (proto === undefined) return null;
  if (proto.tensor_type) {
    const { elem_type: code, shape } = proto.tensor_type;
    return code ? tensorType(importDType(code, where, "import/type"), importShape(shape, where)) : null;
  }
  if (proto.sparse_tensor_type) {
    const { elem_type: code, shape } = proto.sparse_tensor_type;
    if (!code) return null;
    return {
      kind: "sparse_tensor",
      dtype: importDType(code, where, "import/type"),
      shape: importShape(shape, where),
    };
  }
  if (proto.sequence_type) return { kind: "sequence", element: importType(proto.sequence_type.elem_type, where) };
  if (proto.optional_type) return { kind: "optional", element: importType(proto.optional_type.elem_type, where) };
  if (proto.map_type) {
    const { key_type: code, value_type: value } = proto.map_type;
    if (!code) return null;
    return { kind: "map", key: importDType(code, where, "import/type"), value: importType(value, where) };
  }
  if (proto.opaque_type) {
    return { kind: "opaque", domain: proto.opaque_type.domain ?? "", name: proto.opaque_type.name ?? "" };
  }
  return null;
}

function importShape(proto: TensorShapeProto | undefined, where: Location): Shape | null {
  if (proto === undefined) return null;
  return proto.dim.map((dim): Dim => {
    // Several exporters write an unknown dimension as -1, and runtimes read it that way.
    if (dim.dim_value === undefined || dim.dim_value === -1) return dim.dim_param || null;
    if (dim.dim_value < 0) throw modelError("import/type", `dimension ${dim.dim_value} is negative`, where);
    return dim.dim_value;
  });
}

/** The message of a type. */
export function exportType(type: ValueType): TypeProto {
  switch (type.kind) {
    case "tensor":
      return create("TypeProto", { tensor_type: exportTensorType(type.dtype, type.shape) });
    case "sparse_tensor":
      return create("TypeProto", { sparse_tensor_type: exportTensorType(type.dtype, type.shape) });
    case "sequence":
      return create("TypeProto", { sequence_type: exportElement(type.element) });
    case "optional":
      return create("TypeProto", { optional_type: exportElement(type.element) });
    case "map":
      return create("TypeProto", {
        map_type: {
          key_type: codeOfDType(type.key),
          ...(type.value === null ? {} : { value_type: exportType(type.value) }),
        },
      });
    case "opaque":
      return create("TypeProto", {
        opaque_type: {
          ...(type.domain === "" ? {} : { domain: type.domain }),
          ...(type.name === "" ? {} : { name: type.name }),
        },
      });
  }
}

function exportTensorType(
  dtype: DType,
  shape: Shape | null,
): { readonly elem_type: number; readonly shape?: TensorShapeProto } {
  const code = codeOfDType(dtype);
  if (shape === null) return { elem_type: code };
  const dim = shape.map((size) => {
    if (size === null) return {};
    return typeof size === "number" ? { dim_value: size } : { dim_param: size };
  });
  return { elem_type: code, shape: { dim } };
}

function exportElement(element: ValueType | null): { readonly elem_type?: TypeProto } {
  return element === null ? {} : { elem_type: exportType(element) };
}

/** Whether name and type say all that a declaration holds, so that it need not be carried. */
export function isPlainInfo(info: ValueInfoProto): boolean {
  if (info.doc_string !== undefined || info.metadata_props.length > 0 || info.unknown_fields) return false;
  const { type } = info;
  if (type === undefined) return true;
  const tensor = type.tensor_type;
  if (!tensor || type.denotation !== undefined || type.unknown_fields || tensor.unknown_fields) return false;
  if (!tensor.elem_type || tensor.shape?.unknown_fields) return false;
  for (const dim of tensor.shape?.dim ?? []) {
    if (dim.denotation !== undefined || dim.unknown_fields || dim.dim_param === "") return false;
    if (dim.dim_value !== undefined && dim.dim_value < 0) return false;
  }
  return true;
}
