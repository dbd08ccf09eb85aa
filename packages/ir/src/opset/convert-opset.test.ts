import { expect, test } from "vitest";
import { cloneModel } from "../edit/clone.ts";
import { parseModel } from "../text/parse.ts";
import { printModel } from "../text/print.ts";
import { convertOpset } from "./convert-opset.ts";
import { refused } from "./converted.testing.ts";

test("bodies and local functions are converted, and parameters of a function become Constants", () => {
  const model = parseModel(
    `
    <ir_version: 8, opset_import: ["": 11, "local": 1]>
    g (bool c, float[4,1] x) => (y) {
      y = If (c) <then_branch = a () => (p) { p = Squeeze <axes = [1]> (x) }, else_branch = b () => (q) { q = local.F <k = [1]> (x) }>
    }
    <domain: "local", opset_import: ["": 12]>
    F <k> (v) => (w) { w = Squeeze <axes: ints = @k> (v) }`,
    { infer: false },
  );
  convertOpset(model);
  expect(printModel(model)).toMatchInlineSnapshot(`
    "<ir_version: 10, opset_import: ["" : 21, "local" : 1]>
    g (bool c, float[4,1] x) => (y) {
      y = If (c) <
        then_branch = a () => (p)
        <int64[1] p_axes = {1}> {
          p = Squeeze (x, p_axes)
        },
        else_branch = b () => (q) {
          q = local.F <k = [1]> (x)
        }
      >
    }

    <domain: "local", opset_import: ["" : 21]>
    F <k> (v) => (w) {
      [w_axes] w_axes_out = Constant <value_ints: ints = @k> ()
      w = Squeeze (v, w_axes_out)
    }"
  `);
});

test("initializers that an old file lists as inputs are inputs no more", () => {
  const model = parseModel(
    `<ir_version: 3, opset_import: ["": 8]> g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> { y = Add (x, w) }`,
  );
  convertOpset(model);
  expect(model.irVersion).toBe(10);
  expect(model.graph.inputs.map(({ name }) => name)).toEqual(["x"]);
});

test("what has no equivalent is refused with a reason, each node on its own", () => {
  expect(
    refused(
      6,
      `g (x, b, s) => (u, v, w) {
      [add] u = Add <axis = 1, broadcast = 1> (x, b)
      [slope] v = PRelu (x, s)
      [old] w = ImageScaler (x)
    }`,
    ),
  ).toMatchInlineSnapshot(`
    [
      "opset/unsupported add: the rank of its second operand is not known",
      "opset/unsupported slope: the shape of its slope is not known",
      "opset/unsupported old: the op was an experiment that opset 10 removed",
    ]
  `);
  expect(
    refused(
      10,
      `g (float[1,1,4,4] x, float[4] s) => (a, b) <float[4] t = {1, 1, 2, 0.5}> {
      [computed] a = Resize (x, s)
      [both] b = Resize (x, t)
    }`,
    ),
  ).toMatchInlineSnapshot(`
    [
      "opset/unsupported computed: its scales are computed, and say which neighbour is nearest",
      "opset/unsupported both: it enlarges one axis and reduces another by nearest neighbours",
    ]
  `);
  expect(refused(8, `g (n, x) => (y) { [scan] y = Scan <num_scan_inputs = 1> (n, x) }`)).toMatchInlineSnapshot(`
    [
      "opset/unsupported scan: Scan of opset 8 runs over a batch dimension that newer ones do not have",
    ]
  `);
});

test("a model in a newer opset is taken for the canonical one when its nodes mean the same there", () => {
  const opsetOf = (opset: number, graph: string) => {
    const model = parseModel(`<ir_version: 11, opset_import: ["": ${opset}]> ${graph}`, { infer: false });
    convertOpset(model);
    return model.opsets.get("");
  };
  const relu = `g (x) => (y) { y = Relu (x) }`;
  expect(opsetOf(21, relu)).toBe(21);
  expect(opsetOf(24, relu)).toBe(21);
  expect(opsetOf(99, relu)).toBe(99);
  expect(opsetOf(24, `g (x) => (y) { y = Cast <to = 1, round_mode = "up"> (x) }`)).toBe(24);
  expect(opsetOf(24, `g (x) => (y) { y = NewerThanUs (x) }`)).toBe(24);
  expect(opsetOf(24, `g (float4e2m1[2] x) => (y) { y = Identity (x) }`)).toBe(24);
});

test("a copy of the model keeps its functions as they were", () => {
  const model = parseModel(`
    <ir_version: 8, opset_import: ["": 11, "l": 1]> g (float[2] x) => (y) { y = l.F (x) }
    <domain: "l", opset_import: ["": 9]> F (v) => (w) { w = Clip <min = 0.0> (v) }`);
  const copy = cloneModel(model);
  convertOpset(copy);
  expect(model.functions[0]!.body.nodes.first!.attributes.has("min")).toBe(true);
  expect(copy.functions[0]!.body.nodes.last!.attributes.has("min")).toBe(false);
});
