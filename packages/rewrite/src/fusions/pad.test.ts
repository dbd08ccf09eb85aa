import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { fusePad } from "./pad.ts";

const constants =
  "float[3,2,3,3] w, int64[8] p = {0, 0, 1, 2, 0, 0, 3, 4}, int64[8] p1 = {0, 0, 1, 1, 0, 0, 1, 1}, int64[2] last = {1, 2}, " +
  "int64[1] axis = {-1}, float zero = {0}, float one = {1}, float low = {-3.4028235e38}";

test("padding moves into the Conv after it", () => {
  const text = `g (float[1,2,8,8] x) => (float[] y) <${constants}> {
    t = Pad(x, p)
    y = Conv<pads = [1, 0, 0, 0], strides = [2, 1]>(t, w)
  }`;
  expect(checkPass(fusePad, text).split("\n").slice(-2).join("\n")).toMatchInlineSnapshot(`
    "  y = Conv <pads = [2, 2, 3, 4], strides = [2, 1]> (x, w)
    }"
  `);
});

test.each([
  ["along some axes", "t = Pad(x, last, zero, axis)", "y = Conv(t, w)"],
  ["into a Conv that says it does not pad", "t = Pad(x, p)", 'y = Conv<auto_pad = "VALID">(t, w)'],
  ["into a pool that counts zeros", "t = Pad(x, p1)", "y = AveragePool<kernel_shape = [3, 3]>(t)"],
  [
    "into a pool that counts its own zeros too",
    "t = Pad(x, p1)",
    "y = AveragePool<kernel_shape = [3, 3], pads = [1, 0, 0, 1], count_include_pad = 1>(t)",
  ],
  ["of the lowest value into a MaxPool", "t = Pad(x, p1, low)", "y = MaxPool<kernel_shape = [2, 2]>(t)"],
])("outputs stay the same: %s", (_, pad, next) => {
  expect(checkPass(fusePad, `g (float[1,2,8,8] x) => (float[] y) <${constants}> { ${pad} ${next} }`)).not.toMatch(
    "Pad (",
  );
});

test.each([
  ["t = Pad(x, p, one)", "y = Conv(t, w)", "fuse-pad-conv: not at y: pads with another value than 0 (t)"],
  [
    't = Pad<mode = "edge">(x, p)',
    "y = Conv(t, w)",
    'fuse-pad-conv: not at y: attribute mode is "edge" instead of "constant" (t)',
  ],
  ["t = Pad(x, crop)", "y = Conv(t, w)", "fuse-pad-conv: not at y: crops (t)"],
  ["t = Pad(x, batch)", "y = Conv(t, w)", "fuse-pad-conv: not at y: pads the batch or the channels (t)"],
  [
    "t = Pad(x, p)",
    'y = Conv<auto_pad = "SAME_UPPER">(t, w)',
    "fuse-pad-conv: not at y: its own padding depends on the size of its operand",
  ],
  [
    "t = Pad(x, p1)",
    "y = AveragePool<kernel_shape = [3, 3], pads = [1, 0, 0, 1]>(t)",
    "fuse-pad-average-pool: not at y: does not count its own padding, but counts that of Pad",
  ],
  [
    "t = Pad(x, p)",
    "y = AveragePool<kernel_shape = [3, 3]>(t)",
    "fuse-pad-average-pool: not at y: would be padded by as much as its kernel",
  ],
  [
    "t = Pad(x, p1)",
    "y = MaxPool<kernel_shape = [2, 2]>(t)",
    "fuse-pad-max-pool: not at y: pads with a value that can be a maximum (t)",
  ],
  [
    "t = Pad(x, p1, low)",
    "y, i = MaxPool<kernel_shape = [2, 2]>(t)",
    "fuse-pad-max-pool: not at y: its indices count the padding",
  ],
])("is left alone: %s %s", (pad, next, reason) => {
  const more = "int64[8] crop = {0, 0, -1, 0, 0, 0, 0, 0}, int64[8] batch = {1, 0, 0, 0, 0, 0, 0, 0}";
  expect(rejections(fusePad, `g (float[1,2,8,8] x) => (float[] y) <${constants}, ${more}> { ${pad} ${next} }`)).toBe(
    reason,
  );
});
