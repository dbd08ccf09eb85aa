import { describe, expect, test } from "vitest";
import { trainZooModel, zooFolder, zooNames } from "./zoo.testing.ts";

const folder = zooFolder();
/** All three export forms in two modes take minutes; `npm run test:zoo` runs them all. */
const whole = process.env.LOWBIT_ZOO === "1";
/** A batch of one sample moves slowly. */
const steps = whole ? 60 : 24;
const lean = ["resnet_s.train.op17.dyn"];
const names = folder === null ? [] : whole ? zooNames(folder) : lean;

describe.skipIf(folder === null).each(["float", "integers"] as const)("trained for %s", (mode) => {
  test.each(names.filter((name) => !name.startsWith("lstm")))(
    "%s: the loss on a few fixed samples falls",
    { timeout: 240_000 },
    async (name) => {
      const outcome = await trainZooModel(folder!, name, mode, steps);
      if ("refused" in outcome) throw new Error(outcome.refused);
      const { losses } = outcome;
      if (whole) process.stdout.write(`${name} ${mode}: ${losses.map((loss) => loss.toPrecision(3)).join(" ")}\n`);
      expect(losses.every(Number.isFinite)).toBe(true);
      // Curves may rise in between, and SqueezeNet's last Relu leaves a floor: outputs that are off on all samples have no gradient.
      expect(losses.at(-1)).toBeLessThan(0.95 * losses[0]!);
    },
  );
});

test.skipIf(folder === null)("the weights of an LSTM are refused with its name and the way to the loss", async () => {
  const outcome = await trainZooModel(folder!, "lstm.fused.op13.dyn", "float", steps);
  expect("refused" in outcome && outcome.refused).toMatch(
    /^LSTM "\/r\/LSTM_1" has no gradient: .* \(on the path .*\)$/,
  );
});
