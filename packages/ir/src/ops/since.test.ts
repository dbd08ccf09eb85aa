import { expect, test } from "vitest";
import { GraphEditor } from "../edit/graph-editor.ts";
import type { AttributeInput } from "../graph/attribute.ts";
import { Graph } from "../graph/graph.ts";
import { tensorType, type DType } from "../types.ts";
import { sinceOf } from "./define-op.ts";
import { schemaOf } from "./registry.ts";

/** Operands as `dtype` or `dtype rank`; null is absent. */
function since(
  op: string,
  operands: readonly (string | null)[],
  attributes: Readonly<Record<string, AttributeInput>> = {},
  outputs = 1,
): number {
  const editor = new GraphEditor(new Graph("g"));
  const values = operands.map((text, i) => {
    if (text === null) return null;
    const [dtype, rank] = text.split(" ");
    const shape = Array.from({ length: Number(rank ?? 0) }, () => 4);
    return editor.input(`x${i}`, tensorType(dtype as DType, shape));
  });
  return sinceOf(schemaOf(op)!, editor.node(op, values, attributes, { outputs }));
}

test("an op's form is as old as what the node uses of it", () => {
  expect({
    sumOfAll: since("ReduceSum", ["float 2"]),
    sumOfAxes: since("ReduceSum", ["float 2", "int64 1"]),
    meanOfAxes: since("ReduceMean", ["float 2", "int64 1"]),
    squeezeAll: since("Squeeze", ["float 2"]),
    squeezeAxes: since("Squeeze", ["float 2", "int64 1"]),
    pool: since("MaxPool", ["float 4"], { kernel_shape: [2, 2] }),
    poolInCeilMode: since("MaxPool", ["float 4"], { kernel_shape: [2, 2], ceil_mode: 0 }),
    clip: since("Clip", ["float 2", "float"]),
    clipIntegers: since("Clip", ["int8 2", "int8"]),
    padAxes: since("Pad", ["float 2", "int64 1", null, "int64 1"]),
    pad: since("Pad", ["float 2", "int64 1"]),
    padWrap: since("Pad", ["float 2", "int64 1"], { mode: "wrap" }),
    splitSizes: since("Split", ["float 2", "int64 1"], {}, 4),
    splitCount: since("Split", ["float 2"], { num_outputs: 2 }, 2),
    resizeAxes: since("Resize", ["float 4", null, "float 1"], { axes: [0, 1, 2, 3] }),
    resize: since("Resize", ["float 4", null, "float 1"]),
    addBytes: since("Add", ["int8 1", "int8 1"]),
    add: since("Add", ["float 1", "float 1"]),
    reshape: since("Reshape", ["float 2", "int64 1"]),
    maxPoolDilated: since("MaxPool", ["float 4"], { kernel_shape: [1, 1], dilations: [2, 2] }),
    negativeConcat: since("Concat", ["float 2", "float 2"], { axis: -1 }),
  }).toMatchInlineSnapshot(`
    {
      "add": 7,
      "addBytes": 14,
      "clip": 11,
      "clipIntegers": 12,
      "maxPoolDilated": 10,
      "meanOfAxes": 18,
      "negativeConcat": 11,
      "pad": 11,
      "padAxes": 18,
      "padWrap": 19,
      "pool": 1,
      "poolInCeilMode": 10,
      "reshape": 5,
      "resize": 13,
      "resizeAxes": 18,
      "splitCount": 18,
      "splitSizes": 13,
      "squeezeAll": 1,
      "squeezeAxes": 13,
      "sumOfAll": 1,
      "sumOfAxes": 13,
    }
  `);
});

test("quantization by tensor, by axis, by block and into narrow codes came one after the other", () => {
  expect({
    perTensor: since("QuantizeLinear", ["float 2", "float", "int8"]),
    perAxis: since("QuantizeLinear", ["float 2", "float 1", "int8 1"], { axis: 0 }),
    half: since("QuantizeLinear", ["float16 2", "float16", "int8"]),
    int16: since("QuantizeLinear", ["float 2", "float", "int16"]),
    int4: since("DequantizeLinear", ["int4 2", "float", "int4"]),
    blocks: since("DequantizeLinear", ["int8 2", "float 2", "int8 2"], { axis: 0, block_size: 1 }),
    float8: since("DequantizeLinear", ["float8e4m3fn 2", "float"]),
    bias: since("DequantizeLinear", ["int32 1", "float"]),
  }).toMatchInlineSnapshot(`
    {
      "bias": 10,
      "blocks": 21,
      "float8": 19,
      "half": 19,
      "int16": 21,
      "int4": 21,
      "perAxis": 13,
      "perTensor": 10,
    }
  `);
});
