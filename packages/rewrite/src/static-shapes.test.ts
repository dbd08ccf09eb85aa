import { readdirSync } from "node:fs";
import { join } from "node:path";
import { inferShapes, isStatic, loadModel, parseModel, type Model, type Shape } from "@lowbit/ir";
import { materialsFolder } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { graphsWithin } from "./graphs-within.ts";
import { runPasses } from "./pass/run-passes.ts";
import { canonicalize, defaultPipeline, optimize } from "./pipelines.ts";

/** What is left of shape arithmetic, and the values whose shape is not known, after the input shapes were given. */
function leftovers(model: Model, inputShapes: Readonly<Record<string, Shape>>): readonly string[] {
  runPasses(
    model,
    defaultPipeline.filter((pass) => pass !== optimize),
  );
  inferShapes(model, { inputShapes });
  runPasses(model, [canonicalize], { verifyEach: true });
  const nodes = graphsWithin(model.graph).flatMap((graph) => [...graph.nodes]);
  return nodes.flatMap((node) => [
    ...(node.op === "Shape" ? [`Shape ${node.label}`] : []),
    ...node.outputs.flatMap((value) => (value && !isStatic(value.shape) ? [value.name] : [])),
  ]);
}

function ops({ graph }: Model): string {
  return [...graph.nodes].map(({ op }) => op).join(" ");
}

test("the channel shuffle of ShuffleNet, as exporters write it for any batch and size", () => {
  const model = parseModel(`g (float[N,8,H,W] x) => (y)
    <int64 i0 = {0}, int64 i1 = {1}, int64 i2 = {2}, int64 i3 = {3}, int64 one = {1}, int64 two = {2}, int64[1] v0 = {0},
     int64[1] v1 = {1}, int64[1] v2 = {2}> {
      sx = Shape (x)
      channels0 = Gather (sx, i1)
      more = Add (channels0, one)
      half = Div (more, two)
      chunk = Mul (half, one)
      end0 = Unsqueeze (chunk, v0)
      left = Slice (x, v0, end0, v1)
      twice = Mul (half, two)
      end1 = Unsqueeze (twice, v0)
      right = Slice (x, end0, end1, v1)
      joined = Concat <axis = 1> (right, left)
      s = Shape (joined)
      n = Gather (s, i0)
      c = Gather (s, i1)
      h = Gather (s, i2)
      w = Gather (s, i3)
      group = Div (c, two)
      un = Unsqueeze (n, v0)
      ug = Unsqueeze (group, v0)
      uh = Unsqueeze (h, v0)
      uw = Unsqueeze (w, v0)
      to = Concat <axis = 0> (un, v2, ug, uh, uw)
      split = Reshape (joined, to)
      turned = Transpose <perm = [0, 2, 1, 3, 4]> (split)
      uc = Unsqueeze (c, v0)
      back = Concat <axis = 0> (un, uc, uh, uw)
      y = Reshape (turned, back)
    }`);
  expect(leftovers(model, { x: [2, 8, 6, 6] })).toEqual([]);
  expect(model.graph.value("y")!.shape).toEqual([2, 8, 6, 6]);
  expect(ops(model)).toBe("Slice Slice Concat Reshape Transpose Reshape");
});

test("the shifted windows of Swin, with padding to whole windows", () => {
  const model = parseModel(`g (float[N,H,W,8] x) => (y)
    <int64 i0 = {0}, int64 i1 = {1}, int64 i2 = {2}, int64 window = {7}, int64[1] v0 = {0}, int64[1] v1 = {1},
     int64[1] v2 = {2}, int64[1] shift = {3}, int64[1] most = {9223372036854775807}, int64[1] seven = {7},
     int64[1] area = {49}, int64[1] wild = {-1}, int64[1] channels = {8}, int64[5] before = {0, 0, 0, 0, 0}> {
      s = Shape (x)
      n = Gather (s, i0)
      h = Gather (s, i1)
      w = Gather (s, i2)
      hm = Mod (h, window)
      hl = Sub (window, hm)
      hp = Mod (hl, window)
      wm = Mod (w, window)
      wl = Sub (window, wm)
      wp = Mod (wl, window)
      uhp = Unsqueeze (hp, v0)
      uwp = Unsqueeze (wp, v0)
      pads = Concat <axis = 0> (before, uhp, uwp, v0)
      padded = Pad (x, pads)
      top = Slice (padded, shift, most, v1)
      bottom = Slice (padded, v0, shift, v1)
      rolled = Concat <axis = 1> (top, bottom)
      p = Shape (rolled)
      ph = Gather (p, i1)
      pw = Gather (p, i2)
      rows = Div (ph, window)
      columns = Div (pw, window)
      un = Unsqueeze (n, v0)
      ur = Unsqueeze (rows, v0)
      uc = Unsqueeze (columns, v0)
      six = Concat <axis = 0> (un, ur, seven, uc, seven, channels)
      tiles = Reshape (rolled, six)
      order = Transpose <perm = [0, 1, 3, 2, 4, 5]> (tiles)
      three = Concat <axis = 0> (wild, area, channels)
      windows = Reshape (order, three)
      ws = Shape (windows)
      count = Gather (ws, i0)
      per = Mul (rows, columns)
      images = Div (count, per)
      ui = Unsqueeze (images, v0)
      four = Concat <axis = 0> (ui, ur, uc, area, channels)
      y = Reshape (windows, four)
    }`);
  expect(leftovers(model, { x: [2, 10, 16, 8] })).toEqual([]);
  expect(model.graph.value("y")!.shape).toEqual([2, 2, 3, 49, 8]);
  expect(ops(model)).toBe("Pad Slice Slice Concat Reshape Transpose Reshape");
});

const folder = materialsFolder();
const models = folder === null ? "" : join(folder, "models", "minizoo");
const names = folder === null ? ["a dynamic model"] : readdirSync(models).filter((name) => name.endsWith(".dyn.onnx"));

test.skipIf(folder === null).each(names)("%s becomes static when its input shape is given", (name) => {
  const model = loadModel(join(models, name));
  const inputShapes = Object.fromEntries(
    model.graph.inputs.map((value) => [value.name, value.shape!.map((dim) => (typeof dim === "number" ? dim : 3))]),
  );
  expect(leftovers(model, inputShapes)).toEqual([]);
});
