import type { Graph } from "@lowbit/ir";
import type { Batch } from "../data/dataset.ts";
import { notFinite } from "../diagnostics.ts";
import { Engine } from "./engine.ts";
import type { FitEvent, FitOptions } from "./fit-options.ts";
import { Saver } from "./saver.ts";
import { constantSchedule } from "./schedule.ts";

/** How long one call into ONNX Runtime should take: long enough to carry the state cheaply, short enough to report. */
const secondsPerRun = 0.4;
/** Most bytes of batches handed over in one call. */
const bytesPerRun = 64 * 2 ** 20;

/**
 * Trains a graph and reports on the way; the last event carries the trained graph, a copy with the learned values. The
 * caller may stop iterating at any time.
 *
 * @throws CompileError `train/not-finite`, `train/checkpoint`, `train/other-training`, and what `trainStep` throws
 */
export async function* fit(graph: Graph, options: FitOptions): AsyncGenerator<FitEvent, void, undefined> {
  const { epochs = 1, batch = 32, learningRate = 1e-3, schedule = constantSchedule, seed = 0, data } = options;
  const { samples } = options;
  const perEpoch = data.size === null ? null : Math.min(data.size, samples ?? data.size);
  const stepsPerEpoch = perEpoch === null ? null : Math.ceil(perEpoch / batch);
  const totalSteps = stepsPerEpoch === null ? null : stepsPerEpoch * epochs;
  const saver = new Saver(graph, options);
  const engine = new Engine(graph, options);
  let at = saver.load((state) => engine.restore(state));
  if (at.steps > 0) yield { kind: "resumed", epoch: at.epoch, step: at.steps };
  let perRun = 1;
  try {
    for (; at.epoch < epochs; at = { ...at, epoch: at.epoch + 1, batches: 0, lossSum: 0 }) {
      const { epoch } = at;
      const phase = await engine.enter(epoch);
      if (phase) yield { kind: "phase", epoch, name: phase.name };
      let seconds = 0;
      const left = skip(
        data.batches({ batch, shuffle: seed + epoch, ...(samples === undefined ? {} : { samples }) }),
        at.batches,
      );
      for await (const group of groups(left, () => perRun)) {
        const progress = (step: number): number => (totalSteps === null ? epoch / epochs : step / totalSteps);
        const rates = group.map((_, index) => learningRate * schedule(progress(at.steps + index)));
        const runner = await engine.runner(group[0]!.size);
        const started = performance.now();
        const losses = await runner.run(engine.stateFor(runner), group, at.steps + 1, rates);
        const elapsed = (performance.now() - started) / 1000;
        losses.forEach((loss, index) => {
          if (!Number.isFinite(loss)) throw notFinite(at.steps + index + 1, loss);
        });
        const sum = losses.reduce((a, b) => a + b, 0);
        const done = group.length;
        at = { epoch, batches: at.batches + done, steps: at.steps + done, lossSum: losses.reduce(add, at.lossSum) };
        seconds += elapsed;
        perRun = runLength(done / elapsed, group[0]!);
        yield {
          kind: "progress",
          epoch,
          step: at.steps,
          steps: totalSteps,
          loss: sum / done,
          stepsPerSecond: done / elapsed,
        };
        if (saver.due() || options.signal?.aborted) {
          if (saver.save(at, engine.state())) yield { kind: "saved", epoch, step: at.steps };
          if (!options.signal?.aborted) continue;
          yield { kind: "stopped", epoch, step: at.steps };
          return;
        }
      }
      const validation = options.validate ? await options.validate(engine.current()) : null;
      yield { kind: "epoch", epoch, loss: at.lossSum / at.batches, steps: at.batches, seconds, validation };
      const next = { epoch: epoch + 1, batches: 0, steps: at.steps, lossSum: 0 };
      if (saver.save(next, engine.state())) yield { kind: "saved", epoch, step: at.steps };
    }
    yield { kind: "done", graph: engine.current() };
  } finally {
    await engine.release();
  }
}

function add(a: number, b: number): number {
  return a + b;
}

/** What comes after the first `count` items. */
async function* skip<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let left = count;
  for await (const item of items) {
    if (left > 0) left--;
    else yield item;
  }
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

/** Consecutive batches of one size, at most as many as `limit` says when a group begins. */
async function* groups(batches: AsyncIterable<Batch>, limit: () => number): AsyncGenerator<readonly Batch[]> {
  let group: Batch[] = [];
  let room = limit();
  for await (const batch of batches) {
    if (group.length > 0 && (group.length >= room || batch.size !== group[0]!.size)) {
      yield group;
      group = [];
      room = limit();
    }
    group.push(batch);
  }
  if (group.length > 0) yield group;
}
