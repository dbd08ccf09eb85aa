import { GraphEditor, Tensor, tensorType, type Model, type Node, type Value } from "@lowbit/ir";
import { eliminateDeadCode, runPasses } from "@lowbit/rewrite";
import { Session, type Feeds } from "@lowbit/runtime";
import type { NamedSamples } from "../calibrate/feed-stream.ts";
import { foldedInTurns } from "./folded-outputs.ts";
import { inputColumns } from "./input-moments.ts";
import type { WeightRows } from "./weight-rows.ts";

/** What a layer's inputs are like as it is deployed, and how they go with its float results. */
export interface RefitMoments {
  /** Columns of inputs that were summed over. */
  readonly count: number;
  /** Σ x̂·x̂ᵀ: [groups, columns, columns]. */
  readonly products: Float64Array;
  /** Σ x̂: [groups, columns]. */
  readonly inputs: Float64Array;
  /** Σ y·x̂ᵀ: [groups, rows, columns]. */
  readonly results: Float64Array;
  /** Σ y: [groups, rows]. */
  readonly sums: Float64Array;
}

const targetName = "lowbit.target";

/**
 * Adds to the graph of a product what the moments are made of, and makes that its results. The float results y come in as
 * an input of their own, so neither they nor the inputs x̂ leave the runtime as columns.
 */
export function withRefitMoments(model: Model, node: Node, rows: WeightRows): void {
  const { graph } = model;
  const target = new GraphEditor(graph).input(targetName, tensorType("float", node.output.shape ?? null));
  const editor = new GraphEditor(graph).before(node);
  const { op } = editor;
  const ints = (numbers: readonly number[]): Value => editor.initializer(Tensor.of("int64", numbers), "ints");
  const columns = inputColumns(editor, node, rows);
  const transposed = op.Transpose([columns], { perm: [0, 2, 1] });
  const y = node.is("Conv")
    ? op.Reshape([
        op.Transpose([op.Reshape([target, ints([0, rows.groups, rows.rows, -1])])], { perm: [1, 2, 0, 3] }),
        ints([rows.groups, rows.rows, -1]),
      ])
    : op.Transpose([op.Reshape([target, ints([1, -1, rows.rows])])], { perm: [0, 2, 1] });
  const sum = (value: Value): Value => op.ReduceSum([value, ints([2])], { keepdims: 0 });
  editor.setOutputs([
    op.MatMul([columns, transposed]),
    sum(columns),
    op.MatMul([y, transposed]),
    sum(y),
    op.Cast([op.Slice([op.Shape([columns]), ints([2]), ints([3])])], { to: 1 }),
  ]);
}

/**
 * The moments over batches in turns: those of the even ones, and of the odd ones. What is fitted to one half can be looked
 * at on the other.
 *
 * @param float a model whose only result is y @param deployed made by `withRefitMoments`
 * @throws CompileError `quantize/not-finite` about the first value that is not
 */
export async function halvesOfMoments(
  float: Model,
  deployed: Model,
  data: readonly Feeds[] & NamedSamples,
  threads: number | undefined,
): Promise<readonly [RefitMoments, RefitMoments]> {
  const runtime = threads === undefined ? {} : { threads };
  for (const model of [float, deployed]) runPasses(model, [eliminateDeadCode]);
  const sessions = [await Session.create(float, runtime), await Session.create(deployed, runtime)] as const;
  try {
    const run = async (feeds: Feeds): Promise<Feeds> => {
      const [y] = Object.values(await sessions[0].run(feeds));
      return sessions[1].run({ ...feeds, [targetName]: y! });
    };
    const halves = await foldedInTurns(2, { run, suspect: float }, data, (sum, found) => {
      found.forEach((value, i) => (sum[i]! += value));
    });
    const names = deployed.graph.outputs.map(({ name }) => name);
    return [momentsOf(halves[0]!, names), momentsOf(halves[1]!, names)];
  } finally {
    for (const session of sessions) await session.release();
  }
}

/** The sums by their names. @param names in the order in which `withRefitMoments` makes the results */
function momentsOf(sums: ReadonlyMap<string, Float64Array>, names: readonly string[]): RefitMoments {
  const [products, inputs, results, ofResults, count] = names.map((name) => sums.get(name)!);
  return { count: count![0]!, products: products!, inputs: inputs!, results: results!, sums: ofResults! };
}

/** Both halves together. */
export function together(a: RefitMoments, b: RefitMoments): RefitMoments {
  const add = (x: Float64Array, y: Float64Array): Float64Array => x.map((value, i) => value + y[i]!);
  return {
    count: a.count + b.count,
    products: add(a.products, b.products),
    inputs: add(a.inputs, b.inputs),
    results: add(a.results, b.results),
    sums: add(a.sums, b.sums),
  };
}
