import type { FitEvent } from "@lowbit/train";
import { countText, durationText, percentText } from "./format/quantities.ts";
import type { Terminal } from "./terminal.ts";

/** One epoch of a training, as data. */
export interface EpochResult {
  /** Counts from 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly steps: number;
  readonly seconds: number;
  readonly validation: number | null;
}

/** Shows what happens in a training: a live line with loss, rate and time left, and a line that stays per epoch. */
export class TrainingLog {
  readonly #terminal: Terminal;
  readonly #epochs: number;
  readonly #metric: "accuracy" | "mse" | null;
  readonly #results: EpochResult[] = [];

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
      case "phase":
        this.#terminal.note(`from epoch ${event.epoch + 1}: ${event.name}`);
        break;
      case "resumed":
        this.#terminal.note(`resumed at step ${countText(event.step)} of epoch ${event.epoch + 1}`);
        break;
      case "saved":
      case "stopped":
      case "done":
        break;
    }
  }

  /** The epochs, and the rate over all of them. */
  summary(): { readonly epochs: readonly EpochResult[]; readonly stepsPerSecond: number | null } {
    const steps = this.#results.reduce((sum, each) => sum + each.steps, 0);
    const seconds = this.#results.reduce((sum, each) => sum + each.seconds, 0);
    return { epochs: this.#results, stepsPerSecond: seconds > 0 ? Number((steps / seconds).toPrecision(5)) : null };
  }

  #progressText({ epoch, step, steps, loss, stepsPerSecond }: FitEvent & { readonly kind: "progress" }): string {
    const of = steps === null ? "" : `/${countText(steps)}`;
    const left = steps === null ? "" : `, ${durationText((steps - step) / stepsPerSecond)} left`;
    const rate = `${Number(stepsPerSecond.toPrecision(3))} steps/s`;
    return `epoch ${epoch + 1}/${this.#epochs}, step ${countText(step)}${of}, loss ${loss.toFixed(4)}, ${rate}${left}`;
  }

  #epoch({ epoch, loss, steps, seconds, validation }: FitEvent & { readonly kind: "epoch" }): void {
    this.#results.push({ epoch: epoch + 1, loss, steps, seconds, validation });
    const rate = seconds > 0 ? ` (${Number((steps / seconds).toPrecision(3))} steps/s)` : "";
    const measured = validation === null ? "" : `, ${this.#metric} ${this.#metricText(validation)}`;
    const line = `epoch ${epoch + 1}/${this.#epochs}: loss ${loss.toFixed(4)}${measured}, ${durationText(seconds)}${rate}`;
    this.#terminal.note(line);
  }

  #metricText(value: number): string {
    return this.#metric === "accuracy" ? percentText(value, 2) : String(Number(value.toPrecision(5)));
  }
}
