import { cloneGraph, GraphEditor, Tensor, type Graph } from "@lowbit/ir";
import { badPruning, nothingPruned } from "../diagnostics.ts";
import { parameterMatcher } from "../optimizer/parameter-matcher.ts";
import { describeParameter } from "../step/parameters.ts";
import { prunableWeights, type PrunableWeight } from "./prunable-weights.ts";

/** Which elements of a weight are set to zero. */
export type PruningPattern =
  | {
      /** This share of the elements, those of least magnitude (Han et al. 2015), 0 < s < 1. */
      readonly magnitude: number;
      /** Whether the share holds for each weight, or for all of them together. Default `tensor`. */
      readonly over?: "tensor" | "all";
    }
  | {
      /** Of every `of` input channels in a row, `keep` of greatest magnitude stay (Mishra et al. 2021: 2 of 4). */
      readonly keep: number;
      readonly of: number;
    };

/** What is pruned. */
export interface PruneOptions {
  readonly pattern: PruningPattern;
  /** Names of the weights or of the nodes that read them, `*` standing for any text. Default: all weights of linear ops. */
  readonly names?: readonly string[];
  /** Names of weights that stay as they are. */
  readonly except?: readonly string[];
}

/** A pruned graph, and what must stay zero in it. */
export interface Pruned {
  /** A copy of the graph whose pruned elements are zero. */
  readonly graph: Graph;
  /** By weight, bool tensors: where elements stay. */
  readonly masks: ReadonlyMap<string, Tensor>;
  /** Weights that do not take the pattern. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Sets elements of weights to zero by a pattern. Training keeps them there with `keepPruned`.
 *
 * @throws CompileError `train/prune` for a pattern out of range, or when no weight takes it
 */
export function prune(graph: Graph, { pattern, names, except = [] }: PruneOptions): Pruned {
  checkPattern(pattern);
  const [wanted, unwanted] = [names?.map(parameterMatcher), except.map(parameterMatcher)];
  const chosen = prunableWeights(graph).filter(({ value }) => {
    const weight = describeParameter(value);
    return (wanted?.some((matches) => matches(weight)) ?? true) && !unwanted.some((matches) => matches(weight));
  });
  const skipped: { name: string; reason: string }[] = [];
  const taken = chosen.filter((weight) => {
    const reason = "of" in pattern ? reasonAgainst(weight, pattern.of) : null;
    if (reason !== null) skipped.push({ name: weight.value.name, reason });
    return reason === null;
  });
  if (taken.length === 0) throw nothingPruned(names, skipped);
  const copy = cloneGraph(graph).graph;
  const editor = new GraphEditor(copy);
  const masks = new Map<string, Tensor>();
  const kept = "of" in pattern ? taken.map((weight) => keptOfEach(weight, pattern)) : keptByMagnitude(taken, pattern);
  taken.forEach(({ value: { name, initializer } }, index) => {
    const { dims } = initializer!;
    const keep = kept[index]!;
    masks.set(name, Tensor.fromTyped("bool", dims, keep));
    const pruned = initializer!.floats().map((element, at) => (keep[at] ? element : 0));
    editor.setInitializer(copy.value(name)!, Tensor.fromTyped("float", dims, pruned));
  });
  return { graph: copy, masks, skipped };
}

function checkPattern(pattern: PruningPattern): void {
  if ("of" in pattern) {
    const { keep, of } = pattern;
    if (!(Number.isInteger(keep) && Number.isInteger(of) && keep > 0 && keep < of)) {
      throw badPruning(`${keep} of ${of} elements cannot be kept`, "keep at least one and fewer than all, as in 2:4");
    }
  } else if (!(pattern.magnitude > 0 && pattern.magnitude < 1)) {
    throw badPruning(`the share ${pattern.magnitude} is not between 0 and 1`, "0.5 sets half of the weights to zero");
  }
}

function reasonAgainst({ value, inputAxis }: PrunableWeight, group: number): string | null {
  if (inputAxis === null) return "it does not reach its op in its own layout";
  const channels = value.initializer!.dims[inputAxis]!;
  return channels % group === 0 ? null : `its ${channels} input channels are no multiple of ${group}`;
}

/** 1 where an element stays: the greatest of each group along the input channels; of equals, the first. */
function keptOfEach({ value, inputAxis }: PrunableWeight, pattern: { keep: number; of: number }): Uint8Array {
  const { dims, size } = value.initializer!;
  const magnitudes = value.initializer!.floats().map(Math.abs);
  const stride = dims.slice(inputAxis! + 1).reduce((a, b) => a * b, 1);
  const kept = new Uint8Array(size);
  const block = stride * pattern.of;
  for (let begin = 0; begin < size; begin += block) {
    for (let offset = 0; offset < stride; offset++) {
      const group = Array.from({ length: pattern.of }, (_, i) => begin + offset + i * stride);
      group.sort((a, b) => magnitudes[b]! - magnitudes[a]! || a - b);
      for (const at of group.slice(0, pattern.keep)) kept[at] = 1;
    }
  }
  return kept;
}

function keptByMagnitude(
  weights: readonly PrunableWeight[],
  { magnitude, over = "tensor" }: { magnitude: number; over?: "tensor" | "all" },
): readonly Uint8Array[] {
  const each = weights.map(({ value }) => value.initializer!.floats().map(Math.abs));
  if (over === "tensor") return each.map((magnitudes) => keptOfGreatest(magnitudes, magnitude));
  const all = new Float32Array(each.reduce((sum, { length }) => sum + length, 0));
  const starts: number[] = [];
  let start = 0;
  for (const magnitudes of each) {
    starts.push(start);
    all.set(magnitudes, start);
    start += magnitudes.length;
  }
  const kept = keptOfGreatest(all, magnitude);
  return each.map(({ length }, index) => kept.slice(starts[index], starts[index]! + length));
}

/** 1 for all but a share of the elements, rounded down; of equals, the first goes first. */
function keptOfGreatest(magnitudes: Float32Array, share: number): Uint8Array {
  const order = Uint32Array.from(magnitudes, (_, index) => index);
  order.sort((a, b) => magnitudes[a]! - magnitudes[b]! || a - b);
  const kept = new Uint8Array(magnitudes.length).fill(1);
  for (const at of order.subarray(0, Math.floor(share * magnitudes.length))) kept[at] = 0;
  return kept;
}
