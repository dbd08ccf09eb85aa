import {
  calibrationFeeds,
  evaluate,
  planToJson,
  quantizeModel,
  trainQuantized,
  withWeightScheme,
  type Backend,
  type Dataset,
  type Model,
  type QuantizationAwareOptions,
  type QuantPlan,
} from "lowbit";

/** Bits of weights and activations that are compared: the weights' element type. */
export const schemes = { W8A8: "int8", W4A8: "int4" } as const;

/** Bits of weights and activations. */
export type Scheme = keyof typeof schemes;

/** The backend's plan with the weights of a scheme. */
function withScheme(plan: QuantPlan, scheme: Scheme, granularity: "channel" | "tensor"): QuantPlan {
  return withWeightScheme(plan, { dtype: schemes[scheme], granularity });
}

/** Data to calibrate on and to learn from, and what no part of it learns from. */
export interface Split {
  readonly train: Dataset;
  readonly test: Dataset;
}

/** Right answers on the test data, of how many. */
export interface Hits {
  readonly right: number;
  readonly samples: number;
}

export async function hits(model: Model, test: Dataset): Promise<Hits> {
  const { value, samples } = await evaluate(model, test);
  return { right: Math.round(value * samples), samples };
}

/**
 * Post-training quantization by the observed extremes of weights and of activations: no method that could make up for
 * anything (no range is searched for, no bias corrected, no layer equalized).
 */
export async function afterPtq(
  model: Model,
  backend: Backend,
  scheme: Scheme,
  granularity: "channel" | "tensor",
  split: Split,
): Promise<Hits> {
  const data = (): ReturnType<typeof calibrationFeeds> => calibrationFeeds(split.train, model.graph.inputs);
  const { plan } = await quantizeModel(model, { backend, data: data() });
  const quantized = await quantizeModel(model, {
    backend,
    data: data(),
    plan: planToJson(withScheme(plan, scheme, granularity)),
  });
  return hits(quantized.model, split.test);
}

/** Quantization-aware training with a scale of weights per channel and the given settings. */
export async function afterQat(
  model: Model,
  backend: Backend,
  scheme: Scheme,
  split: Split,
  settings: Omit<QuantizationAwareOptions, "backend" | "data">,
): Promise<Hits> {
  const editPlan = (plan: QuantPlan): QuantPlan => withScheme(plan, scheme, "channel");
  const trained = await trainQuantized(model, { ...settings, backend, data: split.train, editPlan });
  return hits(trained.model, split.test);
}
