/**
 * What can be done to a float model for the sake of its quantized form, in the order in which it is done; nothing of it is on
 * unless named.
 */
export const improvementNames = ["equalize", "smooth", "awq", "gptq", "adaround", "refit", "bias-correction"] as const;

/** One of these improvements. */
export type Improvement = (typeof improvementNames)[number];

/** Improvements that run over data. */
export const improvementsOverData: readonly Improvement[] = [
  "smooth",
  "awq",
  "gptq",
  "adaround",
  "refit",
  "bias-correction",
];

/** Improvements that decide how each weight is rounded: one of them at most. */
export const roundingImprovements = ["gptq", "adaround", "refit"] as const satisfies readonly Improvement[];

/** Improvements of several lists together, each once and in the order in which they are done. */
export function togetherInOrder(...lists: readonly (readonly Improvement[])[]): readonly Improvement[] {
  return improvementNames.filter((name) => lists.some((list) => list.includes(name)));
}
