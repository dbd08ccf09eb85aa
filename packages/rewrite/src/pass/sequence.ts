import { unstable } from "../diagnostics.ts";
import { definePass, type ConfigurablePass, type Pass } from "./pass.ts";

/** Rounds after which a sequence gives up; each pass leaves a valid model. */
const maxRounds = 8;

/** A pass that runs others in order, again and again until all of them in a row change nothing. */
export function sequence(definition: {
  readonly name: string;
  readonly summary: string;
  readonly passes: readonly Pass[];
}): ConfigurablePass<Readonly<Record<never, never>>> {
  return definePass({
    name: definition.name,
    summary: definition.summary,
    anyOpset: definition.passes.every((pass) => pass.anyOpset),
    run(model, context) {
      let changed = 0;
      // A pass has nothing to do until another one has changed something since it ran: passes are idempotent.
      const seen = definition.passes.map(() => -1);
      for (let round = 0; round < maxRounds && seen.some((count) => count !== changed); round++) {
        for (const [index, pass] of definition.passes.entries()) {
          if (seen[index] === changed) continue;
          changed += context.run(pass, model).changed;
          seen[index] = changed;
        }
      }
      if (seen.some((count) => count !== changed)) context.report(unstable(definition.name, maxRounds));
      return { changed };
    },
  });
}
