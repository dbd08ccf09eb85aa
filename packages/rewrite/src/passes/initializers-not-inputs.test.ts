import { parseModel } from "@lowbit/ir";
import { expect, test } from "vitest";
import { checkPass } from "../pass/check-pass.testing.ts";
import { runPasses } from "../pass/run-passes.ts";
import { initializersNotInputs } from "./initializers-not-inputs.ts";

const text = `<ir_version: 3, opset_import: ["": 21]>
  g (float[2] x, float[2] w = {1, 2}) => (float[2] y) { y = Add(x, w) }`;

test("takes inputs with data out of the signature", () => {
  expect(checkPass(initializersNotInputs, text)).toMatchInlineSnapshot(`
    "g (float[2] x) => (float[2] y)
    <float[2] w = {1, 2}> {
      y = Add (x, w)
    }"
  `);
});

test("the model moves to the first IR version that can express this, and the user is told", () => {
  const model = parseModel(text);
  const { diagnostics } = runPasses(model, [initializersNotInputs]);
  expect(model.irVersion).toBe(4);
  expect(model.graph.value("w")!.constant).not.toBeNull();
  expect(diagnostics.map((each) => each.message)).toEqual([
    "1 initializers are no longer inputs that callers can override, w the first",
  ]);
});
