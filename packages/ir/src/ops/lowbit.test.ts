import { expect, test } from "vitest";
import { inferredTypes, objection, type Row } from "./inferred.testing.ts";

const range = { qmin: -128, qmax: 127 };
const composite = ["float[N,3,8,8]", "float[4,3,3,3]", null, "float[4]", "float[4]", "float[4]", "float[4]"];
const rows: readonly Row[] = [
  ["lowbit:FakeQuantize", ["float[N,3]", "float", "int8"], range, "float[N,3]"],
  ["lowbit:FakeQuantize", ["float[4,3,3,3]", "float[4]", "int8[4]"], { ...range, axis: 0 }, "float[4,3,3,3]"],
  [
    "lowbit:FakeQuantize",
    ["float[4,64]", "float[4,2]", "int8[4,2]"],
    { ...range, axis: 1, block_size: 32 },
    "float[4,64]",
  ],
  ["lowbit:FakeQuantizeGrad", ["float[N,3]", "float[N,3]", "float", "int8"], range, "float[N,3]"],
  ["lowbit:ObserveRange", ["float[N,3]", "float", "float"], {}, "float float"],
  ["lowbit:ObserveRange", ["float[N,3]"], { mode: "current", axis: 1 }, "float[3] float[3]"],
  ["lowbit:QuantizationParameters", ["float[3]", "float[3]"], { ...range, dtype: "int8" }, "float[3] int8[3]"],
  ["lowbit:ScaleGradient", ["float[3]", "float"], {}, "float[3]"],
  ["lowbit:Assign", ["float[3]", "float[3]"], {}, "float[3]"],
  ["lowbit:ConvBatchNormalization", composite, { pads: [1, 1, 1, 1] }, "float[N,4,8,8]"],
  [
    "lowbit:ConvBatchNormalization",
    composite.with(1, "float[3,4,2,2]"),
    { op: "ConvTranspose", strides: [2, 2] },
    "float[N,4,16,16]",
  ],
  [
    "lowbit:ConvBatchNormalization",
    composite.with(0, "float[N,5]").with(1, "float[4,5]"),
    { op: "Gemm", transB: 1 },
    "float[N,4]",
  ],
  ["lowbit:ConvGradInput", ["float[N,4,6,6]", "float[4,3,3,3]", "float[N,3,8,8]"], {}, "float[N,3,8,8]"],
  ["lowbit:ConvGradWeight", ["float[N,4,6,6]", "float[N,3,8,8]", "float[4,3,3,3]"], {}, "float[4,3,3,3]"],
  [
    "lowbit:MaxPoolGrad",
    ["float[N,3,4,4]", "float[N,3,8,8]", "float[N,3,4,4]"],
    { kernel_shape: [2, 2] },
    "float[N,3,8,8]",
  ],
  ["lowbit:AveragePoolGrad", ["float[N,3,4,4]", "float[N,3,8,8]"], { kernel_shape: [2, 2] }, "float[N,3,8,8]"],
];

test.each(rows)("%s of %j with %j is %s", (op, operands, attributes, expected) => {
  expect(inferredTypes(op, operands, attributes)).toBe(expected);
});

test("the gradient of a fake quantization has the types of X and the scale, and floats for the zero point", () => {
  const operands = ["float[4,3]", "float[4,3]", "float[4]", "int8[4]"];
  expect(inferredTypes("lowbit:FakeQuantizeGrad", operands, { ...range, axis: 0 }, 3)).toBe(
    "float[4,3] float[4] float[4]",
  );
});

test("operands that do not fit name the op and both values", () => {
  expect([
    objection("lowbit:FakeQuantize", ["float[4,3]", "float[3]", "int8[3]"], { ...range, axis: 0 }),
    objection("lowbit:FakeQuantize", ["float[4,3]", "float[3]", "int8[3]"], range),
    objection("lowbit:FakeQuantize", ["float[4,3]", "float[4]", "int8[4]"], { ...range, axis: 2 }),
    objection("lowbit:QuantizationParameters", ["float", "float"], { ...range, dtype: "int9" }),
    objection("lowbit:Assign", ["float[3]", "float[4]"]),
    objection("lowbit:ConvBatchNormalization", composite, { op: "MatMul" }),
  ]).toMatchInlineSnapshot(`
    [
      "FakeQuantize "n": scale length (3) must equal size of axis 0 (4)",
      "FakeQuantize "n": scale [3] needs the attribute axis",
      "FakeQuantize "n": axis 2 is out of range for rank 2",
      "QuantizationParameters "n": the attribute dtype "int9" is no element type",
      "Assign "n": axis 0 of the buffer (3) must equal the same of the value (4)",
      "ConvBatchNormalization "n": the attribute op "MatMul" is none of Conv, ConvTranspose, Gemm",
    ]
  `);
});
