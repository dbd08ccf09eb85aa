import { definePass, type ConfigurablePass, type Pass } from "./pass.ts";

/** Rounds after which a sequence that still changes something is left as it is; each round is valid on its own. */
const maxRounds = 8;

/** A pass that runs others in order, again and again until a round changes nothing. */
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
      for (let round = 0; round < maxRounds; round++) {
        const before = changed;
        for (const pass of definition.passes) changed += context.run(pass, model).changed;
        if (changed === before) break;
      }
      return { changed };
    },
  });
}
