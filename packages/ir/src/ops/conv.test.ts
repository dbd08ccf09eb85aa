import { expect, test } from "vitest";
import { inferredTypes, objection, type Row } from "./inferred.testing.ts";

const rows: readonly Row[] = [
  ["Conv", ["float[1,3,8,8]", "float[4,3,3,3]"], {}, "float[1,4,6,6]"],
  ["Conv", ["float[N,3,8,8]", "float[4,3,3,3]", "float[4]"], { pads: [1, 1, 1, 1] }, "float[N,4,8,8]"],
  ["Conv", ["float[N,3,8,9]", "float[4,3,3,3]"], { pads: [1, 1, 1, 1], strides: [2, 2] }, "float[N,4,4,5]"],
  ["Conv", ["float[N,3,8,9]", "float[4,3,3,3]"], { auto_pad: "SAME_UPPER", strides: [2, 2] }, "float[N,4,4,5]"],
  ["Conv", ["float[N,3,8,9]", "float[4,3,3,3]"], { auto_pad: "VALID" }, "float[N,4,6,7]"],
  ["Conv", ["float[N,3,10,10]", "float[4,3,3,3]"], { dilations: [2, 3] }, "float[N,4,6,4]"],
  ["Conv", ["float[N,6,8,8]", "float[6,1,3,3]"], { group: 6 }, "float[N,6,6,6]"],
  ["Conv", ["float[N,3,16]", "float[4,3,5]"], { pads: [4, 0] }, "float[N,4,16]"],
  ["Conv", ["float[N,3,4,4,4]", "float[4,3,1,2,3]"], {}, "float[N,4,4,3,2]"],
  ["Conv", ["float[N,3,H,W]", "float[4,3,3,3]"], { pads: [1, 1, 1, 1] }, "float[N,4,H,W]"],
  ["Conv", ["float[N,3,H,W]", "float[4,3,3,3]"], {}, "float[N,4,?,?]"],
  ["Conv", ["float[N,3,H,W]", "float[4,3,3,3]"], { auto_pad: "SAME_LOWER" }, "float[N,4,H,W]"],
  ["Conv", ["float[N,3,2*H,3*W]", "float[4,3,3,3]"], { pads: [1, 1, 1, 1], strides: [2, 2] }, "float[N,4,H,?]"],
  ["Conv", ["float[]", "float[4,3,3,3]"], {}, "float[]"],
  ["Conv", ["float16[1,?,8,8]", "float16[4,3,3,3]"], {}, "float16[1,4,6,6]"],
  ["ConvTranspose", ["float[1,4,5,5]", "float[4,3,3,3]"], {}, "float[1,3,7,7]"],
  ["ConvTranspose", ["float[N,4,5,5]", "float[4,3,2,2]"], { strides: [2, 2] }, "float[N,3,10,10]"],
  [
    "ConvTranspose",
    ["float[N,4,5,5]", "float[4,3,3,3]"],
    { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
    "float[N,3,10,10]",
  ],
  [
    "ConvTranspose",
    ["float[N,4,5,5]", "float[4,3,3,3]"],
    { output_shape: [9, 11], strides: [2, 2] },
    "float[N,3,9,11]",
  ],
  [
    "ConvTranspose",
    ["float[N,4,5,5]", "float[4,3,3,3]"],
    { auto_pad: "SAME_UPPER", strides: [2, 3] },
    "float[N,3,10,15]",
  ],
  ["ConvTranspose", ["float[N,4,5,5]", "float[4,3,3,3]"], { group: 2 }, "float[N,6,7,7]"],
  ["ConvTranspose", ["float[N,4,H,5]", "float[4,3,3,3]"], { pads: [1, 0, 1, 0] }, "float[N,3,H,7]"],
  ["ConvTranspose", ["float[N,4,H,W]", "float[4,3,2,2]"], { strides: [2, 2] }, 'float[N,3,"2*H","2*W"]'],
  ["ConvInteger", ["uint8[1,3,8,8]", "int8[4,3,3,3]", "uint8"], {}, "int32[1,4,6,6]"],
  [
    "QLinearConv",
    ["uint8[1,3,8,8]", "float", "uint8", "int8[4,3,3,3]", "float[4]", "int8[4]", "float", "uint8", "int32[4]"],
    { pads: [1, 1, 1, 1] },
    "uint8[1,4,8,8]",
  ],
  ["DeformConv", ["float[1,2,6,6]", "float[4,2,3,3]", "float[1,18,4,4]"], {}, "float[1,4,4,4]"],
];

test.each(rows)("%s of %j with %j is %s", (op, operands, attributes, expected) => {
  expect(inferredTypes(op, operands, attributes)).toBe(expected);
});

test("convolutions that cannot be name the op and both values", () => {
  expect([
    objection("Conv", ["float[1,64,8,8]", "float[4,32,3,3]"]),
    objection("Conv", ["float[1,6,8,8]", "float[4,3,3,3]"], { group: 4 }),
    objection("Conv", ["float[1,4,8,8]", "float[5,2,3,3]"], { group: 2 }),
    objection("Conv", ["float[1,3,8,8]", "float[4,3,3]"]),
    objection("Conv", ["float[1,3]", "float[4,3]"]),
    objection("Conv", ["float[1,3,8,8]", "double[4,3,3,3]"]),
    objection("Conv", ["float[1,3,8,8]", "float[4,3,3,3]", "float[3]"]),
    objection("Conv", ["float[1,3,2,8]", "float[4,3,3,3]"]),
    objection("Conv", ["float[1,3,8,8]", "float[4,3,3,3]"], { kernel_shape: [5, 5] }),
    objection("Conv", ["float[1,3,8,8]", "float[4,3,3,3]"], { strides: [2] }),
    objection("Conv", ["float[1,3,8,8]", "float[4,3,3,3]"], { strides: [0, 1] }),
    objection("Conv", ["float[1,3,8,8]", "float[4,3,3,3]"], { auto_pad: "SAME" }),
    objection("ConvTranspose", ["float[1,3,8,8]", "float[4,3,3,3]"]),
    objection("ConvInteger", ["float[1,3,8,8]", "int8[4,3,3,3]"]),
  ]).toMatchInlineSnapshot(`
    [
      "Conv "n": input channels 64 must equal weight channels 32 × group 1",
      "Conv "n": input channels 6 must equal weight channels 3 × group 4",
      "Conv "n": channels 5 must be a multiple of group 2",
      "Conv "n": input rank 4 must equal weight rank 3",
      "Conv "n": input of rank 2 has no spatial axes",
      "Conv "n": operands must have one element type, but have float and double",
      "Conv "n": bias length (3) must equal output channels (4)",
      "Conv "n": the kernel covers 3 elements of axis 2, which has 2 and 0 of padding",
      "Conv "n": kernel_shape [5,5] must equal the weight's kernel [3,3]",
      "Conv "n": strides has 1 entries, 2 are needed",
      "Conv "n": strides contains 0, which is less than 1",
      "Conv "n": auto_pad "SAME" is not a padding mode",
      "ConvTranspose "n": input channels (3) must equal weight channels (4)",
      "ConvInteger "n": operand 0 must hold integers, but has float",
    ]
  `);
});

test("a result that would be absurdly large is refused", () => {
  expect([
    objection("ConvTranspose", ["float[1,1,4503599627370496]", "float[1,1,1]"], { strides: [4] }),
    objection("ConvTranspose", ["float[1,1,1]", "float[1,1,1]"], { pads: [1, 1] }),
  ]).toMatchInlineSnapshot(`
    [
      "shape/overflow: ConvTranspose "n": the result would have a dimension of 18014398509481980 in [1,1,18014398509481980]",
      "shape/overflow: ConvTranspose "n": the result would have a dimension of -1 in [1,1,-1]",
    ]
  `);
});
