import { cloneModel, elementCount, GraphEditor, type Model, type Tensor, type Value } from "@lowbit/ir";
import { Session, type Feeds, type SessionOptions } from "@lowbit/runtime";
import { dequantized } from "./layer-weight.ts";
import type { ModelLayer } from "./model-layers.ts";

/**
 * A model that also gives the results of some of its layers: floats as they are, and codes as codes, so that what the
 * runtime makes of the layers stays the same.
 */
export class TappedModel {
  readonly #session: Session;
  readonly #layers: readonly ModelLayer[];

  private constructor(session: Session, layers: readonly ModelLayer[]) {
    this.#session = session;
    this.#layers = layers;
  }

  /** @throws CompileError `runtime/load` */
  static async create(model: Model, layers: readonly ModelLayer[], options: SessionOptions): Promise<TappedModel> {
    const tapped = cloneModel(model);
    const { graph } = tapped;
    const extra = tapsOf(layers).map(({ name }) => graph.value(name)!);
    new GraphEditor(graph).setOutputs([...graph.outputs, ...extra.filter((value) => !value.isGraphOutput)]);
    return new TappedModel(await Session.create(tapped, options), layers);
  }

  /** What the layers and the results of the model are for some inputs. @throws CompileError `runtime/feed`, `runtime/run` */
  async run(feeds: Feeds): Promise<TappedRun> {
    const found = await this.#session.run(feeds);
    const layers = this.#layers.map(({ result, grid }): Tensor => {
      const tensor = found[result.name] ?? feeds[result.name]!;
      return grid === null ? tensor : dequantized(tensor, grid);
    });
    return { layers, outputs: found };
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** Values of one run. */
export interface TappedRun {
  /** In the order of the layers. */
  readonly layers: readonly Tensor[];
  /** By name. */
  readonly outputs: Feeds;
}

/** Bytes that the taps of a model give for one sample, where shapes tell. */
export function tapBytes(layers: readonly ModelLayer[]): number {
  return tapsOf(layers).reduce((sum, { shape }) => sum + 4 * (elementCount(shape?.slice(1) ?? null) ?? 0), 0);
}

/** Results that have to be asked for. */
function tapsOf(layers: readonly ModelLayer[]): readonly Value[] {
  return [...new Set(layers.map(({ result }) => result))].filter((value) => !value.isGraphInput);
}
