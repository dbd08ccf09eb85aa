import type { FitEvent } from "@lowbit/train";

/** Steps in a row that a point of a curve stands for. */
export interface StepPoint {
  /** The last of them, counting from 1 over all epochs. */
  readonly step: number;
  /** Mean. */
  readonly loss: number;
  /** Of the last of them. */
  readonly learningRate: number;
}

/** An epoch of a training. */
export interface EpochPoint {
  /** Counts from 1. */
  readonly epoch: number;
  /** The last step of it. */
  readonly step: number;
  readonly loss: number;
  /** Null without validation. */
  readonly validation: number | null;
  /** Share of the integer weights that the epoch changed, 0 to 1; null where there are none. */
  readonly changedCodes: number | null;
  readonly seconds: number;
}

/** Something that happened before a step: a phase began, a run was resumed or stopped. */
export interface TrainingMark {
  readonly step: number;
  readonly epoch: number;
  readonly kind: "phase" | "resumed" | "stopped" | "ended-early";
  readonly text: string;
}

/** What happened in a training, as a report draws it. */
export interface TrainingCurves {
  readonly epochs: readonly EpochPoint[];
  readonly steps: readonly StepPoint[];
  readonly marks: readonly TrainingMark[];
  /** Steps there were to be; null when the data does not tell. */
  readonly plannedSteps: number | null;
  /** The epoch whose model it is, counting from 1; null while it is not decided. */
  readonly kept: number | null;
  /** Name of what was measured after each epoch; null for nothing. */
  readonly metric: string | null;
}

/** Most points of a curve: more than a screen has pixels is of no use. */
const mostPoints = 1500;

/** Collects what happens in a training; give it every event of `fit`. */
export class TrainingRecord {
  readonly #metric: string | null;
  #epochs: EpochPoint[] = [];
  #marks: TrainingMark[] = [];
  #steps: (StepPoint & { readonly count: number })[] = [];
  #seen = 0;
  #planned: number | null = null;
  #kept: number | null = null;

  /**
   * @param metric name of what `validate` measures; null without it
   * @param earlier of the run that is resumed, if it is known
   */
  constructor(metric: string | null, earlier: TrainingCurves | null = null) {
    this.#metric = metric;
    if (!earlier) return;
    this.#epochs = [...earlier.epochs];
    this.#marks = [...earlier.marks];
    this.#steps = earlier.steps.map((point, i) => ({
      ...point,
      count: point.step - (earlier.steps[i - 1]?.step ?? 0),
    }));
  }

  /** Takes in the next event of a training. */
  event(event: FitEvent): void {
    switch (event.kind) {
      case "progress": {
        const { step, steps, loss, learningRate } = event;
        this.#planned = steps;
        this.#add({ step, loss, learningRate, count: Math.max(1, step - this.#seen) });
        this.#seen = step;
        break;
      }
      case "epoch": {
        const { epoch, loss, validation, seconds, changedCodes } = event;
        const changed = changedCodes?.share ?? null;
        this.#epochs.push({ epoch: epoch + 1, step: this.#seen, loss, validation, changedCodes: changed, seconds });
        break;
      }
      case "phase":
        this.#mark("phase", event.epoch, event.name);
        break;
      case "resumed":
        this.#seen = event.step;
        this.#forgetAfter(event.step);
        this.#mark("resumed", event.epoch, `resumed at step ${event.step}`);
        break;
      case "stopped":
        this.#mark("stopped", event.epoch, `stopped at step ${event.step}`);
        break;
      case "ended-early":
        this.#mark("ended-early", event.epoch, `ended early: nothing was better than epoch ${event.bestEpoch + 1}`);
        break;
      case "done":
        this.#kept = event.epoch + 1;
        break;
      case "chosen":
      case "saved":
        break;
    }
  }

  /** What was collected so far. */
  curves(): TrainingCurves {
    return {
      epochs: [...this.#epochs],
      steps: this.#steps.map(({ step, loss, learningRate }) => ({ step, loss, learningRate })),
      marks: [...this.#marks],
      plannedSteps: this.#planned,
      kept: this.#kept,
      metric: this.#metric,
    };
  }

  /** What came after the last save is run again. */
  #forgetAfter(step: number): void {
    this.#epochs = this.#epochs.filter((each) => each.step <= step);
    this.#steps = this.#steps.filter((each) => each.step <= step);
    this.#marks = this.#marks.filter((each) => each.step <= step && each.kind !== "stopped");
  }

  #mark(kind: TrainingMark["kind"], epoch: number, text: string): void {
    this.#marks.push({ kind, step: this.#seen, epoch: epoch + 1, text });
  }

  #add(point: StepPoint & { readonly count: number }): void {
    this.#steps.push(point);
    if (this.#steps.length <= mostPoints) return;
    const points = this.#steps;
    this.#steps = [];
    for (let i = 0; i < points.length; i += 2) {
      const [a, b] = [points[i]!, points[i + 1]];
      if (!b) this.#steps.push(a);
      else {
        const count = a.count + b.count;
        this.#steps.push({ ...b, count, loss: (a.loss * a.count + b.loss * b.count) / count });
      }
    }
  }
}
