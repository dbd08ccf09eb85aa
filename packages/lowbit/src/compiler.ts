import type { Backend } from "@lowbit/backend-kit";
import { arm } from "@lowbit/backend-arm";
import { x86 } from "@lowbit/backend-x86";
import { cloneModel, type Model } from "@lowbit/ir";
import {
  floatPasses,
  parsePipeline,
  runPasses,
  type Pass,
  type PassRegistry,
  type PipelineReport,
  type RunOptions,
} from "@lowbit/rewrite";
import { backendNamed } from "./backends/backend-named.ts";

/** What a compiler is made of. */
export interface CompilerOptions {
  /** Default: `x86()` and `arm()`. */
  readonly backends?: readonly Backend[];
  /** Passes of the user, for pipelines given as text; they stand beside those of lowbit. */
  readonly passes?: readonly Pass[];
}

/** How a model is optimized. */
export interface OptimizeOptions extends RunOptions {
  /** A pipeline as text, such as `default,my-pass{limit=3}`, or as passes. Default: `default`. */
  readonly passes?: string | readonly Pass[];
}

/** An optimized model and what the passes did. */
export interface Optimized {
  readonly model: Model;
  readonly report: PipelineReport;
}

/** The backends and passes of one user of lowbit, by name. */
export interface Compiler {
  readonly backends: readonly Backend[];
  readonly registry: PassRegistry;
  /** @throws CompileError `backend/unknown` */
  backend(name: string): Backend;
  /** @throws CompileError `pipeline/…` */
  pipeline(text: string): readonly Pass[];
  /** A copy of the model, optimized. @throws CompileError `pipeline/…`, and what the passes throw */
  optimize(model: Model, options?: OptimizeOptions): Optimized;
}

/** Makes a compiler out of backends and passes; nothing is registered anywhere else. */
export function createCompiler(options: CompilerOptions = {}): Compiler {
  const backends = options.backends ?? [x86(), arm()];
  const registry: PassRegistry = {
    ...floatPasses,
    passes: [...floatPasses.passes, ...(options.passes ?? [])],
  };
  const pipeline = (text: string): readonly Pass[] => parsePipeline(text, registry);
  return {
    backends,
    registry,
    backend: (name) => backendNamed(name, backends),
    pipeline,
    optimize(model, { passes = "default", ...run } = {}) {
      const copy = cloneModel(model);
      const report = runPasses(copy, typeof passes === "string" ? pipeline(passes) : passes, run);
      return { model: copy, report };
    },
  };
}
