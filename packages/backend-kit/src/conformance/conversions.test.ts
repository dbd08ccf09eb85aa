import { parseGraph } from "@lowbit/ir";
import { expect, test } from "vitest";
import { brokenSharing, danglingConversions } from "./conversions.ts";

const head = `g (float[1,4,8,8] x) => (y)
<float s = {0.5}, float s2 = {0.25}, float same = {0.5}, uint8 z = {3}>`;

test("a conversion that nobody reads, or that undoes another, dangles", () => {
  const graph = parseGraph(`${head} {
    [first] q = QuantizeLinear (x, s, z)
    [second] d = DequantizeLinear (q, s, z)
    [third] r = QuantizeLinear (d, same, z)
    [unread] e = DequantizeLinear (q, s2, z)
    y = DequantizeLinear (r, s, z)
  }`);
  expect(danglingConversions(graph)).toEqual([
    `QuantizeLinear "third" undoes DequantizeLinear "second"`,
    `nobody reads DequantizeLinear "unread"`,
  ]);
});

test.each([
  ["s", []],
  ["same", []],
  ["s2", [`MaxPool "pool" has different parameters before and behind it`]],
])("pooling codes and quantizing with %s", (scale, broken) => {
  const graph = parseGraph(`${head} {
    q = QuantizeLinear (x, s, z)
    d = DequantizeLinear (q, s, z)
    [pool] p = MaxPool <kernel_shape = [2, 2]> (d)
    r = QuantizeLinear (p, ${scale}, z)
    y = DequantizeLinear (r, ${scale}, z)
  }`);
  expect(brokenSharing(graph)).toEqual(broken);
});
