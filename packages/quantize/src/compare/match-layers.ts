import { ErrorSums } from "../analyze/error-sums.ts";
import type { MatchedBy, UnmatchedLayer } from "./comparison.ts";
import type { LayerWeight } from "./layer-weight.ts";
import type { ModelLayer, Source } from "./model-layers.ts";

/** A layer of both models. */
export interface LayerPair {
  readonly model: ModelLayer;
  readonly other: ModelLayer;
  readonly by: MatchedBy;
}

/** Which layers of two models belong together, and why the rest do not. */
export interface MatchedLayers {
  /** In the order of the first model. */
  readonly pairs: readonly LayerPair[];
  readonly unmatched: readonly UnmatchedLayer[];
}

/** Cosine between weights from which they count as the same ones. */
const alike = 0.8;

/**
 * Finds the layers of one model in another: first by the names of values, which rewriting keeps; then those of the same
 * kind and size that read what belongs together, from the inputs on; then those with the same weights.
 *
 * @param inputs the input of the other model for each of the first
 */
export function matchLayers(
  model: readonly ModelLayer[],
  other: readonly ModelLayer[],
  inputs: ReadonlyMap<Source, Source>,
): MatchedLayers {
  const matching = new Matching(other, inputs);
  matching.byName(model);
  matching.byStructure(model);
  if (matching.byWeights(model)) matching.byStructure(model);
  const pairs = model.flatMap((layer) => matching.pairs.get(layer) ?? []);
  const taken = new Set(pairs.map((pair) => pair.other));
  const rest = (side: "model" | "other", layer: ModelLayer, others: readonly ModelLayer[]): UnmatchedLayer[] =>
    layer.op === "input" ? [] : [{ in: side, name: layer.name, op: layer.op, reason: reasonFor(layer, others) }];
  const unmatched = [
    ...model.flatMap((layer) => (matching.pairs.has(layer) ? [] : rest("model", layer, other))),
    ...other.flatMap((layer) => (taken.has(layer) ? [] : rest("other", layer, model))),
  ];
  return { pairs, unmatched };
}

class Matching {
  readonly pairs = new Map<ModelLayer, LayerPair>();
  readonly #other: readonly ModelLayer[];
  readonly #taken = new Set<ModelLayer>();
  readonly #counterparts: Map<Source, Source>;

  constructor(other: readonly ModelLayer[], inputs: ReadonlyMap<Source, Source>) {
    this.#other = other;
    this.#counterparts = new Map(inputs);
  }

  byName(model: readonly ModelLayer[]): void {
    const named = new Map<string, ModelLayer>();
    for (const layer of this.#other) for (const name of layer.names) named.set(name, layer);
    for (const layer of model) {
      // The last name is that of what the layer passes on, which says most.
      const found = [...layer.names].reverse().map((name) => named.get(name));
      const match = found.find((each) => each && this.#fits(layer, each));
      if (match) this.#join(layer, match, "name");
    }
  }

  byStructure(model: readonly ModelLayer[]): void {
    const waiting = byForm(this.#other);
    for (const layer of model) {
      if (this.pairs.has(layer)) continue;
      const wanted = layer.reads.map((source) => this.#counterparts.get(source));
      if (wanted.includes(undefined)) continue;
      const match = waiting.get(formOf(layer))?.find((each) => {
        return this.#fits(layer, each) && sameSources(each.reads, wanted as readonly Source[]);
      });
      if (match) this.#join(layer, match, "structure");
    }
  }

  /** Whether it found any. */
  byWeights(model: readonly ModelLayer[]): boolean {
    const before = this.pairs.size;
    const waiting = byForm(this.#other.filter(({ weight }) => weight));
    for (const layer of model) {
      if (this.pairs.has(layer) || !layer.weight) continue;
      const match = waiting
        .get(formOf(layer))
        ?.find((each) => this.#fits(layer, each) && cosine(layer.weight!, each.weight!) >= alike);
      if (match) this.#join(layer, match, "weights");
    }
    return this.pairs.size > before;
  }

  #fits(layer: ModelLayer, other: ModelLayer): boolean {
    return !this.#taken.has(other) && formOf(layer) === formOf(other);
  }

  #join(model: ModelLayer, other: ModelLayer, by: MatchedBy): void {
    this.pairs.set(model, { model, other, by });
    this.#taken.add(other);
    this.#counterparts.set(model, other);
  }
}

/** What layers that belong together have in common: kind, and sizes of weights in whatever order. */
function formOf({ kind, weight }: ModelLayer): string {
  return weight ? `${kind} ${sizeText(weight)}` : kind;
}

function byForm(layers: readonly ModelLayer[]): ReadonlyMap<string, readonly ModelLayer[]> {
  const groups = new Map<string, ModelLayer[]>();
  for (const layer of layers) groups.set(formOf(layer), [...(groups.get(formOf(layer)) ?? []), layer]);
  return groups;
}

function sizeText({ dims }: LayerWeight): string {
  return dims.toSorted((a, b) => a - b).join("x");
}

function sameSources(a: readonly Source[], b: readonly Source[]): boolean {
  return a.length === b.length && (a.every((each, i) => each === b[i]) || a.every((each) => b.includes(each)));
}

/** Between weights of the same layout; 0 for others. */
function cosine(a: LayerWeight, b: LayerWeight): number {
  if (a.dims.join() !== b.dims.join() || a.channelAxis !== b.channelAxis) return 0;
  const sums = new ErrorSums();
  sums.add(a.read().floats(), b.read().floats());
  return sums.result().cosine;
}

function reasonFor(layer: ModelLayer, others: readonly ModelLayer[]): string {
  const what = layer.weight ? `${layer.kind} with weights of ${layer.weight.dims.join("x")}` : layer.kind;
  const form = formOf(layer);
  const same = others.filter((each) => formOf(each) === form).length;
  if (same > 0) {
    return `the other model has ${same} of ${what}, but none with its name, and none left that reads the same values`;
  }
  const sizes = [
    ...new Set(others.flatMap(({ kind, weight }) => (kind === layer.kind && weight ? [weight.dims.join("x")] : []))),
  ];
  const has = sizes.length > 0 ? `; its ${layer.kind} have weights of ${sizes.slice(0, 3).join(", ")}` : "";
  return `the other model computes no ${what}${has}`;
}
