import type { Model } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import { convert } from "../convert/convert.ts";
import { keepFloatWeights } from "../lower/keep-float-weights.ts";

/**
 * A prepared model as ONNX Runtime is to run it for an improvement: converted, and with the layers that the plan leaves float
 * kept from having their weights rounded by the runtime, as every backend does. Otherwise the layers behind them would be
 * fitted to errors that the deployed model does not make. The prepared model must not be used any more.
 */
export function asDeployed(prepared: Model): Model {
  const model: Model = { ...prepared, graph: convert(prepared.graph) };
  runPasses(model, [keepFloatWeights]);
  return model;
}
