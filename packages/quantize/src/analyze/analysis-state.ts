import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { writeWholeFile } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import { analysisStateOfOther, badAnalysisState } from "./diagnostics.ts";
import type { BatchOutcomes } from "./ablation-sums.ts";

/** The outcomes of finished batches in a file of JSON lines, so that an interrupted analysis can go on. */
export class AnalysisState {
  readonly #path: string;
  readonly #finished: readonly Line[];

  private constructor(path: string, finished: readonly Line[]) {
    this.#path = path;
    this.#finished = finished;
  }

  /**
   * Opens a state, which is made when there is none.
   *
   * @param digest of what is analyzed
   * @param asks what is measured of it, in words
   * @throws CompileError `analyze/state` when the file is of another analysis, or no state at all; `file/write`
   */
  static open(path: string, digest: string, asks: string): AnalysisState {
    if (!existsSync(path)) {
      writeWholeFile(path, Buffer.from(`${JSON.stringify({ format, digest, asks } satisfies Header)}\n`));
      return new AnalysisState(path, []);
    }
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
    const header = parsed(lines[0] ?? "") as Partial<Header> | null;
    if (header?.format !== format) throw badAnalysisState(path);
    if (header.digest !== digest) throw analysisStateOfOther(path, "another model, plan or ranges");
    if (header.asks !== asks) throw analysisStateOfOther(path, `${header.asks ?? "another kind"}, not of ${asks}`);
    // A line that was cut off by the end of the process does not count.
    const finished = lines.slice(1).flatMap((line) => (parsed(line) as Line | null) ?? []);
    return new AnalysisState(path, finished);
  }

  /** The outcomes of a batch that was finished before; null when it was not. @throws CompileError `analyze/state` for other data */
  outcomes(batch: number, data: string): BatchOutcomes | null {
    const line = this.#finished[batch];
    if (!line) return null;
    if (line.data !== data) throw analysisStateOfOther(this.#path, `other data (batch ${batch} differs)`);
    return line.outcomes;
  }

  append(data: string, outcomes: BatchOutcomes): void {
    appendFileSync(this.#path, `${JSON.stringify({ data, outcomes } satisfies Line)}\n`);
  }
}

const format = "lowbit-analysis-1";

interface Header {
  readonly format: string;
  readonly digest: string;
  readonly asks: string;
}

interface Line {
  readonly data: string;
  readonly outcomes: BatchOutcomes;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return null;
  }
}

/** A digest of a batch. */
export function feedsDigest(feeds: Feeds, target: Feeds[string] | undefined): string {
  const hash = createHash("sha256");
  for (const [name, tensor] of Object.entries(feeds)) hash.update(name).update(tensor.bytes());
  if (target) hash.update(target.bytes());
  return hash.digest("hex").slice(0, 32);
}
