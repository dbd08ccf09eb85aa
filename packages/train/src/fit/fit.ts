import type { Graph } from "@lowbit/ir";
import { augmented } from "../data/augment/augmentation.ts";
import type { Batch } from "../data/dataset.ts";
import { noValidation } from "../diagnostics.ts";
import type { NamedState } from "../engine/state.ts";
import { Ahead, groups, skip } from "./ahead.ts";
import { isBetter } from "./best-epoch.ts";
import { changedCodes } from "./changed-codes.ts";
import { checkTargets } from "./check-training.ts";
import { Engine } from "./engine.ts";
import type { FitEvent, FitOptions } from "./fit-options.ts";
import { FiniteWatch } from "./finite-watch.ts";
import { parameterChoice } from "./parameter-choice.ts";
import { Saver } from "./saver.ts";
import { constantSchedule } from "./schedule.ts";

/** How long one call into ONNX Runtime should take: long enough to carry the state cheaply, short enough to report. */
const secondsPerRun = 0.4;
/** Most bytes of batches handed over in one call. */
const bytesPerRun = 64 * 2 ** 20;

/**
 * Trains a graph and reports on the way; the last event carries the trained graph, a copy with the learned values. The
 * caller may stop iterating at any time. The next batches are prepared while the steps under way run.
 *
 * @throws CompileError `train/not-finite`, `train/checkpoint`, `train/checkpoint-exists`,
 *   `train/nothing-to-resume`, `train/other-training`, `train/no-validation`, `data/no-targets`,
 *   and what `trainStep` throws
 */
export async function* fit(graph: Graph, options: FitOptions): AsyncGenerator<FitEvent, void, undefined> {
  const { epochs = 1, batch = 32, learningRate = 1e-3, schedule = constantSchedule, seed = 0, data } = options;
  const { samples, augment = [], keep = "last", better = "higher", patience = Infinity, validate, codes } = options;
  if (!validate && (keep === "best" || patience !== Infinity)) throw noValidation();
  const perEpoch = data.size === null ? null : Math.min(data.size, samples ?? data.size);
  const stepsPerEpoch = perEpoch === null ? null : Math.ceil(perEpoch / batch);
  const totalSteps = stepsPerEpoch === null ? null : stepsPerEpoch * epochs;
  checkTargets(options);
  const saver = new Saver(graph, options);
  const choice = parameterChoice(graph, options);
  if (choice) yield { kind: "chosen", ...choice };
  const engine = new Engine(graph, options);
  let { position: at, best } = saver.load((state) => engine.restore(state));
  if (at.steps > 0) yield { kind: "resumed", epoch: at.epoch, step: at.steps };
  let perRun = 1;
  let ahead: Ahead<readonly Batch[]> | null = null;
  try {
    for (; at.epoch < epochs; at = { ...at, epoch: at.epoch + 1, batches: 0, lossSum: 0, seconds: 0 }) {
      const { epoch } = at;
      if (best && epoch - 1 - best.epoch >= patience) {
        yield { kind: "ended-early", epoch: epoch - 1, bestEpoch: best.epoch };
        break;
      }
      const phase = await engine.enter(epoch);
      if (phase) yield { kind: "phase", epoch, name: phase.name };
      const watch = new FiniteWatch(engine, saver);
      const before = codes && at.batches === 0 ? codes(engine.withState(engine.kept(await engine.state()))) : null;
      const drawn = data.batches({ batch, shuffle: seed + epoch, ...(samples === undefined ? {} : { samples }) });
      const left = augmented(skip(drawn, at.batches), augment, { seed, epoch, first: at.batches * batch });
      ahead = new Ahead(groups(left, () => perRun));
      for (let group = await ahead.take(); group;) {
        const progress = (step: number): number => (totalSteps === null ? epoch / epochs : step / totalSteps);
        const rates = group.map((_, index) => learningRate * schedule(progress(at.steps + index)));
        const runner = await engine.runner(group[0]!.size);
        const started = performance.now();
        const running = runner.run(engine.stateFor(runner), group, at.steps + 1, rates);
        ahead.prepare();
        const losses = await running;
        const stepsPerSecond = (1000 * group.length) / (performance.now() - started);
        perRun = Math.min(runner.mostSteps, runLength(stepsPerSecond, group[0]!));
        await watch.ran(runner, group, at.steps + 1, rates, losses);
        const done = group.length;
        group = await ahead.take();
        const elapsed = (performance.now() - started) / 1000;
        at = {
          epoch,
          batches: at.batches + done,
          steps: at.steps + done,
          lossSum: losses.reduce(add, at.lossSum),
          seconds: at.seconds + elapsed,
        };
        yield {
          kind: "progress",
          epoch,
          step: at.steps,
          steps: totalSteps,
          loss: losses.reduce(add, 0) / done,
          learningRate: rates.at(-1)!,
          stepsPerSecond: done / elapsed,
        };
        const stops = options.signal?.aborted === true;
        if (saver.isOn && (stops || saver.due())) {
          saver.save({ position: at, state: await watch.state(), best });
          yield { kind: "saved", epoch, step: at.steps };
        }
        if (!stops) continue;
        yield { kind: "stopped", epoch, step: at.steps };
        return;
      }
      const state: NamedState = await watch.state();
      const kept = engine.kept(state);
      const validation = validate ? await validate(engine.withState(kept)) : null;
      const isBest = validation === null ? null : isBetter(validation, best, better);
      if (isBest) best = { epoch, validation: validation!, state: kept };
      const { steps, seconds } = at;
      yield {
        kind: "epoch",
        epoch,
        loss: at.lossSum / at.batches,
        steps: at.batches,
        seconds,
        validation,
        best: isBest,
        changedCodes: before && codes ? changedCodes(before, codes(engine.withState(kept))) : null,
      };
      if (saver.isOn) {
        saver.save({ position: { epoch: epoch + 1, batches: 0, steps, lossSum: 0, seconds: 0 }, state, best });
        yield { kind: "saved", epoch, step: steps };
      }
    }
    const last = at.epoch - 1;
    await engine.enter(last);
    const { epoch, state } = keep === "best" && best ? best : { epoch: last, state: engine.kept(await engine.state()) };
    yield { kind: "done", graph: engine.graphAt(epoch, state), epoch };
  } finally {
    await ahead?.close();
    await engine.release();
  }
}

function add(a: number, b: number): number {
  return a + b;
}

/** Trains a graph to the end and returns the trained copy. */
export async function train(graph: Graph, options: FitOptions, onEvent?: (event: FitEvent) => void): Promise<Graph> {
  let trained = graph;
  for await (const event of fit(graph, options)) {
    onEvent?.(event);
    if (event.kind === "done") trained = event.graph;
  }
  return trained;
}

function runLength(stepsPerSecond: number, batch: Batch): number {
  const bytes = Object.values(batch.inputs).reduce((sum, tensor) => sum + tensor.source.byteLength, 0);
  const affordable = Math.floor(bytesPerRun / Math.max(1, bytes));
  return Math.max(1, Math.min(Math.round(stepsPerSecond * secondsPerRun), affordable));
}
