/** The learning rate over a training run: a factor for each step. @param progress share of all steps done, 0 ≤ p < 1 */
export type Schedule = (progress: number) => number;

/** The same learning rate all the way. */
export const constantSchedule: Schedule = () => 1;

/** Half a cosine wave from 1 down to 0 (Loshchilov and Hutter 2017, equation 5, one period). */
export const cosineSchedule: Schedule = (progress) => (1 + Math.cos(Math.PI * progress)) / 2;

/** Divides the rate by ten after each third of the run. */
export const stepSchedule: Schedule = (progress) => 0.1 ** Math.floor(progress * 3);

/** A linear rise from 0 over the first `share` of the run, then `schedule` over the rest. */
export function warmUp(share: number, schedule: Schedule): Schedule {
  return (progress) => (progress < share ? progress / share : schedule((progress - share) / (1 - share)));
}
