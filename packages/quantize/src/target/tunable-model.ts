import { Tensor, type Model } from "@lowbit/ir";
import { Session, type Feeds } from "@lowbit/runtime";
import {
  hasOneScale,
  scalesName,
  switchableGraph,
  switchesName,
  withoutDeadCode,
} from "../analyze/switchable-graph.ts";
import { quantizedParts } from "../analyze/layers.ts";
import { settledGraph } from "../convert/settled-graph.ts";
import type { QuantPlan } from "../plan/plan.ts";

/** A place where a tunable model rounds activations, in graph order. */
export interface TunableValue {
  /** The name of the float value. */
  readonly name: string;
  /** The scale it has by calibration; null where it has several. */
  readonly scale: number | null;
  readonly zeroPoint: number;
}

/** A model whose activations are rounded with scales that each run is given. Call `release` when done. */
export class TunableModel {
  readonly values: readonly TunableValue[];
  readonly #session: Session;
  readonly #layers: number;

  private constructor(session: Session, values: readonly TunableValue[], layers: number) {
    this.#session = session;
    this.values = values;
    this.#layers = layers;
  }

  /** @param prepared a model prepared in `static` mode with this plan @throws CompileError `runtime/load` */
  static async create(prepared: Model, plan: QuantPlan, threads: number | undefined): Promise<TunableModel> {
    const graph = settledGraph(prepared.graph);
    const parts = quantizedParts(graph, plan);
    const values = parts.values.map(({ name, node }): TunableValue => {
      const [, scale, zeroPoint] = node.inputs;
      return {
        name,
        scale: hasOneScale(node) ? scale!.constant!.floats()[0]! : null,
        zeroPoint: zeroPoint!.constant!.numbers()[0]!,
      };
    });
    switchableGraph(graph, parts, () => null, true);
    withoutDeadCode(graph);
    const session = await Session.create({ ...prepared, graph }, threads === undefined ? {} : { threads });
    return new TunableModel(session, values, parts.layers.length);
  }

  /** Runs it with some values rounded, by index, with the scales that are given for them, and all weights in float. */
  async run(inputs: Feeds, rounded: ReadonlyMap<number, number>): Promise<readonly Float32Array[]> {
    const switches = new Uint8Array(this.#layers + this.values.length);
    for (const index of rounded.keys()) switches[this.#layers + index] = 1;
    const scales = Float32Array.from(this.values, ({ scale }, index) => rounded.get(index) ?? scale ?? 1);
    const results = await this.#session.run({
      ...inputs,
      [switchesName]: Tensor.fromBytes("bool", [switches.length], switches),
      [scalesName]: Tensor.fromTyped("float", [scales.length], scales),
    });
    return this.#session.outputs.map(({ name }) => results[name]!.floats());
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
