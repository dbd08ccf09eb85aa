import { observed } from "@lowbit/quantize";
import { floatArithmetic } from "@lowbit/reference";
import { expect, test } from "vitest";
import { missingMembers } from "./missing-members.ts";
import { onnxRuntimeKernels } from "./onnx-runtime-kernels.ts";

const row = { op: "Add", activations: ["int8"], result: { kind: "observed" } };
const table = { activation: observed("int8"), weight: observed("int8"), ops: [row] };
const backend = {
  name: "npu",
  quantizer: { name: "npu", annotate: () => null },
  capabilities: { ...table, ops: onnxRuntimeKernels("int8") },
  lower: [],
  arithmetic: floatArithmetic,
};
const withRow = (changes: object): object => ({
  ...backend,
  capabilities: { ...table, ops: [{ ...row, ...changes }] },
});

test("a backend lacks nothing", () => {
  expect(missingMembers(backend)).toEqual([]);
  expect(missingMembers(withRow({}))).toEqual([]);
});

test.each([
  ["no object", 5, "everything: it is no object"],
  ["a name", { ...backend, name: undefined }, "name (text)"],
  ["a quantizer", { ...backend, quantizer: {} }, "quantizer (with annotate)"],
  ["a table", { ...backend, capabilities: { ops: {} } }, "capabilities (with a list of ops)"],
  [
    "codes of weights",
    { ...backend, capabilities: { ...table, weight: undefined } },
    "capabilities.weight (what observed() gives)",
  ],
  ["passes", { ...backend, lower: [(graph: unknown) => graph] }, "lower (a list of passes)"],
  ["an op", withRow({ op: undefined }), "op (text) in row 0 of capabilities.ops"],
  ["activations", withRow({ activations: "int8" }), "activations (a list of dtypes) in its row for Add"],
  [
    "granularities",
    withRow({ weights: { dtypes: ["int8"] } }),
    "weights with dtypes and granularities in its row for Add",
  ],
  [
    "a kind of result",
    withRow({ result: { kind: "observd" } }),
    "result (of kind observed, observed-or-float, shared, fixed) in its row for Add",
  ],
  ["an objection", withRow({ constraints: [{ text: "x" }] }), "constraints with text and objection in its row for Add"],
  ["a function", { ...backend, arithmetic: { ...floatArithmetic, add: null } }, "arithmetic.add (a function)"],
])("what lacks %s is told so", (_, value, missing) => {
  expect(missingMembers(value)).toEqual([missing]);
});
