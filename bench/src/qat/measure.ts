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

/** Bits of weights and activations that are compared. */
export interface Scheme {
  readonly name: "W8A8" | "W4A8";
  /** Changes the backend's plan. */
  readonly edit: (plan: QuantPlan) => QuantPlan;
}

export const schemes = {
  W8A8: { name: "W8A8", edit: (plan) => plan },
  W4A8: { name: "W4A8", edit: (plan) => withWeightScheme(plan, { dtype: "int4", granularity: "channel" }) },
} as const satisfies Record<string, Scheme>;

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

/** Post-training quantization by the observed extremes: no method that could make up for anything. */
export async function afterPtq(model: Model, backend: Backend, { edit }: Scheme, split: Split): Promise<Hits> {
  const data = (): ReturnType<typeof calibrationFeeds> => calibrationFeeds(split.train, model.graph.inputs);
  const { plan } = await quantizeModel(model, { backend, data: data() });
  const quantized = await quantizeModel(model, { backend, data: data(), plan: planToJson(edit(plan)) });
  return hits(quantized.model, split.test);
}

/** Quantization-aware training with the given settings. */
export async function afterQat(
  model: Model,
  backend: Backend,
  { edit }: Scheme,
  split: Split,
  settings: Omit<QuantizationAwareOptions, "backend" | "data">,
): Promise<Hits> {
  const trained = await trainQuantized(model, { ...settings, backend, data: split.train, editPlan: edit });
  return hits(trained.model, split.test);
}
