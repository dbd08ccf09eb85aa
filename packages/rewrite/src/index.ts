/** Patterns, rules, passes and pipelines over the lowbit IR. */
export {};
