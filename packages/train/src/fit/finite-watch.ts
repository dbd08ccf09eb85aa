import type { CompileError, Tensor } from "@lowbit/ir";
import type { Batch } from "../data/dataset.ts";
import { notFinite } from "../diagnostics.ts";
import { unpackState, type NamedState } from "../engine/state.ts";
import type { Runner } from "../engine/runner.ts";
import type { Engine } from "./engine.ts";
import type { Saver } from "./saver.ts";
import { isFinite } from "./is-finite.ts";
import { firstNotFinite, type Steps } from "./first-not-finite.ts";

/** Stops a run whose numbers are no numbers any more, and tells where that began. */
export class FiniteWatch {
  readonly #engine: Engine;
  readonly #saver: Saver;
  #last: { readonly runner: Runner; readonly steps: Steps } | null = null;

  /** @param saver knows what is kept of the run */
  constructor(engine: Engine, saver: Saver) {
    this.#engine = engine;
    this.#saver = saver;
  }

  /** Looks at the losses of a run, and at a sample of the state it left. @throws CompileError `train/not-finite` */
  async ran(
    runner: Runner,
    batches: readonly Batch[],
    firstStep: number,
    learningRates: readonly number[],
    losses: Float32Array,
  ): Promise<void> {
    this.#last = { runner, steps: { batches, firstStep, learningRates } };
    const bad = losses.findIndex((loss) => !Number.isFinite(loss));
    if (bad >= 0) throw await this.#notFinite(`the loss became ${losses[bad]}`, firstStep + bad);
    if (!(await this.#engine.seemsFinite())) await this.state();
  }

  /** The run's state, all of it numbers. @throws CompileError `train/not-finite` */
  async state(): Promise<NamedState> {
    const state = await this.#engine.state();
    for (const [name, tensor] of state) {
      if (isFinite(tensor) || this.#beganNotFinite(name)) continue;
      const step = this.#last ? this.#last.steps.firstStep + this.#last.steps.batches.length - 1 : 0;
      throw await this.#notFinite(`"${name}" holds ${firstBad(tensor)}`, step);
    }
    return state;
  }

  /** Ranges that nothing was observed in yet are infinite. */
  #beganNotFinite(name: string): boolean {
    const initial = this.#engine.graph.value(name)?.initializer;
    return initial !== null && initial !== undefined && !isFinite(initial);
  }

  async #notFinite(what: string, step: number): Promise<CompileError> {
    return notFinite(what, step, await this.#begin(), this.#saver.savedSteps);
  }

  async #begin(): Promise<string | null> {
    const { runner, steps } = this.#last ?? {};
    if (!steps || !runner) return null;
    const options = this.#engine.stepOptions(steps.batches[0]!.size);
    // A step that was made in parts is repeated as a whole, whose state lies otherwise.
    const before = unpackState(runner.slots, await runner.stateBefore());
    return firstNotFinite(this.#engine.graph, options, before, steps);
  }
}

function firstBad(tensor: Tensor): number {
  return tensor.numbers().find((value) => !Number.isFinite(value))!;
}
