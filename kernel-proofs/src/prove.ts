import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Model } from "@lowbit/ir";
import type { IntegerArithmetic } from "@lowbit/reference";
import type { Feeds } from "@lowbit/runtime";
import { checkNodes, differingElements, exposingCodes, merged, total, type Counts } from "./check.ts";
import { writeJob } from "./job.ts";
import { runJob, type Machine } from "./machine.ts";
import type { Subject } from "./subject.ts";

/** What a machine gave for a subject, by feed: for each of its forms, with the codes inside. */
export interface Observed {
  readonly qdq: readonly Feeds[];
  readonly integers: readonly Feeds[];
  /** The outputs of the model as it is shipped. */
  readonly shipped: readonly Feeds[];
}

/** The models that are run for a subject, one for each thing that is observed. */
export function modelsOf({ forms: { qdq, integers } }: Subject): Readonly<Record<keyof Observed, Model>> {
  return { qdq: exposingCodes(qdq, integers), integers: exposingCodes(integers, integers), shipped: qdq };
}

/** Runs subjects on a machine. */
export function observe(machine: Machine, subjects: readonly Subject[]): readonly Observed[] {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-kernel-proofs-"));
  try {
    const runs = subjects.flatMap((subject) => {
      const { qdq, integers, shipped } = modelsOf(subject);
      return [qdq, integers, shipped].map((model) => ({ model, feeds: subject.feeds }));
    });
    writeJob(folder, runs);
    const results = runJob(machine, folder);
    return subjects.map((_, i) => ({
      qdq: results[3 * i]!,
      integers: results[3 * i + 1]!,
      shipped: results[3 * i + 2]!,
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The result of a proof about one subject. */
export interface Verdict {
  readonly counts: Counts;
  /** Empty when the proof holds. */
  readonly problems: readonly string[];
}

/**
 * Whether what a machine gave is what the interpreter computes under an arithmetic: every node on codes, in both forms, and
 * that asking for the codes inside changes nothing about the shipped model's outputs.
 */
export function judge(subject: Subject, observed: Observed, arithmetic: IntegerArithmetic): Verdict {
  const check = (form: "qdq" | "integers"): Counts =>
    merged(subject.feeds.map((feeds, i) => checkNodes(subject.forms.integers, feeds, observed[form][i]!, arithmetic)));
  const integers = check("integers");
  // Where both forms gave the same values, bit by bit, one check is about both.
  const isSame = observed.integers.every((values, i) => {
    const others = observed.qdq[i]!;
    return (
      Object.keys(values).length === Object.keys(others).length &&
      Object.keys(values).every((name) => name in others) &&
      differingOutputs(values, others) === 0
    );
  });
  const counts = merged([integers, isSame ? integers : check("qdq")]);
  const problems = [...counts].flatMap(([op, { values, differing }]) =>
    differing > 0 ? [`${op}: ${differing} of ${values} values differ`] : [],
  );
  if (total(counts.values()).values === 0) problems.push("no value was compared");
  const moved = observed.shipped.reduce((sum, outputs, i) => sum + differingOutputs(outputs, observed.qdq[i]!), 0);
  if (moved > 0) problems.push(`${moved} values of the outputs depend on which codes are asked for`);
  return { counts, problems };
}

/** Whether two machines gave the same bits. */
export function sameBits(one: Observed, other: Observed): boolean {
  return (["qdq", "integers", "shipped"] as const).every((form) =>
    one[form].every((outputs, i) => differingOutputs(outputs, other[form][i]!) === 0),
  );
}

/** In how many values the outputs of `one` differ from those of the same name of `other`. */
export function differingOutputs(one: Feeds, other: Feeds): number {
  return Object.entries(one).reduce((sum, [name, tensor]) => sum + differingElements(tensor, other[name]!), 0);
}

/** How many values a machine gave in the quantized form. */
export function valuesOf({ qdq }: Observed): number {
  return qdq.reduce((sum, outputs) => sum + Object.values(outputs).reduce((count, { size }) => count + size, 0), 0);
}
