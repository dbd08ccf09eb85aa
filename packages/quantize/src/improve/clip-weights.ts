import type { Diagnostic, Model, Node, Value } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import { noCalibrationData, planOfOtherGraph } from "../diagnostics.ts";
import { withSpecs } from "../plan/edit-plan.ts";
import type { QuantPlan } from "../plan/plan.ts";
import { sharingGroups } from "../plan/sharing.ts";
import type { FixedSpec, OwnSpec, QuantPoint } from "../plan/spec.ts";
import { weightsNotClipped } from "./diagnostics.ts";
import { ErrorState } from "./error-state.ts";
import { productsOf, summedMoments, withInputMoments } from "./layer-moments.ts";
import { roundable } from "./roundable.ts";
import { WeightGrid } from "./weight-grid.ts";
import type { WeightRows } from "./weight-rows.ts";

/** Shares of the range that are tried, the whole first: those of the authors' own code. */
const shares = Array.from({ length: 11 }, (_, i) => 1 - i / 20);

/** What clipping works from. */
export interface ClipWeightsOptions {
  /** Representative inputs, run once per layer. */
  readonly data: readonly Feeds[];
  /** Threads of the runtime. Default: one per core. */
  readonly threads?: number;
}

/** What clipping did. */
export interface ClippedWeights {
  /** The given plan with the grids of clipped weights as fixed specs; the weights themselves stay. */
  readonly plan: QuantPlan;
  /** The layers looked at, with the squared errors of their results over the data before and after. */
  readonly layers: readonly { readonly node: Node; readonly whole: number; readonly clipped: number }[];
  /** The quantized layers that keep their range, with the reasons. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The second half of AWQ: spreads the codes of each group of weights over the share of its range that changes the results
 * of the layer least, so that a few large weights are cut off where finer steps for all others are worth more (Lin et al.,
 * 2023, section 5.1). Groups are what has one scale. They are decided one after the other, each with those before it as
 * decided and only if the error of its whole row falls, so no layer gets worse on the data. The model stays as it is.
 *
 * @throws CompileError `quantize/plan-graph`, `quantize/no-calibration-data`
 */
export async function clipWeights(
  model: Model,
  plan: QuantPlan,
  { data, threads }: ClipWeightsOptions,
): Promise<ClippedWeights> {
  if (plan.graph !== model.graph) throw planOfOtherGraph(plan.graph.name, model.graph.name);
  if (data.length === 0) throw noCalibrationData();
  const groups = sharingGroups(plan);
  const diagnostics: Diagnostic[] = [];
  const layers: { node: Node; whole: number; clipped: number }[] = [];
  const grids = new Map<QuantPoint, FixedSpec>();
  const done = new Set<Value>();
  for (const node of productsOf(model)) {
    const group = groups.of(node.operands[1]!) ?? groups.of(node.inputs[1]!);
    if (!group || done.has(node.inputs[1]!)) continue;
    const rows = roundable(node, group, groups);
    if (typeof rows === "string") {
      diagnostics.push(weightsNotClipped(node, rows));
      continue;
    }
    done.add(rows.value);
    // A range that the user has pinned stays.
    if (group.spec.kind !== "observed") continue;
    const moments = await summedMoments(rows, (reader) => withInputMoments(model, reader, rows), data, threads);
    const { grid, whole, clipped } = clippedGrid(rows, group.spec, moments);
    layers.push({ node, whole, clipped });
    if (clipped < whole) grids.set(group.root, grid.spec);
  }
  return { plan: withSpecs(plan, grids), layers, diagnostics };
}

interface Clipped {
  readonly grid: WeightGrid;
  readonly whole: number;
  readonly clipped: number;
}

/** The best grid that was found, and the squared errors with the whole range and with it. */
function clippedGrid(rows: WeightRows, spec: OwnSpec, products: Float64Array): Clipped {
  const weights = rows.read();
  const whole = WeightGrid.of(spec, rows.tensor(weights));
  const scaleOf = weights.map((_, i) => whole.scaleAt(rows.place(i)));
  const members = new Map<number, number[]>();
  scaleOf.forEach((scale, i) => {
    const list = members.get(scale);
    if (list) list.push(i);
    else members.set(scale, [i]);
  });
  const narrowed = shares.slice(1).map((share) => WeightGrid.of(spec, rows.tensor(cut(weights, members, share))));
  const shape = { weights, groups: rows.groups, rows: rows.rows, columns: rows.columns, products };
  const nearest = weights.map((weight, i) => whole.nearest(weight, rows.place(i)));
  const state = new ErrorState(shape, nearest);
  const before = state.error;
  let grid = whole;
  for (const [scale, indices] of members) {
    let best: { readonly change: number; readonly grid: WeightGrid; readonly values: Float64Array } | null = null;
    for (const candidate of narrowed) {
      const values = Float64Array.from(indices, (i) => candidate.nearest(weights[i]!, rows.place(i)));
      const change = state.changeFor(indices, values);
      // What float64 sums cannot tell from nothing is no gain.
      if (change < -1e-9 * before && (best === null || change < best.change))
        best = { change, grid: candidate, values };
    }
    if (best === null) continue;
    state.set(indices, best.values);
    grid = grid.mixed(best.grid, (index) => index === scale);
  }
  return { grid, whole: before, clipped: state.error };
}

/** The weights with those of each scale cut to a share of their range. */
function cut(weights: Float64Array, members: ReadonlyMap<number, readonly number[]>, share: number): Float64Array {
  const result = weights.slice();
  for (const indices of members.values()) {
    const [low, high] = indices.reduce(
      ([least, most], i) => [Math.min(least, weights[i]!), Math.max(most, weights[i]!)],
      [0, 0],
    );
    for (const i of indices) result[i] = Math.min(Math.max(weights[i]!, share * low), share * high);
  }
  return result;
}
