import { expect, test } from "vitest";
import { cosineSchedule, stepSchedule, warmUp } from "./schedule.ts";

test("the rate falls to a tenth after each third, or as one says", () => {
  const thirds = stepSchedule();
  expect([0, 0.3, 0.34, 0.66, 0.67, 0.99].map(thirds)).toEqual([1, 1, 0.1, 0.1, 0.1 ** 2, 0.1 ** 2]);
  const own = stepSchedule({ milestones: [0.5, 0.75, 0.75], gamma: 0.5 });
  expect([0, 0.49, 0.5, 0.74, 0.75, 1].map(own)).toEqual([1, 1, 0.5, 0.5, 0.125, 0.125]);
});

test.each([
  [{ gamma: 0 }, "gamma is 0, but must be a number above 0"],
  [{ milestones: [0.5, 30] }, "a milestone is 30, but must be a share of the run, 0 to 1"],
])("a step schedule with %j is refused", (options, message) => {
  expect(() => stepSchedule(options)).toThrow(message);
});

test("a warm-up rises from 0 to where its schedule begins", () => {
  const schedule = warmUp(0.2, cosineSchedule);
  expect([0, 0.1, 0.2, 0.6, 1].map(schedule)).toEqual(
    [0, 0.5, 1, 0.5, 0].map((rate) => expect.closeTo(rate, 12) as number),
  );
});
