import { Tensor, type Model } from "@lowbit/ir";
import { Session, type Feeds, type SessionOptions } from "@lowbit/runtime";
import type { Segment } from "./segments.ts";
import { switchesName } from "./switchable-graph.ts";

/** Values at a cut, by name. */
export type CutValues = Readonly<Record<string, Tensor>>;

/** What the run of a segment gave: the values at the cut behind it, and what was fetched besides. */
export interface SegmentResult {
  readonly after: CutValues;
  readonly fetched: CutValues;
}

/** A switchable graph as sessions, one per segment. Call `release` when done. */
export class SegmentedModel {
  readonly segments: readonly Segment[];
  readonly #sessions: readonly Session[];
  readonly #switches: number;

  private constructor(segments: readonly Segment[], sessions: readonly Session[], switches: number) {
    this.segments = segments;
    this.#sessions = sessions;
    this.#switches = switches;
  }

  /** @param switches how many there are @throws CompileError `runtime/load` */
  static async create(
    model: Model,
    segments: readonly Segment[],
    switches: number,
    threads: number | undefined,
  ): Promise<SegmentedModel> {
    const runtime: SessionOptions = {
      ...(threads === undefined ? {} : { threads }),
      // Threads wait actively while a segment runs, and not on the cores that the next one needs.
      config: { "session.force_spinning_stop": "1" },
    };
    const sessions: Session[] = [];
    try {
      for (const { graph } of segments) {
        sessions.push(await Session.create({ ...model, graph }, runtime));
      }
    } catch (error) {
      for (const session of sessions) await session.release();
      throw error;
    }
    return new SegmentedModel(segments, sessions, switches);
  }

  /** Runs one segment. */
  async run(
    index: number,
    before: CutValues,
    on: ReadonlySet<number>,
    fetches: readonly string[] = [],
  ): Promise<SegmentResult> {
    const { inputs, outputs, readsSwitches } = this.segments[index]!;
    const session = this.#sessions[index]!;
    const computed = new Set(session.outputs.map(({ name }) => name));
    const feeds: Feeds = {
      ...Object.fromEntries(inputs.map((name) => [name, before[name]!])),
      ...(readsSwitches ? { [switchesName]: this.#vector(on) } : {}),
    };
    const wanted = [...new Set([...outputs, ...fetches])].filter((name) => computed.has(name));
    const results = wanted.length === 0 ? {} : await session.run(feeds, wanted);
    const pick = (names: readonly string[]): CutValues =>
      Object.fromEntries(names.map((name) => [name, results[name] ?? before[name]!]));
    return { after: pick(outputs), fetched: pick(fetches) };
  }

  /** Runs from a cut to the end and returns the results of the graph. */
  async runFrom(index: number, before: CutValues, on: ReadonlySet<number>): Promise<CutValues> {
    let values = before;
    for (let at = index; at < this.segments.length; at++) values = (await this.run(at, values, on)).after;
    return values;
  }

  async release(): Promise<void> {
    for (const session of this.#sessions) await session.release();
  }

  #vector(on: ReadonlySet<number>): Tensor {
    const bytes = Uint8Array.from({ length: this.#switches }, (_, i) => (on.has(i) ? 1 : 0));
    return Tensor.fromBytes("bool", [this.#switches], bytes);
  }
}
