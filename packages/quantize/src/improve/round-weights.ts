import { GraphEditor, type Diagnostic, type Model, type Node, type Value } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import type { Ranges } from "../calibrate/ranges.ts";
import { noCalibrationData, planOfOtherGraph } from "../diagnostics.ts";
import { withSpecs } from "../plan/edit-plan.ts";
import type { QuantPlan } from "../plan/plan.ts";
import { sharingGroups } from "../plan/sharing.ts";
import type { FixedSpec, QuantPoint } from "../plan/spec.ts";
import { prepare } from "../prepare/prepare.ts";
import { asDeployed } from "./as-deployed.ts";
import { adaroundRows } from "./adaround-rows.ts";
import { weightsNotRounded } from "./diagnostics.ts";
import { gptqRows } from "./gptq-rows.ts";
import { addInputMoments } from "./input-moments.ts";
import { productsOf, summedMoments } from "./layer-moments.ts";
import { roundable } from "./roundable.ts";
import {
  betterRows,
  roundedToNearest,
  roundingProblem,
  type RoundingErrors,
  type RoundingProblem,
} from "./rounding-problem.ts";
import { WeightGrid } from "./weight-grid.ts";
import { WeightRows } from "./weight-rows.ts";

/** What the rounding of weights works from. */
export interface RoundWeightsOptions {
  /** From calibration with the same plan; none where only weights are quantized. */
  readonly ranges?: Ranges;
  /** Representative inputs; run once per layer, with the layers before it quantized and rounded. */
  readonly data: readonly Feeds[];
  /** Threads of the runtime. Default: one per core. */
  readonly threads?: number;
}

/** What rounding did. */
export interface RoundedWeights {
  /** The given plan with the grids that weights were rounded to as fixed specs. */
  readonly plan: QuantPlan;
  /**
   * The layers that were rounded, the first one of those that are tied, with the squared errors of their results over the
   * data, rounding to nearest first.
   */
  readonly layers: readonly (RoundingErrors & { readonly node: Node })[];
  /** The quantized layers that round to nearest, with the reasons. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Rounds the weights of quantized layers by GPTQ, in place, layer by layer in graph order: the inputs of each are those
 * that it gets from the layers before it as they are deployed. Weights that several layers read are rounded once, for the
 * sum of their errors. Rows that round to nearest with less error keep that, so no layer gets worse on the data. Memory
 * holds the moments of one layer's inputs.
 *
 * @throws CompileError `quantize/plan-graph`, `quantize/no-calibration-data`, and what `prepare` and `convert` throw
 */
export function gptq(model: Model, plan: QuantPlan, options: RoundWeightsOptions): Promise<RoundedWeights> {
  return roundWeights(model, plan, options, (problem) => gptqRows(problem));
}

/**
 * Rounds the weights of quantized layers by AdaRound, in place; otherwise as `gptq`.
 *
 * @throws CompileError as `gptq`
 */
export function adaround(model: Model, plan: QuantPlan, options: RoundWeightsOptions): Promise<RoundedWeights> {
  return roundWeights(model, plan, options, (problem) => adaroundRows(problem, undefined, options.threads));
}

type Method = (problem: RoundingProblem) => Float64Array | Promise<Float64Array>;

async function roundWeights(
  model: Model,
  plan: QuantPlan,
  { ranges = new Map(), data, threads }: RoundWeightsOptions,
  method: Method,
): Promise<RoundedWeights> {
  if (plan.graph !== model.graph) throw planOfOtherGraph(plan.graph.name, model.graph.name);
  if (data.length === 0) throw noCalibrationData();
  const editor = new GraphEditor(model.graph);
  const groups = sharingGroups(plan);
  const diagnostics: Diagnostic[] = [];
  const layers: (RoundingErrors & { node: Node })[] = [];
  const grids = new Map<QuantPoint, FixedSpec>();
  const products = productsOf(model);
  const done = new Set<Value>();
  for (const node of products) {
    const group = groups.of(node.operands[1]!) ?? groups.of(node.inputs[1]!);
    if (!group || done.has(node.inputs[1]!)) continue;
    const weight = roundable(node, group, groups);
    if (typeof weight === "string") {
      diagnostics.push(weightsNotRounded(node, weight));
      continue;
    }
    done.add(weight.value);
    const deployed = (reader: Node): Model =>
      withMoments(model, withSpecs(plan, grids), ranges, products.indexOf(reader));
    const moments = await summedMoments(weight, deployed, data, threads);
    const grid = WeightGrid.of(group.spec, weight.value.constant!);
    const problem = roundingProblem(weight, grid, moments);
    const { values, errors } = betterRows(problem, roundedToNearest(problem), await method(problem));
    editor.setInitializer(weight.value, weight.tensor(values));
    grids.set(group.root, grid.spec);
    layers.push({ node, ...errors });
  }
  return { plan: withSpecs(plan, grids), layers, diagnostics };
}

/** The model as it is deployed, up to the second moments of what one layer reads, which are its only result. */
function withMoments(model: Model, plan: QuantPlan, ranges: Ranges, index: number): Model {
  const rows = WeightRows.of(productsOf(model)[index]!) as WeightRows;
  const prepared = prepare(model.graph, plan, { mode: "static", ranges });
  const copy: Model = { ...model, graph: prepared };
  const [products] = addInputMoments(productsOf(copy)[index]!, rows);
  new GraphEditor(prepared).setOutputs([products]);
  return asDeployed(copy);
}
