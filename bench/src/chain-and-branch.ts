import { Graph, GraphEditor, newModel, Tensor, tensorType, type Model, type Value } from "@lowbit/ir";

const channels = 8;
const size = 8;

/** Blocks between the two ends of a long skip connection. */
const skipBlocks = 16;

/**
 * A model of about `nodes` nodes in one chain of residual blocks, as exporters write them: Conv with BatchNormalization after
 * it and Pad before it, HardSwish in pieces, a side branch that joins again, weights behind Identity, shape arithmetic over a
 * symbolic batch, transposes that undo each other, Constant nodes, and skip connections over many blocks.
 */
export function chainAndBranch(nodes: number): Model {
  const graph = new Graph(`chain_and_branch_${nodes}`);
  const editor = new GraphEditor(graph);
  let x = editor.input("x", tensorType("float", ["N", channels, size, size]));
  let skip = x;
  for (let block = 0; graph.nodes.length < nodes; block++) {
    x = residualBlock(editor, x, block);
    if (block % skipBlocks === skipBlocks - 1) {
      x = editor.op.Add([x, skip]);
      skip = x;
    }
  }
  editor.output(x);
  const model = newModel(graph);
  model.opsets.set("", 17);
  model.irVersion = 8;
  return model;
}

/** Some 24 nodes of which few remain. */
function residualBlock(editor: GraphEditor, x: Value, block: number): Value {
  const { op } = editor;
  const weight = (name: string, dims: readonly number[]): Value =>
    editor.initializer(made(block, dims, 0.1), `${name}_${block}`);
  const constant = (value: Tensor): Value => op.Constant([], { value });
  const batchNorm = (value: Value, name: string): Value =>
    op.BatchNormalization([
      value,
      weight(`${name}_scale`, [channels]),
      weight(`${name}_bias`, [channels]),
      weight(`${name}_mean`, [channels]),
      editor.initializer(
        Tensor.of(
          "float",
          Array.from({ length: channels }, () => 1),
        ),
        `${name}_variance_${block}`,
      ),
    ]);

  const padded = op.Pad([x, constant(Tensor.of("int64", [0, 0, 1, 1, 0, 0, 1, 1]))]);
  const depthwise = op.Conv([padded, op.Identity([weight("w", [channels, 1, 3, 3])])], { group: channels });
  const main = hardSwish(editor, batchNorm(depthwise, "bn"));
  const side = batchNorm(op.Conv([x, weight("v", [channels, channels, 1, 1])]), "side");
  const joined = op.Relu([op.Add([main, side])]);

  const turned = op.Transpose([joined], { perm: [0, 2, 3, 1] });
  const turnedBack = op.Transpose([op.Identity([turned])], { perm: [0, 3, 1, 2] });
  const batch = op.Gather([op.Shape([turnedBack]), constant(Tensor.of("int64", [0]))]);
  const flat = op.Reshape([turnedBack, op.Concat([batch, constant(Tensor.of("int64", [-1]))], { axis: 0 })]);
  const shape = op.Concat([batch, constant(Tensor.of("int64", [channels, size, size]))], { axis: 0 });
  return op.Reshape([op.Dropout([flat]), shape]);
}

/** x · clip(x + 3, 0, 6) / 6 */
function hardSwish(editor: GraphEditor, x: Value): Value {
  const { op } = editor;
  const number = (value: number): Value => editor.initializer(Tensor.scalar("float", value), "c");
  const gate = op.Clip([op.Add([x, number(3)]), number(0), number(6)]);
  return op.Div([op.Mul([x, gate]), number(6)]);
}

/** Elements in [-bound, bound) that depend on the seed. */
function made(seed: number, dims: readonly number[], bound: number): Tensor {
  let state = seed + 1;
  const count = dims.reduce((product, dim) => product * dim, 1);
  const elements = Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround((state / 2 ** 31 - 1) * bound);
  });
  return Tensor.of("float", elements, dims);
}
