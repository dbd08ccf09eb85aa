import { newModel, parseGraph, printGraph, seeded, type Model } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import { Session, whatRan } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { biasOfOneRow } from "./bias-of-one-row.ts";

const product = (x: string, bias: string, end: string): Model =>
  newModel(
    parseGraph(`g (float[${x}] x) => (y) <
      float s = {0.02}, uint8 z = {128}, float[5] t = {0.01, 0.02, 0.03, 0.02, 0.01}, int8[5] v = {0, 0, 0, 0, 0}, int8[6,5] w,
      float[${bias}] b
    > {
      q = QuantizeLinear (x, s, z)
      d = DequantizeLinear (q, s, z)
      e = DequantizeLinear <axis = 1> (w, t, v)
      p = MatMul (d, e)
      ${end}
    }`),
  );

async function outcome(model: Model, dims: readonly number[]): Promise<readonly [string, readonly number[]]> {
  const feeds = { x: seeded("x", "float", dims) };
  const kernels = (await whatRan(model, feeds)).map(({ op }) => op).join(" ");
  const session = await Session.create(model, { optimization: "disabled" });
  const { y } = await session.run(feeds);
  await session.release();
  return [kernels, [...y!.floats()]];
}

test.each(["Add (p, b)", "Add (b, p)"])("a product stays on integers before %s with a float result", async (sum) => {
  const [before, after] = [product("2,3,6", "5", `y = ${sum}`), product("2,3,6", "5", `y = ${sum}`)];
  runPasses(after, [biasOfOneRow], { verifyEach: true });
  expect(runPasses(after, [biasOfOneRow]).changed).toBe(0);
  const [[floats, values], [integers, same]] = [await outcome(before, [2, 3, 6]), await outcome(after, [2, 3, 6])];
  expect(floats).toContain(" Gemm ");
  expect(integers).toBe("QuantizeLinear MatMulIntegerToFloat Add");
  expect(same).toEqual(values);
});

test.each([
  ["data of two axes", product("3,6", "5", "y = Add (p, b)")],
  ["a bias of two axes", product("2,3,6", "3,5", "y = Add (p, b)")],
  [
    "a sum that ends in codes",
    product("2,3,6", "5", "a = Add (p, b)\nr = QuantizeLinear (a, s, z)\ny = DequantizeLinear (r, s, z)"),
  ],
])("leaves %s alone", (_, model) => {
  const shown = printGraph(model.graph);
  runPasses(model, [biasOfOneRow]);
  expect(printGraph(model.graph)).toBe(shown);
});
