import { describe, expect, test } from "vitest";
import type { FitEvent } from "@lowbit/train";
import { TrainingRecord } from "./training-record.ts";

const progress = (step: number, loss: number, epoch = 0): FitEvent => ({
  kind: "progress",
  epoch,
  step,
  steps: 100,
  loss,
  learningRate: 0.1,
  stepsPerSecond: 10,
});
const epoch = (number: number): FitEvent => ({
  kind: "epoch",
  epoch: number,
  loss: 0.5,
  steps: 10,
  seconds: 1,
  validation: 0.9,
  best: true,
  changedCodes: { share: 0.25, layers: {} },
});

describe("the record of a training", () => {
  test("tells epochs from 1, at their last steps, with what happened before", () => {
    const record = new TrainingRecord("accuracy");
    for (const event of [progress(10, 1), epoch(0), { kind: "phase", epoch: 1, name: "observers frozen" } as const]) {
      record.event(event);
    }
    expect(record.curves()).toMatchObject({
      epochs: [{ epoch: 1, step: 10, loss: 0.5, validation: 0.9, changedCodes: 0.25 }],
      marks: [{ kind: "phase", step: 10, epoch: 2, text: "observers frozen" }],
      plannedSteps: 100,
      kept: null,
    });
  });

  test("keeps few points of many steps, whose mean is that of all", () => {
    const record = new TrainingRecord(null);
    const losses = Array.from({ length: 20_000 }, (_, i) => Math.sin(i) + 2);
    losses.forEach((loss, i) => record.event(progress(i + 1, loss)));
    const { steps } = record.curves();
    expect(steps.length).toBeLessThanOrEqual(1500);
    expect(steps.at(-1)!.step).toBe(20_000);
    const sum = steps.reduce((total, { step, loss }, i) => total + loss * (step - (steps[i - 1]?.step ?? 0)), 0);
    expect(sum).toBeCloseTo(
      losses.reduce((a, b) => a + b),
      6,
    );
  });

  test("of a resumed run forgets what is run again, and keeps the rest", () => {
    const first = new TrainingRecord(null);
    for (const event of [progress(10, 1), epoch(0), progress(15, 0.7, 1), progress(18, 0.6, 1)]) first.event(event);
    first.event({ kind: "stopped", epoch: 1, step: 18 });
    const resumed = new TrainingRecord(null, first.curves());
    resumed.event({ kind: "resumed", epoch: 1, step: 15 });
    resumed.event(progress(20, 0.5, 1));
    const { steps, epochs, marks } = resumed.curves();
    expect(steps.map(({ step, loss }) => [step, loss])).toEqual([
      [10, 1],
      [15, 0.7],
      [20, 0.5],
    ]);
    expect([epochs.length, marks.map(({ text }) => text)]).toEqual([1, ["resumed at step 15"]]);
  });
});
