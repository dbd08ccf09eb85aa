import type { FitEvent } from "lowbit";

const live = process.stderr.isTTY;
/** Returns to the start of a terminal's line and clears it. */
const restart = live ? "\r\u001b[K" : "";

/** Shows training as it goes: one line that changes at a terminal, a line per epoch elsewhere. */
export function showProgress(label: string): (event: FitEvent) => void {
  return (event) => {
    if (event.kind === "progress" && live) {
      const share = event.steps ? `${Math.round((100 * event.step) / event.steps)} %`.padStart(5) : "";
      const rate = `${event.stepsPerSecond.toFixed(0)} steps/s`;
      process.stderr.write(`${restart}  ${label} ${share}  loss ${event.loss.toFixed(4)}  ${rate}`);
    }
    if (event.kind === "epoch") {
      const time = `${event.steps} steps in ${event.seconds.toFixed(1)} s, ${stepsPerSecond(event).toFixed(0)} steps/s`;
      process.stderr.write(`${restart}  ${label}: loss ${event.loss.toFixed(4)}, ${time}\n`);
    }
  };
}

/** Steps per second of an epoch, set-up apart. */
export function stepsPerSecond(event: Extract<FitEvent, { kind: "epoch" }>): number {
  return event.steps / event.seconds;
}

/** Says what is being done now. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
