import { lowbitDomain, newModel, type Tensor } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { Session } from "@lowbit/runtime";
import { describe, expect, test } from "vitest";
import { gradientCases } from "./cases/all.testing.ts";
import { differentiateCase } from "./cases/differentiate-case.testing.ts";
import type { GradientCase } from "./cases/gradient-case.testing.ts";

/** Largest difference to the reference interpreter in float32, relative to the larger of its element and 1. */
const tolerance = 1e-4;

/** Random ops differ between runtimes; later opsets are not what the canonical model is saved in. */
function runsAnywhere(row: GradientCase): boolean {
  return row.op !== "Dropout" && !row.notOnRuntime && row.opset === undefined && !row.text.includes(`${lowbitDomain}.`);
}

function farthest(a: Tensor, b: Tensor): number {
  const others = b.numbers();
  const distances = a.numbers().map((x, i) => Math.abs(x - others[i]!) / Math.max(1, Math.abs(x)));
  return distances.length === 0 ? 0 : Math.max(...distances);
}

describe.each(["static", "unknown"] as const)("ONNX Runtime runs the gradient with %s shapes of", (shapes) => {
  const rows = gradientCases.filter((row) => runsAnywhere(row) && (shapes === "static" || !row.staticOnly));
  const prepared = rows.map((row) => ({ row, built: differentiateCase(row, { shapes, dtype: "float" }) }));
  const plain = prepared.filter(({ built }) => [...built.graph.nodes].every((node) => node.domain === ""));
  test.each(plain.map(({ row, built }) => [row.op, row.title, built] as const))(
    "%s: %s",
    async (_op, _title, built) => {
      const { graph, editor, feeds, grads } = built;
      const outputs = [...grads.values()].filter((grad) => grad !== null).map((grad) => editor.op.Identity([grad]));
      editor.setOutputs(outputs);
      const session = await Session.create(newModel(graph), { threads: 1 });
      const results = await session.run(Object.fromEntries(feeds));
      await session.release();
      for (const [name, expected] of evaluate(graph, feeds)) {
        expect(results[name]!.dims).toEqual(expected.dims);
        expect(farthest(expected, results[name]!)).toBeLessThan(tolerance);
      }
    },
  );
});
