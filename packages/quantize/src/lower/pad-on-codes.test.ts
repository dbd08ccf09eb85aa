import { newModel, parseGraph, printGraph, seeded } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import { Session, whatRan, type Feeds } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { padOnCodes } from "./pad-on-codes.ts";

const text = (pad: string, zero = "z"): string => `g (float[1,2,4,4] x) => (y) <
  float s = {0.05}, uint8 z = {17}, uint8 other = {18}, int64[8] pads = {0, 1, 2, 0, 0, 3, 0, 1}, float none = {0}, float one = {1}
> {
  q = QuantizeLinear (x, s, z)
  d = DequantizeLinear (q, s, z)
  p = Pad ${pad}
  r = QuantizeLinear (p, s, ${zero})
  y = DequantizeLinear (r, s, ${zero})
}`;

const feeds: Feeds = { x: seeded("x", "float", [1, 2, 4, 4]) };

function padded(graph: string): ReturnType<typeof newModel> {
  const model = newModel(parseGraph(graph));
  runPasses(model, [padOnCodes]);
  return model;
}

test.each(["(d, pads)", "(d, pads, none)", '<mode = "constant"> (d, pads, none)'])(
  "Pad %s runs on codes",
  async (pad) => {
    const [before, after] = [newModel(parseGraph(text(pad))), padded(text(pad))];
    expect([...after.graph.nodes].map(({ op }) => op)).toEqual(["QuantizeLinear", "Pad", "DequantizeLinear"]);
    const kernels = (await whatRan(after, feeds)).map(({ op, inputs }) => `${op} ${inputs[0]!.dtype}`);
    expect(kernels).toContain("Pad uint8");
    const run = async (model: typeof before): Promise<readonly number[]> => {
      const session = await Session.create(model, { optimization: "disabled" });
      const { y } = await session.run(feeds);
      await session.release();
      return [...y!.floats()];
    };
    expect(await run(after)).toEqual(await run(before));
  },
);

test.each([
  ["ones", text("(d, pads, one)")],
  ["copies of the edge", text('<mode = "edge"> (d, pads)')],
  ["another zero point behind it", text("(d, pads)", "other")],
])("Pad with %s stays float", (_, graph) => {
  const before = parseGraph(graph);
  expect(printGraph(padded(graph).graph)).toBe(printGraph(before));
});
