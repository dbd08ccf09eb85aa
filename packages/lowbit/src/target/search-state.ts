import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { writeWholeFile } from "@lowbit/ir";
import type { PlanJson, RangeCut } from "@lowbit/quantize";
import { badSearchState, searchStateOfOther } from "./diagnostics.ts";
import type { Reached } from "./measure-model.ts";

/** What tried plans reached, in a file of JSON lines, so that an interrupted search can go on. */
export class SearchState {
  readonly #path: string | null;
  readonly #known: Map<string, Reached>;
  #ranges: readonly RangeCut[] | null;

  private constructor(path: string | null, known: Map<string, Reached>, ranges: readonly RangeCut[] | null) {
    this.#path = path;
    this.#known = known;
    this.#ranges = ranges;
  }

  /**
   * Opens a state, which is made when there is none. @param path null: nothing is kept @param digest of what is searched
   *
   * @throws CompileError `target/state` for a file of another search, or of something else; `file/write`
   */
  static open(path: string | null, digest: string): SearchState {
    if (path === null) return new SearchState(null, new Map(), null);
    if (!existsSync(path)) {
      writeWholeFile(path, Buffer.from(`${JSON.stringify({ format, digest })}\n`));
      return new SearchState(path, new Map(), null);
    }
    const [header, ...lines] = readFileSync(path, "utf8").split("\n").slice(0, -1).map(parsed);
    if (header?.["format"] !== format) throw badSearchState(path);
    if (header["digest"] !== digest) throw searchStateOfOther(path);
    // A line that was cut off by the end of the process does not count.
    const known = lines.flatMap((line): [string, Reached][] =>
      line?.["plan"] ? [[line["plan"] as string, line["reached"] as Reached]] : [],
    );
    const cuts = lines.find((line) => line?.["ranges"])?.["ranges"] ?? null;
    return new SearchState(path, new Map(known), cuts as readonly RangeCut[] | null);
  }

  /** What is known of a plan on so many samples, or what `measure` finds. */
  async reached(plan: PlanJson, samples: number, measure: () => Promise<Reached>): Promise<Reached> {
    const key = digestOf([plan, samples]);
    const known = this.#known.get(key);
    if (known) return known;
    const reached = await measure();
    this.#known.set(key, reached);
    this.#append({ plan: key, reached });
    return reached;
  }

  /** The ranges that are known to be worth cutting, or those that `find` finds. */
  async ranges(find: () => Promise<readonly RangeCut[]>): Promise<readonly RangeCut[]> {
    if (this.#ranges === null) {
      this.#ranges = await find();
      this.#append({ ranges: this.#ranges });
    }
    return this.#ranges;
  }

  #append(line: object): void {
    if (this.#path !== null) appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }
}

const format = "lowbit-target-3";

/** A digest of JSON. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}
