import { InvalidArgumentError, Option, type Command } from "commander";
import { leastBins, type CalibrateOptions, type ObserverName } from "@lowbit/quantize";
import { positiveInteger, share, toNumber } from "./parse-values.ts";

/** How `lowbit quantize` finds the ranges of activations. */
export interface CalibrationOptions {
  readonly samples: number;
  readonly observer: keyof typeof observers;
  readonly percentile?: number;
  readonly bins?: number;
  readonly valuesPerSample?: number;
  readonly averagingConstant?: number;
  readonly calibrationCache?: string;
}

/** Observers by their names at the command line. */
const observers = {
  minmax: "min-max",
  "moving-average": "moving-average",
  histogram: "histogram",
  percentile: "percentile",
  entropy: "entropy",
  mse: "mse",
} as const satisfies Record<string, ObserverName>;

/** Observers that look at histograms. */
const histograms: readonly string[] = ["histogram", "percentile", "entropy", "mse"];

/** Adds the options of calibration. */
export function addCalibration(command: Command): Command {
  return command
    .option("--samples <N>", "at most this many samples for calibration", positiveInteger, 512)
    .addOption(
      new Option("--observer <name>", "how ranges are chosen").choices(Object.keys(observers)).default("minmax"),
    )
    .option("--percentile <P>", "with --observer percentile: how many percent of the values to keep (99.999)", percent)
    .option("--bins <N>", "with observers that look at histograms: bins of each (2048)", binCount)
    .option(
      "--values-per-sample <N>",
      "with these: elements of a value that they count per sample, or all (1024)",
      valuesPerSample,
    )
    .option("--averaging-constant <C>", "with --observer moving-average: weight of the newest batch (0.01)", share)
    .option(
      "--calibration-cache <FILE>",
      "keep in FILE what calibration saw, and go on from it: after an interruption, or with more samples",
    );
}

/** What is wrong with the options together; null if nothing is. */
export function calibrationMisuse(options: CalibrationOptions): string | null {
  const { observer, percentile, bins, valuesPerSample: values, averagingConstant } = options;
  if (percentile !== undefined && observer !== "percentile") return "--percentile needs --observer percentile";
  if (averagingConstant !== undefined && observer !== "moving-average") {
    return "--averaging-constant needs --observer moving-average";
  }
  const histogramOnly = bins === undefined ? (values === undefined ? null : "--values-per-sample") : "--bins";
  if (histogramOnly === null || histograms.includes(observer)) return null;
  return `${histogramOnly} needs an observer that looks at histograms: --observer ${histograms.join(", ")}`;
}

/** The settings that options ask for. */
export function calibrationFrom(options: CalibrationOptions): CalibrateOptions {
  const { observer, percentile, bins, valuesPerSample: values, averagingConstant } = options;
  return {
    observer: observers[observer],
    ...(percentile === undefined ? {} : { percentile }),
    ...(bins === undefined ? {} : { bins }),
    ...(values === undefined ? {} : { valuesPerSample: values }),
    ...(averagingConstant === undefined ? {} : { averagingConstant }),
  };
}

function percent(text: string): number {
  const value = toNumber(text);
  if (value !== null && value > 0 && value <= 100) return value;
  throw new InvalidArgumentError("It must be a number above 0, 100 at most.");
}

function binCount(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= leastBins && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError(`It must be a whole number of at least ${leastBins}.`);
}

function valuesPerSample(text: string): number {
  return text === "all" ? Infinity : positiveInteger(text);
}
