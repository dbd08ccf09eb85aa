import { newModel, parseGraph, printGraph, seeded, type Model } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import { Session, whatRan, type Feeds } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { concatOnConcat } from "./concat-on-concat.ts";

/** Three concatenations that grow. @param last the third one */
const growing = (
  last: string,
): string => `g (float[N,4,4,4] x, float[N,2,4,4] u) => (y1, y2, y3) <float s = {0.05}, uint8 z = {128}> {
  a = Erf (x)
  q = QuantizeLinear (u, s, z)
  b1 = DequantizeLinear (q, s, z)
  c1 = Concat <axis = 1> (a, b1)
  y1 = Sin (c1)
  r = Relu (u)
  b2 = DequantizeLinear (q, s, z)
  c2 = Concat <axis = 1> (a, b2, r)
  y2 = Sin (c2)
  b3 = DequantizeLinear (q, s, z)
  c3 = ${last}
  y3 = Sin (c3)
}`;

function rewritten(text: string): Model {
  const model = newModel(parseGraph(text));
  runPasses(model, [concatOnConcat]);
  return model;
}

const concats = (model: Model): readonly string[] =>
  [...model.graph.nodes].flatMap((node) => (node.is("Concat") ? [node.inputs.map((value) => value!.name).join()] : []));

const feeds: Feeds = { x: seeded("x", "float", [2, 4, 4, 4]), u: seeded("u", "float", [2, 2, 4, 4]) };

test("begins with the longest earlier one, and codes become floats once", async () => {
  const text = growing("Concat <axis = 1> (a, b3, r, u)");
  const model = rewritten(text);
  expect(concats(model)).toEqual(["a,b1", "c1,r", "c2,u"]);
  const conversions = async (each: Model): Promise<number> =>
    (await whatRan(each, feeds)).filter(({ op }) => op === "DequantizeLinear").length;
  expect([await conversions(newModel(parseGraph(text))), await conversions(model)]).toEqual([3, 1]);
  const results = async (each: Model): Promise<readonly (readonly number[])[]> => {
    const session = await Session.create(each);
    const made = await session.run(feeds);
    await session.release();
    return ["y1", "y2", "y3"].map((name) => [...made[name]!.floats()]);
  };
  expect(await results(model)).toEqual(await results(newModel(parseGraph(text))));
});

test.each([
  ["another order", "Concat <axis = 1> (b3, a, u)"],
  ["the same operands", "Concat <axis = 1> (a, b3)"],
])("stays as it is with %s", (_, last) => {
  const text = growing(last);
  expect(concats(rewritten(text)).at(-1)).toBe(concats(newModel(parseGraph(text))).at(-1));
});

test("concatenations of codes stay as they are, and a second time changes nothing", () => {
  const onCodes = `g (float[N,4] x) => (y, z) <float s = {0.05}, uint8 n = {128}> {
    q = QuantizeLinear (x, s, n)
    a = DequantizeLinear (q, s, n)
    c = Concat <axis = 1> (a, a)
    p = QuantizeLinear (c, s, n)
    y = DequantizeLinear (p, s, n)
    d = Concat <axis = 1> (a, a, a)
    r = QuantizeLinear (d, s, n)
    z = DequantizeLinear (r, s, n)
  }`;
  expect(printGraph(rewritten(onCodes).graph)).toBe(printGraph(parseGraph(onCodes)));
  const model = rewritten(growing("Concat <axis = 1> (a, b3, r, u)"));
  const text = printGraph(model.graph);
  runPasses(model, [concatOnConcat]);
  expect(printGraph(model.graph)).toBe(text);
});
