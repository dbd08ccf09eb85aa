import { modelBytes, type Model, type Tensor } from "@lowbit/ir";
import * as ort from "onnxruntime-node";
import { dtypeOf, fromRuntime, toRuntime } from "./convert-tensor.ts";
import { cannotLoad, cannotRun } from "./diagnostics.ts";
import { checkedFeeds, type Feeds, type Port } from "./feeds.ts";

/** How ONNX Runtime should run a model; every default is ONNX Runtime's own except where noted. */
export interface SessionOptions {
  /** Threads inside one op. Default: one per core. */
  readonly threads?: number;
  /** Which of ONNX Runtime's own graph optimizations run. Default `all`. */
  readonly optimization?: "disabled" | "basic" | "extended" | "all";
  /** Plan memory ahead from the first run's shapes: faster, but holds more memory. */
  readonly memoryPattern?: boolean;
  /** Keep freed memory for the session's next run: faster, but all of it stays taken until the session is released. */
  readonly memoryArena?: boolean;
  /**
   * Only in a `ThreadSession`: all results are written where they stay instead of being copied, into memory that the run
   * before last was fed where that fits. Worth it for results of megabytes.
   */
  readonly resultsInPlace?: boolean;
  /** Session configuration entries by name, for example `{ "session.disable_quant_qdq": "1" }`. */
  readonly config?: Readonly<Record<string, string>>;
  /** Save the graph ONNX Runtime made out of the model to this file. */
  readonly optimizedModelPath?: string;
  /** Record a profile; its path comes from `Session.endProfiling`. */
  readonly profilePrefix?: string;
}

/** A model loaded into ONNX Runtime. Call `release` when done: the memory is not JavaScript's. */
export class Session {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly #session: ort.InferenceSession;

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
    this.inputs = session.inputMetadata.map(portOf);
    this.outputs = session.outputMetadata.map(portOf);
  }

  /**
   * Loads a model: in memory, as file bytes, or by path (the way for models whose data lies beside them).
   *
   * @throws CompileError `runtime/load`
   */
  static async create(model: Model | Uint8Array | string, options: SessionOptions = {}): Promise<Session> {
    const source = typeof model === "string" || model instanceof Uint8Array ? model : modelBytes(model);
    try {
      const session =
        typeof source === "string"
          ? await ort.InferenceSession.create(source, runtimeOptions(options))
          : await ort.InferenceSession.create(source, runtimeOptions(options));
      return new Session(session);
    } catch (error) {
      throw cannotLoad(typeof model === "string" ? `"${model}"` : "the model", errorText(error));
    }
  }

  /**
   * Runs the model once. Results are fresh memory; only the named ones are computed and copied (default: all).
   *
   * @throws CompileError `runtime/feed` before running when a tensor is missing or of another dtype, `runtime/run`
   */
  async run(feeds: Feeds, fetches?: readonly string[]): Promise<Record<string, Tensor>> {
    const inputs = Object.fromEntries(
      checkedFeeds(this.inputs, feeds).map(([name, tensor]) => [name, toRuntime(tensor)]),
    );
    let results: Record<string, ort.OnnxValue>;
    try {
      results = await (fetches ? this.#session.run(inputs, [...fetches]) : this.#session.run(inputs));
    } catch (error) {
      throw cannotRun(errorText(error));
    }
    return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, fromRuntime(value as ort.Tensor)]));
  }

  /** Stops profiling; ONNX Runtime has written its file by then. */
  endProfiling(): void {
    this.#session.endProfiling();
  }

  /** Gives the memory back; the session cannot run any more. */
  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** Session options as onnxruntime-node takes them. */
export function runtimeOptions(options: SessionOptions): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: ["cpu"],
    graphOptimizationLevel: options.optimization ?? "all",
    enableMemPattern: options.memoryPattern ?? true,
    enableCpuMemArena: options.memoryArena ?? true,
    // Errors come as exceptions; the runtime would print them a second time.
    logSeverityLevel: 4,
    ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
    ...(options.optimizedModelPath === undefined ? {} : { optimizedModelFilePath: options.optimizedModelPath }),
    ...(options.profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: options.profilePrefix }),
    ...(options.config ? { extra: nested(options.config) } : {}),
  };
}

/** `{ "session.a": "1" }` as the nested object the JavaScript API wants. */
function nested(config: Readonly<Record<string, string>>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(config)) {
    const parts = path.split(".");
    let at = root;
    for (const part of parts.slice(0, -1)) at = (at[part] ??= {}) as Record<string, unknown>;
    at[parts.at(-1)!] = value;
  }
  return root;
}

/** What a session takes or gives under one name. @throws CompileError `runtime/load` for what is not a tensor */
export function portOf(metadata: ort.InferenceSession.ValueMetadata): Port {
  if (!metadata.isTensor) throw cannotLoad("the model", `"${metadata.name}" is not a tensor`);
  return { name: metadata.name, dtype: dtypeOf(metadata.type), shape: metadata.shape };
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
