import { outputsOf } from "./outputs-of.ts";
import { modelsOf, type Observed } from "./prove.ts";
import type { Subject } from "./subject.ts";

/** Runs a subject in this process. */
export async function observeHere(subject: Subject): Promise<Observed> {
  const { qdq, integers, shipped } = modelsOf(subject);
  const { feeds } = subject;
  return {
    qdq: await outputsOf(qdq, feeds),
    integers: await outputsOf(integers, feeds),
    shipped: await outputsOf(shipped, feeds),
  };
}
