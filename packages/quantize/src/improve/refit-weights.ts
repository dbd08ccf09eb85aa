import { cloneModel, GraphEditor, Tensor, type Diagnostic, type Model, type Node, type Value } from "@lowbit/ir";
import { noCalibrationData, planOfOtherGraph } from "../diagnostics.ts";
import { withSpecs } from "../plan/edit-plan.ts";
import type { QuantPlan } from "../plan/plan.ts";
import { sharingGroups } from "../plan/sharing.ts";
import type { FixedSpec, QuantPoint } from "../plan/spec.ts";
import { prepare } from "../prepare/prepare.ts";
import { asDeployed } from "./as-deployed.ts";
import { reasonAgainstCorrection } from "./correct-bias.ts";
import { weightsNotRounded } from "./diagnostics.ts";
import { gptqRows } from "./gptq-rows.ts";
import { productsOf } from "./layer-moments.ts";
import { halvesOfMoments, withRefitMoments } from "./refit-moments.ts";
import { biasesFor, refitRows, spreadOf, type RefitProblem } from "./refit-rows.ts";
import { roundable } from "./roundable.ts";
import { betterRows, roundedToNearest, roundingProblem } from "./rounding-problem.ts";
import type { RoundWeightsOptions } from "./round-weights.ts";
import { WeightGrid } from "./weight-grid.ts";
import type { WeightRows } from "./weight-rows.ts";

/** What refitting did. */
export interface RefittedWeights {
  /** The given plan with the grids that weights were rounded to as fixed specs. */
  readonly plan: QuantPlan;
  readonly refitted: number;
  /** The quantized layers that are as they were, with the reasons. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Refits the weights and biases of quantized layers, in place, layer by layer in graph order: to the results that the layer has
 * in the float model, by least squares over the inputs that it gets from the layers before it as they are deployed, and then
 * rounds the weights by GPTQ. So a layer makes up for what rounding and cutting did before it as far as that can be told from
 * what is left of its inputs; where ranges are cut, much can. (Minimizing the distance to float results on quantized inputs
 * is what GPTAQ, Li et al. 2025, and Qronos, Zhang et al. 2025, add to GPTQ.)
 *
 * @throws CompileError `quantize/plan-graph`, `quantize/no-calibration-data`, and what `prepare` and `convert` throw
 */
export async function refit(model: Model, plan: QuantPlan, options: RoundWeightsOptions): Promise<RefittedWeights> {
  const { data, threads } = options;
  if (plan.graph !== model.graph) throw planOfOtherGraph(plan.graph.name, model.graph.name);
  if (data.length === 0) throw noCalibrationData();
  const float = cloneModel(model);
  const editor = new GraphEditor(model.graph);
  const groups = sharingGroups(plan);
  const grids = new Map<QuantPoint, FixedSpec>();
  const diagnostics: Diagnostic[] = [];
  const products = productsOf(model);
  for (const [index, node] of products.entries()) {
    const group = groups.of(node.operands[1]!) ?? groups.of(node.inputs[1]!);
    if (!group) continue;
    const rows = refittable(node, roundable(node, group, groups), data.length);
    if (typeof rows === "string") {
      diagnostics.push(weightsNotRounded(node, rows));
      continue;
    }
    const target = cloneModel(float);
    new GraphEditor(target.graph).setOutputs([productsOf(target)[index]!.output]);
    const prepared: Model = {
      ...model,
      graph: prepare(model.graph, withSpecs(plan, grids), { mode: "static", ranges: options.ranges ?? new Map() }),
    };
    withRefitMoments(prepared, productsOf(prepared)[index]!, rows);
    const deployed = asDeployed(prepared);
    const bias = freeBias(node);
    const problem: RefitProblem = {
      weights: rows.read(),
      biases: biasesOf(node, rows),
      groups: rows.groups,
      rows: rows.rows,
      columns: rows.columns,
      biasIsFree: bias !== null,
      halves: await halvesOfMoments(target, deployed, data, threads),
    };
    const fitted = refitRows(problem);
    const grid = WeightGrid.of(group.spec, rows.tensor(fitted.weights));
    const rounding = roundingProblem(rows, grid, spreadOf(problem), fitted.weights);
    const { values } = betterRows(rounding, roundedToNearest(rounding), gptqRows(rounding));
    editor.setInitializer(rows.value, rows.tensor(values));
    grids.set(group.root, grid.spec);
    if (bias) editor.setInitializer(bias, Tensor.of("float", [...biasesFor(problem, values)], bias.constant!.dims));
  }
  return { plan: withSpecs(plan, grids), refitted: grids.size, diagnostics };
}

/** The rows of a layer that can be refitted, or why it cannot. */
function refittable(node: Node, rows: WeightRows | string, batches: number): WeightRows | string {
  if (typeof rows === "string") return rows;
  if (rows.readers.length > 1) return "several layers read them";
  if (batches < 2) return "there is one batch of data only, and what is fitted to it could not be looked at on another";
  if (node.is("Conv")) return rows;
  if (rows.groups > 1) return "they are a stack of matrices";
  const plain = node.int("transA", 0) === 0 && node.float("alpha", 1) === 1 && node.float("beta", 1) === 1;
  return plain ? rows : "its first operand is transposed, or a factor multiplies its result";
}

/** The bias of a layer, where it may change; null otherwise. */
function freeBias(node: Node): Value | null {
  return reasonAgainstCorrection(node) === null ? node.inputs[2]! : null;
}

function biasesOf(node: Node, { groups, rows }: WeightRows): Float64Array {
  const bias = node.is("MatMul") ? null : (node.inputs[2]?.constant ?? null);
  const numbers = bias?.numbers() ?? [];
  return Float64Array.from({ length: groups * rows }, (_, row) => numbers[numbers.length === 1 ? 0 : row] ?? 0);
}
