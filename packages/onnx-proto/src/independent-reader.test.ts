import fc from "fast-check";
import { onnx } from "onnx-proto";
import { expect, test } from "vitest";
import { encode } from "./encode/encode.ts";
import { goodText, message } from "./message-arbitrary.testing.ts";

/** What npm's onnx-proto, which stops at IR version 8 and leaves out ONNX-ML, does not have. */
const newer = new Set([
  "unknown_fields",
  "overload",
  "device_configurations",
  "configuration",
  "attribute_proto",
  "opaque_type",
]);

/** The 64-bit fields that we hold as numbers. */
const longFields = new Set(["dims", "begin", "end", "dim_value", "ir_version", "version"]);

const camelCase = (name: string): string => name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** One of our values in the shape of npm's onnx-proto: camel case, 64-bit integers as text, bytes in base 64. */
function inTheirShape(ours: unknown, field: string): unknown {
  if (ours instanceof Uint8Array) return Buffer.from(ours).toString("base64");
  if (typeof ours === "bigint" || (typeof ours === "number" && longFields.has(field))) return String(ours);
  if (Array.isArray(ours) || ArrayBuffer.isView(ours)) {
    return Array.from(ours as ArrayLike<unknown>, (element) => inTheirShape(element, field));
  }
  if (typeof ours !== "object" || ours === null) return ours;
  // Then only models had `metadata_props`, and functions had no `value_info`.
  const isNew = (name: string): boolean =>
    newer.has(name) ||
    (name === "metadata_props" && !("training_info" in ours)) ||
    (name === "value_info" && "attribute_proto" in ours);
  const entries = Object.entries(ours).filter(([name]) => !isNew(name));
  return Object.fromEntries(entries.map(([name, value]) => [camelCase(name), inTheirShape(value, name)]));
}

/** Without empty strings and lists: presence is not what is compared here. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, each]) => (each as { length?: number }).length !== 0);
  return Object.fromEntries(entries.map(([name, each]) => [name, withoutEmpty(each)]));
}

const messages = ["ModelProto", "GraphProto", "AttributeProto", "TensorProto", "TypeProto", "ValueInfoProto"] as const;

test.each(messages)("npm's onnx-proto reads the same from any %s that we write", (name) => {
  fc.assert(
    fc.property(message(name, 2, goodText), (original) => {
      const theirs = onnx[name].decode(encode(name, original));
      const object: unknown = onnx[name].toObject(theirs as never, { longs: String, bytes: String });
      expect(withoutEmpty(object)).toEqual(withoutEmpty(inTheirShape(original, "")));
    }),
    { seed: 5, numRuns: 50 },
  );
});
