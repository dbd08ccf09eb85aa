import { parseGraph } from "@lowbit/ir";
import { describe, expect, test } from "vitest";
import { gradientCases } from "./cases/all.testing.ts";
import { caseText } from "./cases/differentiate-case.testing.ts";
import { formsWithoutCase } from "./cases/forms.testing.ts";
import { agrees, compareWithDifferences } from "./cases/gradient-check.testing.ts";
import { gradientRules } from "./gradient-rules.ts";

/** Ops whose gradient is deliberately not the derivative (straight through the rounding, scaled); see quantization.test.ts. */
const straightThrough = [
  "ScaleGradient",
  "FakeQuantize",
  "QuantizeLinear",
  "DequantizeLinear",
  "QuantizationParameters",
];

describe.each(["static", "unknown"] as const)("with %s shapes, the gradient is the finite difference of", (shapes) => {
  const cases = gradientCases.filter((row) => shapes === "static" || !row.staticOnly);
  test.each(cases.map((row) => [row.op, row.title, row] as const))("%s: %s", (_op, _title, row) => {
    const comparisons = compareWithDifferences(row, shapes);
    expect(comparisons.filter((comparison) => !agrees(comparison))).toEqual([]);
    expect(comparisons.some(({ difference }) => difference !== 0)).toBe(true);
  });
});

/** Ops that nodes can be differentiated through. */
const differentiable = Object.entries(gradientRules)
  .filter(([, entry]) => typeof entry === "function" || entry.kind === "codes")
  .map(([op]) => op)
  .filter((op) => !straightThrough.includes(op));

/** Forms that a rule refuses with a reason (see gradient-errors.test.ts), and one that says nothing about numbers. */
const refusedForms = ["GatherND.batch_dims", "Resize.keep_aspect_ratio_policy"];
const formsOfOtherTypes = ["Cast.saturate", "CastLike.saturate"];

test("every op with a rule has a case", () => {
  const covered = new Set<string>(gradientCases.map((row) => row.op));
  expect(differentiable.filter((op) => !covered.has(op))).toEqual([]);
});

test("every attribute, every optional operand and every optional result of an op with a rule has a case", () => {
  const known = [...refusedForms, ...formsOfOtherTypes];
  expect(formsWithoutCase(differentiable, gradientCases).toSorted()).toEqual(known.toSorted());
});

test.each(["Conv", "ConvTranspose", "MaxPool", "AveragePool", "BatchNormalization", "InstanceNormalization", "Resize"])(
  "%s has cases of one, two and three spatial axes",
  (op) => {
    const own = gradientCases.filter((row) => row.op === op);
    const ranks = own.map((row) => parseGraph(caseText(row)).inputs[0]!.shape!.length);
    expect([...new Set(ranks)]).toEqual(expect.arrayContaining([3, 4, 5]));
  },
);

test("the searches for missing cases find an op and a form whose cases are taken away", () => {
  const without = (taken: (row: (typeof gradientCases)[number]) => boolean) =>
    formsWithoutCase(
      ["Conv"],
      gradientCases.filter((row) => !taken(row)),
    );
  expect(without((row) => row.text.includes("SAME_LOWER"))).toEqual(["Conv.auto_pad = SAME_LOWER"]);
  expect(without((row) => row.op === "Conv")).toEqual(
    expect.arrayContaining(["Conv.dilations", "Conv.group", "Conv with B", "Conv without B"]),
  );
});
