import { badSchedule } from "../diagnostics.ts";

/** The learning rate over a training run: a factor for each step. @param progress share of all steps done, 0 ≤ p < 1 */
export type Schedule = (progress: number) => number;

/** The same learning rate all the way. */
export const constantSchedule: Schedule = () => 1;

/** Half a cosine wave from 1 down to 0 (Loshchilov and Hutter 2017, equation 5, one period). */
export const cosineSchedule: Schedule = (progress) => (1 + Math.cos(Math.PI * progress)) / 2;

/** Settings of `stepSchedule`. */
export interface StepScheduleOptions {
  /** Shares of the run, 0 to 1, at which the rate falls. Default: after each third. */
  readonly milestones?: readonly number[];
  /** What the rate is multiplied by at each. Default 0.1. */
  readonly gamma?: number;
}

/** The rate falls by a factor at some points of the run. @throws CompileError `train/bad-schedule` */
export function stepSchedule({ milestones = [1 / 3, 2 / 3], gamma = 0.1 }: StepScheduleOptions = {}): Schedule {
  if (!(gamma > 0 && gamma < Infinity)) throw badSchedule("gamma", gamma, "a number above 0");
  const outside = milestones.find((share) => !(share >= 0 && share <= 1));
  if (outside !== undefined) throw badSchedule("a milestone", outside, "a share of the run, 0 to 1");
  return (progress) => gamma ** milestones.filter((share) => progress >= share).length;
}

/** A linear rise from 0 over the first `share` of the run, then `schedule` over the rest. */
export function warmUp(share: number, schedule: Schedule): Schedule {
  return (progress) => (progress < share ? progress / share : schedule((progress - share) / (1 - share)));
}
