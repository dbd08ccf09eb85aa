import { Graph, GraphEditor, Tensor, type Value } from "@lowbit/ir";
import { filled, type Scope, type Step } from "./scope.ts";

function body(scope: Scope, name: string, build: (inner: Scope) => Value): Graph {
  const graph = new Graph(name, null, scope.editor.graph);
  const editor = new GraphEditor(graph);
  const inner: Scope = { ...scope, editor, op: editor.op };
  editor.output(build(inner));
  return graph;
}

/** An If whose bodies read x, a constant of the graph around, and constants of their own. */
const branch: Step = (scope, x) => {
  const { editor, op, draw } = scope;
  const outer = op.Neg([filled(scope, 2)]);
  const isTrue = draw.chance();
  const condition = editor.initializer(Tensor.of("bool", [Number(isTrue)], []), "condition");
  const then_branch = body(scope, "then", (inner) =>
    inner.op.Add([inner.op.Identity([inner.op.Mul([x, outer])]), inner.op.Abs([filled(inner, 3)])]),
  );
  const else_branch = body(scope, "else", (inner) => inner.op.Relu([inner.op.Neg([inner.op.Neg([x])])]));
  const [y] = op.If(
    [draw.chance() ? op.Identity([condition]) : condition],
    { then_branch, else_branch },
    { outputs: 1 },
  );
  return y ?? null;
};

/** Constants as nodes, and work that does not depend on any input. */
const constants: Step = (scope, x) => {
  const { op, draw } = scope;
  const node = op.Constant([], { value: Tensor.scalar("float", draw.pick([0.5, 2])) });
  return draw.pick([
    () => op.Mul([x, op.Sqrt([op.Add([node, filled(scope, 1)])])]),
    () => op.Add([x, node]),
    () => op.Add([op.Relu([x]), op.Relu([x])]),
  ])();
};

/** Bodies, constants, and repeats. */
export const controlSteps: readonly Step[] = [branch, constants, constants];
