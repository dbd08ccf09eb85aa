import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("the example rewrites the square, explains itself, and computes the same", () => {
  const program = fileURLToPath(new URL("../dist/main.js", import.meta.url));
  expect(execFileSync(process.execPath, [program], { encoding: "utf8" })).toMatchInlineSnapshot(`
    "distance (float[N,3] a, float[N,3] b) => (float[N] d)
    <float half = {0.5}, int64[1] axes = {1}> {
      difference = Sub (a, b)
      squares = Mul (difference, difference)  # square-by-mul(squares)
      sums = ReduceSum <keepdims = 0> (squares, axes)
      d = Pow (sums, half)
    }
    square-by-mul: at squares
    square-by-mul: not at d: is 0.5 instead of 2 (half)
    d = 5
    d = 5
    "
  `);
}, 60_000);
