import { expect, test } from "vitest";
import { confirmPlan } from "./confirm-plan.ts";
import type { LayerChoices, PlanProblem } from "./plan-problem.ts";
import { searchPlan } from "./search-plan.ts";

/** Layers whose noises add up. */
function problem(noises: Readonly<Record<string, number>>, factor: number): PlanProblem {
  const order = Object.keys(noises);
  return {
    target: { kind: "drop", metric: "accuracy", most: 1 },
    order,
    samples: 10,
    costOf: ({ float }) => float.size,
    measure: ({ float }) => {
      const drop = factor * order.reduce((sum, name) => (float.has(name) ? sum : sum + noises[name]!), 0);
      return Promise.resolve({
        metric: 1 - drop / 100,
        drop,
        error: null,
        expected: null,
        expectedError: null,
        sqnr: null,
      });
    },
  };
}

const noises = { a: 0.1, b: 0.2, c: 0.3, d: 0.35, e: 9 };

async function confirmed(factor: number) {
  const few = problem(noises, 1);
  const measured: LayerChoices[] = [];
  const all = problem(noises, factor);
  const measure: PlanProblem["measure"] = (choices) => {
    measured.push(choices);
    return all.measure(choices);
  };
  return { plan: await confirmPlan(few, await searchPlan(few), 1000, measure), measured };
}

test("the cheapest plan is taken where it holds on all samples", async () => {
  const { plan, measured } = await confirmed(1);
  expect([plan!.tried[plan!.chosen]!.float, measured.length]).toEqual([["e"], 1]);
});

test("a single layer leaves it where that is enough, otherwise those with the most noise", async () => {
  const { plan } = await confirmed(1.5);
  const { float, samples, what, meets } = plan!.tried[plan!.chosen]!;
  // All cost the same here: c is the first without which 1.5 times the noise is within the target.
  expect([float, samples, what, meets]).toEqual([["c", "e"], 1000, 'without "c", on all samples', true]);
  expect(plan!.reached.drop).toBeCloseTo(0.975, 9);
  const { plan: less } = await confirmed(3);
  expect(less!.tried[less!.chosen]!.float).toEqual(["c", "d", "e"]);
});

test("nothing is confirmed where even one layer is too much", async () => {
  expect((await confirmed(1000)).plan).toBeNull();
});
