import { cloneModel, type Diagnostic, type Model } from "@lowbit/ir";
import { inferenceMode, runPasses } from "@lowbit/rewrite";
import { convert } from "./convert/convert.ts";
import { lowestOpset } from "./lower/lowest-opset.ts";
import type { QuantizationBackend } from "./quantizer.ts";

/** The metadata key under which a model says which backend it was lowered for. */
export const backendKey = "lowbit.backend";

/** A model for a backend, and what its passes reported. */
export interface DeployedModel {
  readonly model: Model;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The last step for a prepared model, trained or static: takes it out of training mode, converts it to integers, lowers it
 * for a backend, and declares the lowest opset that can say the result. The prepared model stays as it is.
 *
 * @throws CompileError what `convert` and the backend's passes throw
 */
export function deployModel(prepared: Model, backend: QuantizationBackend): DeployedModel {
  const metadata = new Map(prepared.metadata).set(backendKey, backend.name);
  const used = cloneModel(prepared);
  runPasses(used, [inferenceMode]);
  const model: Model = { ...prepared, graph: convert(used.graph), opsets: new Map(prepared.opsets), metadata };
  const report = runPasses(model, [...backend.lower, lowestOpset]);
  return { model, diagnostics: report.diagnostics };
}
