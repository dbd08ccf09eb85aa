import { Graph, GraphEditor, newModel, seeded, tensorType, type Dim, Tensor, type Model, type Value } from "@lowbit/ir";
import fc from "fast-check";
import { controlSteps } from "./random-graph/control-steps.ts";
import { Draw } from "./random-graph/draw.ts";
import { elementwiseSteps } from "./random-graph/elementwise-steps.ts";
import { linearSteps } from "./random-graph/linear-steps.ts";
import { maxElements, sizeOf, type Step } from "./random-graph/scope.ts";
import { shapeSteps } from "./random-graph/shape-steps.ts";

/** A model made of random nodes that all have a meaning, and tensors for its inputs. */
export interface RandomModel {
  readonly model: Model;
  readonly inputs: ReadonlyMap<string, Tensor>;
}

/** The numbers a random model is made from; fast-check shrinks these. */
interface Recipe {
  readonly input: readonly number[];
  readonly steps: readonly (readonly number[])[];
}

const steps: readonly Step[] = [...elementwiseSteps, ...linearSteps, ...shapeSteps, ...controlSteps];

const inputShapes: readonly (readonly Dim[])[] = [
  [2, 4, 5, 5],
  ["N", 4, 6, 4],
  [1, 2, 7],
  [3, 6],
  ["N", 8],
  [2, 3, 4],
  [1, 4, 1, 1],
];

/** What the symbol of a random model's shapes is in its inputs. */
const symbolSize = 2;

/**
 * Random float graphs over the ops that passes rewrite: convolutions, products, normalizations, pools, shape arithmetic,
 * activations whole and taken apart, weights behind other nodes, no-ops, repeats, dead code and bodies. Every value is
 * small and finite, and results change little when operands do, so that outputs before and after a pass can be compared.
 */
export function randomModel(maxSteps = 10): fc.Arbitrary<RandomModel> {
  const numbers = fc.array(fc.nat(999), { minLength: 12, maxLength: 24 });
  return fc
    .record({ input: numbers, steps: fc.array(numbers, { minLength: 1, maxLength: maxSteps }) })
    .map((recipe) => build(recipe));
}

function build(recipe: Recipe): RandomModel {
  const draw = new Draw(recipe.input);
  const graph = new Graph("random");
  const editor = new GraphEditor(graph);
  const shape = draw.pick(inputShapes);
  const inputs = new Map<string, Tensor>();
  const pool: Value[] = [];
  for (const name of draw.chance() ? ["x", "z"] : ["x"]) {
    pool.push(editor.input(name, tensorType("float", shape)));
    const dims = shape.map((dim) => (typeof dim === "number" ? dim : symbolSize));
    inputs.set(name, scaled(seeded(name, "float", dims)));
  }
  for (const numbers of recipe.steps) {
    const value = added(editor, pool, new Draw(numbers));
    if (value) pool.push(value);
  }
  const last = pool.at(-1)!;
  const results = draw.chance() ? [last, pool[draw.below(pool.length)]!] : [last];
  for (const value of new Set(results)) editor.output(value.isGraphInput ? editor.op.Identity([value]) : value);
  return { model: newModel(graph), inputs };
}

/** The result of one step, if it could be taken at the value it drew and its result is small. */
function added(editor: GraphEditor, pool: readonly Value[], draw: Draw): Value | null {
  const step = draw.pick(steps);
  const recent = pool.slice(-3);
  const x = draw.chance() ? pool.at(-1)! : draw.pick(recent);
  const value = step({ editor, op: editor.op, draw, pool }, x);
  if (!value || value === x || value.dtype !== "float" || value.shape === null || sizeOf(value.shape) > maxElements)
    return null;
  return value;
}

/** Numbers around one instead of 0.1, where activations bend. */
function scaled(tensor: Tensor): Tensor {
  const floats = tensor.floats().map((value) => value * 10);
  return Tensor.fromTyped("float", tensor.dims, floats);
}
