import type { FitEvent, ParameterChoice } from "@lowbit/train";
import { countText, durationText, percentText, plural } from "./format/quantities.ts";
import type { Terminal } from "./terminal.ts";

/** One epoch of a training, as data. */
export interface EpochResult {
  /** Counts from 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly steps: number;
  readonly seconds: number;
  readonly validation: number | null;
  /** Share of the integer weights that the epoch changed, 0 to 1; null where there are none. */
  readonly changedCodes: number | null;
}

/** A training as data. */
export interface TrainingSummary {
  /** Names of what was chosen to be trained, of how many, and its share of all their numbers, 0 to 1. */
  readonly parameters?: { readonly trained: readonly string[]; readonly of: number; readonly share: number };
  readonly epochs: readonly EpochResult[];
  /** Over all epochs; null when none was run. */
  readonly stepsPerSecond: number | null;
}

const barWidth = 20;
/** Most parameters that are named. */
const namedParameters = 4;

/** A part of a whole as a bar and in percent. */
function barText(part: number): string {
  const full = Math.floor(part * barWidth);
  return `[${"#".repeat(full)}${"-".repeat(barWidth - full)}] ${percentText(part, 0).padStart(5)}`;
}

function choiceText({ texts, of, elements, ofElements }: ParameterChoice): string {
  const more = texts.length > namedParameters ? ` and ${texts.length - namedParameters} more` : "";
  const share = percentText(elements / ofElements);
  const named = texts.slice(0, namedParameters).join(", ");
  return `trains ${countText(texts.length)} of ${plural(of, "parameter")}, ${share} of their numbers: ${named}${more}`;
}

/** Shows what happens in a training: a live bar with loss, rate and time left, and a line that stays per epoch. */
export class TrainingLog {
  readonly #terminal: Terminal;
  readonly #epochs: number;
  readonly #metric: "accuracy" | "mse" | null;
  readonly #results: EpochResult[] = [];
  #chosen: TrainingSummary["parameters"] | null = null;
  #began: { readonly step: number; readonly at: number } | null = null;
  /** Steps per second, smoothed. */
  #rate: number | null = null;

  constructor(terminal: Terminal, epochs: number, metric: "accuracy" | "mse" | null) {
    this.#terminal = terminal;
    this.#epochs = epochs;
    this.#metric = metric;
  }

  event(event: FitEvent): void {
    switch (event.kind) {
      case "progress":
        this.#terminal.progress(this.#progressText(event));
        break;
      case "epoch":
        this.#epoch(event);
        break;
      case "chosen":
        this.#terminal.note(choiceText(event));
        this.#chosen = { trained: event.names, of: event.of, share: event.elements / event.ofElements };
        break;
      case "phase":
        this.#terminal.note(`from epoch ${event.epoch + 1}: ${event.name}`);
        break;
      case "resumed":
        this.#terminal.note(
          event.epoch < this.#epochs
            ? `resumed at step ${countText(event.step)} of epoch ${event.epoch + 1}`
            : `resumed at the end of the run, after step ${countText(event.step)}`,
        );
        break;
      case "ended-early":
        this.#terminal.note(`ended early: nothing was better than epoch ${event.bestEpoch + 1}`);
        break;
      case "done":
        if (event.epoch + 1 < (this.#results.at(-1)?.epoch ?? 0)) {
          this.#terminal.note(`kept the best epoch: ${event.epoch + 1}`);
        }
        break;
      case "saved":
      case "stopped":
        break;
    }
  }

  /** Tells how good the model is after its statistics were estimated anew. */
  reestimated(validation: number): void {
    this.#terminal.note(
      `statistics of BatchNormalization estimated anew: ${this.#metric} ${this.#metricText(validation)}`,
    );
  }

  /** The epochs, and the rate over all of them; what was chosen to be trained, where not all of it is. */
  summary(): TrainingSummary {
    const steps = this.#results.reduce((sum, each) => sum + each.steps, 0);
    const seconds = this.#results.reduce((sum, each) => sum + each.seconds, 0);
    const stepsPerSecond = seconds > 0 ? Number((steps / seconds).toPrecision(5)) : null;
    return { ...(this.#chosen ? { parameters: this.#chosen } : {}), epochs: this.#results, stepsPerSecond };
  }

  #progressText({ epoch, step, steps, loss, stepsPerSecond }: FitEvent & { readonly kind: "progress" }): string {
    this.#began ??= { step, at: performance.now() };
    this.#rate = this.#rate === null ? stepsPerSecond : 0.8 * this.#rate + 0.2 * stepsPerSecond;
    const where = steps === null ? `step ${countText(step)}` : barText(step / steps);
    const rate = `${Number(this.#rate.toPrecision(3))} steps/s`;
    const left = steps === null || step === this.#began.step ? "" : `  ${this.#timeLeft(step, steps)} left`;
    return `epoch ${epoch + 1}/${this.#epochs} ${where}  loss ${loss.toFixed(4)}  ${rate}${left}`;
  }

  /** By the clock since the first event, so that validation and saving count too. */
  #timeLeft(step: number, steps: number): string {
    const began = this.#began!;
    const perStep = (performance.now() - began.at) / 1000 / (step - began.step);
    return durationText((steps - step) * perStep);
  }

  #epoch(event: FitEvent & { readonly kind: "epoch" }): void {
    const { epoch, loss, steps, seconds, validation, best } = event;
    const changedCodes = event.changedCodes?.share ?? null;
    this.#results.push({ epoch: epoch + 1, loss, steps, seconds, validation, changedCodes });
    const rate = seconds > 0 ? ` (${Number((steps / seconds).toPrecision(3))} steps/s)` : "";
    const isBest = best && this.#epochs > 1 ? " (best)" : "";
    const measured = validation === null ? "" : `, ${this.#metric} ${this.#metricText(validation)}${isBest}`;
    const moved = changedCodes === null ? "" : `, ${percentText(changedCodes)} of the integer weights changed`;
    const line = `epoch ${epoch + 1}/${this.#epochs}: loss ${loss.toFixed(4)}${measured}${moved}`;
    this.#terminal.note(`${line}, ${durationText(seconds)}${rate}`);
  }

  #metricText(value: number): string {
    return this.#metric === "accuracy" ? percentText(value, 2) : String(Number(value.toPrecision(5)));
  }
}
