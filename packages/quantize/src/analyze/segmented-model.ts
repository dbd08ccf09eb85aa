import { Tensor, type Graph, type Model } from "@lowbit/ir";
import { graphsWithin } from "@lowbit/rewrite";
import { SessionChain, type KeptValues, type SessionOptions } from "@lowbit/runtime";
import { fixGraph } from "./fixed-graph.ts";
import type { Segment } from "./segments.ts";
import { switchesName } from "./switchable-graph.ts";

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Values at a cut: they stay on the thread of their model until they are dropped. */
export type Cut = KeptValues;

/** Most bytes that the forms without switches may take in all lanes together. */
const mostFixedBytes = 256 * 2 ** 20;

/**
 * The segments of a switchable graph, loaded on a thread of their own. Where it is small there are also forms of it from
 * each cut to the end without switches, which run faster. Call `release` when done.
 */
export class SegmentedModel {
  readonly segments: readonly Segment[];
  readonly #chain: SessionChain;
  readonly #switches: number;
  readonly #hasFixed: boolean;

  private constructor(segments: readonly Segment[], chain: SessionChain, switches: number, hasFixed: boolean) {
    this.segments = segments;
    this.#chain = chain;
    this.#switches = switches;
    this.#hasFixed = hasFixed;
  }

  /**
   * @param switches how many there are
   * @param place models of other lanes run at the same time, of so many
   * @throws CompileError `runtime/load`
   */
  static async create(
    model: Model,
    segments: readonly Segment[],
    switches: number,
    place: { readonly lane: number; readonly lanes: number; readonly threads: number },
  ): Promise<SegmentedModel> {
    const { lane, lanes, threads } = place;
    const runtime: SessionOptions = {
      threads,
      // Many sessions take turns: what each would hold for its next run adds up to more than its speed is worth.
      memoryArena: false,
      // Threads wait actively while a segment runs, and not on the cores that the next one needs.
      ...(threads > 1 ? { config: { "session.force_spinning_stop": "1" } } : {}),
    };
    const own = segments.map(({ graph }) => graph);
    // The switchable graph holds weights in both forms, so what is behind all cuts together holds half as much per form.
    const bytes = own.reduce((sum, graph, index) => sum + index * bytesOf(graph), 0);
    const hasFixed = lanes * bytes <= mostFixedBytes;
    const fixed = (quantized: boolean): readonly Graph[] =>
      segments.map(({ rest }) => {
        const graph = rest();
        fixGraph(graph, quantized);
        return graph;
      });
    const graphs = hasFixed ? [...own, ...fixed(false), ...fixed(true)] : own;
    const models = graphs.map((graph): Model => ({ ...model, graph }));
    return new SegmentedModel(segments, await SessionChain.create(models, runtime, lane), switches, hasFixed);
  }

  /** The cut before the first segment. */
  async begin(inputs: Tensors): Promise<Cut> {
    const { kept } = await this.#chain.run([], { feeds: inputs, fetches: [], keep: Object.keys(inputs) });
    return kept;
  }

  /** Runs one segment by its switches, to the cut behind it. */
  async advance(
    index: number,
    before: Cut,
    on: ReadonlySet<number>,
    fetches: readonly string[],
  ): Promise<{ readonly after: Cut; readonly fetched: Tensors }> {
    const { outputs } = this.segments[index]!;
    const run = { feeds: this.#feeds(on), kept: before, fetches, keep: outputs };
    const { kept, results } = await this.#chain.run([index], run);
    return { after: kept, fetched: results };
  }

  /** Runs segments by their switches, the first and the last included, and gives what is fetched. */
  async run(
    first: number,
    last: number,
    before: Cut,
    on: ReadonlySet<number>,
    fetches: readonly string[],
  ): Promise<Tensors> {
    const run = { feeds: this.#feeds(on), kept: before, fetches };
    return (await this.#chain.run(range(first, last + 1), run)).results;
  }

  /**
   * Runs from a cut to the end, and gives the results of the graph and what is fetched besides.
   *
   * @param last the last segment that is run by its switches; those behind it are all of the given form
   */
  async runToEnd(
    first: number,
    last: number,
    before: Cut,
    on: ReadonlySet<number>,
    form: "float" | "quantized",
    fetches: readonly string[] = [],
  ): Promise<Tensors> {
    const count = this.segments.length;
    const behind = last + 1;
    const fixed = (form === "float" ? count : 2 * count) + behind;
    const rest = this.#hasFixed && behind < count ? [fixed] : range(behind, count);
    const models = [...range(first, behind), ...rest];
    const { outputs } = this.segments.at(-1)!;
    const run = { feeds: this.#feeds(on), kept: before, fetches: [...new Set([...outputs, ...fetches])] };
    return (await this.#chain.run(models, run)).results;
  }

  /** Frees the values at a cut. */
  async drop(cut: Cut): Promise<void> {
    await this.#chain.drop(cut);
  }

  async release(): Promise<void> {
    await this.#chain.release();
  }

  #feeds(on: ReadonlySet<number>): Tensors {
    return { [switchesName]: this.#vector(on) };
  }

  #vector(on: ReadonlySet<number>): Tensor {
    const bytes = Uint8Array.from({ length: this.#switches }, (_, i) => (on.has(i) ? 1 : 0));
    return Tensor.fromBytes("bool", [this.#switches], bytes);
  }
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

/** Of the data in a graph and in its bodies. */
function bytesOf(graph: Graph): number {
  const data = graphsWithin(graph).flatMap(({ initializers }) => [...initializers]);
  return data.reduce((sum, { initializer }) => sum + initializer!.source.byteLength, 0);
}
