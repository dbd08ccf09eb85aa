import { CompileError, parseGraph } from "@lowbit/ir";
import { expect, test } from "vitest";
import { meanSquaredError } from "../loss/regression.ts";
import { sgd } from "../optimizer/sgd.ts";
import { trainStep } from "./train-step.ts";

const step = (body: string): unknown =>
  trainStep(parseGraph(`cut (float[N,3] x) => (float[N,2] y) <float[3,2] w> { ${body} }`), {
    loss: meanSquaredError(),
    optimizer: sgd(),
    batch: 2,
  });

test("an op that nothing flows back through is named, as there are parameters", () => {
  const attempt = (): unknown => step("h = MatMul(x, w)\n y = Hardmax(h)");
  expect(attempt).toThrow(CompileError);
  expect(attempt).toThrow(
    'no trainable parameter of the model gets a gradient: nothing flows back through Hardmax "y", whose derivative is 0',
  );
});

test("an op of zero derivative beside a path that is open does no harm", () => {
  expect(() => step("h = MatMul(x, w)\n r = Round(h)\n y = Add(r, h)")).not.toThrow();
});

test("parameters that the loss does not depend on", () => {
  const body = `unused = MatMul(x, w)
    zero = Constant <value_ints = [0]> ()
    two = Constant <value_ints = [2]> ()
    one = Constant <value_ints = [1]> ()
    y = Slice(x, zero, two, one)`;
  expect(() => step(body)).toThrow("gets a gradient: the loss does not depend on them");
});
