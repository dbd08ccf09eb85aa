import { InvalidArgumentError, type Command } from "commander";
import { improvementNames, roundingImprovements, type Improvement } from "@lowbit/quantize";

/** Adds the option that improves the float model first. */
export function addImprove(command: Command): Command {
  return command.option(
    "--improve <names>",
    `done to the float model first, separated by commas: ${improvementNames.join(", ")} (default: nothing)`,
    improvements,
  );
}

/** What is wrong with some improvements together; null if nothing is. */
export function improveMisuse(improve: readonly Improvement[]): string | null {
  const rounding = roundingImprovements.filter((name) => improve.includes(name));
  return rounding.length > 1
    ? `--improve takes one of ${roundingImprovements.join(", ")}: each decides how weights are rounded`
    : null;
}

function improvements(text: string): readonly Improvement[] {
  return text.split(",").map((name) => {
    const known = improvementNames.find((each) => each === name.trim());
    if (!known) throw new InvalidArgumentError(`It must name some of ${improvementNames.join(", ")}.`);
    return known;
  });
}
