import type { StringValue } from "../graph/attribute.ts";
import { decodeElements } from "../tensor-elements.ts";
import type { Tensor } from "../tensor.ts";
import { bitsPerElement, type DType } from "../types.ts";
import { escapeBytes, quoted } from "./identifier.ts";
import { writtenAsBits } from "./parse-data.ts";

/** The shortest decimal that reads back as the same float32; `inf`, `-inf` or `nan` where there is none. */
function float32Text(value: number): string {
  if (!Number.isFinite(value)) return floatWord(value);
  if (Object.is(value, -0)) return "-0";
  for (let digits = 1; digits <= 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(value);
}

/** Like `float32Text`, in a form that cannot be taken for an integer. */
export function floatLiteral(value: number): string {
  const text = float32Text(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function float64Text(value: number): string {
  if (!Number.isFinite(value)) return floatWord(value);
  return Object.is(value, -0) ? "-0" : String(value);
}

function floatWord(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return value < 0 ? "-inf" : "inf";
}

/** A string attribute as a literal. */
export function stringLiteral(value: StringValue): string {
  return quoted(typeof value === "string" ? value : bytesText(value));
}

function bytesText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return escapeBytes(bytes);
  }
}

/** The elements of a tensor between braces: `{1, 2.5}`. */
export function dataText(tensor: Tensor): string {
  return `{${elementTexts(tensor).join(", ")}}`;
}

function elementTexts(tensor: Tensor): string[] {
  const { dtype } = tensor;
  if (tensor.strings) return tensor.strings.map(stringLiteral);
  if (dtype === "float" || dtype === "complex64") return Array.from(tensor.typed() as Float32Array, float32Text);
  if (dtype === "double" || dtype === "complex128") return Array.from(tensor.typed() as Float64Array, float64Text);
  if (dtype.endsWith("int64")) return Array.from(tensor.typed(), String);
  if (!writtenAsBits(dtype)) return Array.from(tensor.numbers(), String);
  const storage = `uint${bitsPerElement(dtype)}` as DType;
  return Array.from(decodeElements(storage, tensor.bytes(), tensor.size), String);
}
