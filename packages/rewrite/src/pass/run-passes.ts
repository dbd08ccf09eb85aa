import { CompileError, isCanonicalOpset, verifyModel, type Diagnostic, type Model } from "@lowbit/ir";
import { invalidAfter, passFailed, wrongOpset } from "../diagnostics.ts";
import { graphsWithin } from "../graphs-within.ts";
import type { Explanation } from "../rule/explanation.ts";
import type { Pass, PassContext, PassResult } from "./pass.ts";

/** Checks and hooks around passes. */
export interface RunOptions {
  /** Whether the model is verified before the first pass and after every pass that changed something. */
  readonly verifyEach?: boolean;
  /** Called after each pass, parts of a sequence included: the place to print the graph or the time. */
  readonly after?: (record: PassRecord, model: Model) => void;
  readonly explanation?: Explanation;
}

/** One run of one pass. */
export interface PassRecord {
  readonly pass: string;
  /** The sequence it ran in, outermost first; empty for a pass of the pipeline itself. */
  readonly within: readonly string[];
  readonly changed: number;
  readonly milliseconds: number;
  /** Nodes of the main graph and all bodies. */
  readonly nodesBefore: number;
  readonly nodesAfter: number;
}

/** What a pipeline did, as data. */
export interface PipelineReport {
  readonly changed: number;
  readonly diagnostics: readonly Diagnostic[];
  /** In the order the passes ended. */
  readonly records: readonly PassRecord[];
}

/**
 * Runs passes on a model, in place.
 *
 * @throws CompileError what a pass threw, followed by `pass/failed` with its name and its predecessors; or
 *   `pass/invalid-result` where the verifier found something
 */
export function runPasses(model: Model, passes: readonly Pass[], options: RunOptions = {}): PipelineReport {
  const runner = new Runner(options);
  return runner.run(model, passes);
}

class Runner {
  readonly #options: RunOptions;
  readonly #diagnostics: Diagnostic[] = [];
  readonly #records: PassRecord[] = [];
  /** Names of the passes that are running, outermost first. */
  readonly #running: string[] = [];
  readonly #context: PassContext;
  /** The error on its way out that names its pass already. */
  #thrown: unknown = null;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#context = {
      report: (diagnostic) => this.#diagnostics.push(diagnostic),
      explanation: options.explanation ?? null,
      run: (pass, model) => this.#runOne(pass, model),
    };
  }

  run(model: Model, passes: readonly Pass[]): PipelineReport {
    const wrong = this.#findErrors(model);
    if (isNotEmpty(wrong)) throw new CompileError(...wrong);
    let changed = 0;
    for (const pass of passes) changed += this.#runOne(pass, model).changed;
    return { changed, diagnostics: this.#diagnostics, records: this.#records };
  }

  #runOne(pass: Pass, model: Model): PassResult {
    const nodesBefore = nodeCount(model);
    const start = performance.now();
    this.#running.push(pass.name);
    let result: PassResult;
    try {
      checkOpset(pass, model);
      result = pass.run(model, this.#context);
    } catch (error) {
      this.#rethrow(error, pass);
    }
    this.#running.pop();
    const record: PassRecord = {
      pass: pass.name,
      within: [...this.#running],
      changed: result.changed,
      milliseconds: performance.now() - start,
      nodesBefore,
      nodesAfter: result.changed === 0 ? nodesBefore : nodeCount(model),
    };
    if (result.changed > 0) this.#verify(pass, model);
    this.#records.push(record);
    this.#options.after?.(record, model);
    return result;
  }

  #verify(pass: Pass, model: Model): void {
    const wrong = this.#findErrors(model);
    if (isNotEmpty(wrong)) this.#throw(new CompileError(...wrong, invalidAfter(pass.name, this.#history())));
  }

  #findErrors(model: Model): Diagnostic[] {
    return this.#options.verifyEach ? verifyModel(model).filter((each) => each.severity === "error") : [];
  }

  /** Adds the pass's name to what it threw, once: a sequence does not repeat what its part said. */
  #rethrow(error: unknown, pass: Pass): never {
    if (error === this.#thrown) throw error;
    const failure = passFailed(pass.name, this.#history());
    if (error instanceof CompileError) {
      const [first, ...rest] = error.diagnostics;
      this.#throw(new CompileError(first!, ...rest, failure), error);
    }
    const text = error instanceof Error ? error.message : String(error);
    const message = `${text.startsWith("internal:") ? "" : "internal: "}${text} [${failure.message}]`;
    this.#throw(new Error(message), error);
  }

  #throw(error: Error, cause?: unknown): never {
    if (cause !== undefined) error.cause = cause;
    this.#thrown = error;
    throw error;
  }

  #history(): readonly string[] {
    return this.#records.map((record) => record.pass);
  }
}

function checkOpset(pass: Pass, model: Model): void {
  const opset = model.opsets.get("");
  if (!pass.anyOpset && !isCanonicalOpset(opset)) throw new CompileError(wrongOpset(pass.name, opset));
}

function nodeCount(model: Model): number {
  return graphsWithin(model.graph).reduce((sum, graph) => sum + graph.nodes.length, 0);
}

function isNotEmpty<T>(list: readonly T[]): list is [T, ...T[]] {
  return list.length > 0;
}
