import { arm } from "@lowbit/backend-arm";
import type { Backend } from "@lowbit/backend-kit";
import { CompileError, parseGraph, type Graph } from "@lowbit/ir";
import { createPlan, observed, type QuantPlan } from "@lowbit/quantize";
import { expect, test } from "vitest";
import { loadBackend } from "./load-backend.ts";

const graph = parseGraph(`g (float[1,4,8,8] x) => (y) <float[4,4,3,3] w> {
  [conv] c = Conv (x, w)
  [tanh] y = Tanh (c)
}`);

/** What is said about a plug-in with this quantizer. */
async function complaint(annotate: (graph: Graph) => unknown): Promise<CompileError> {
  const stranger = { ...arm(), name: "stranger", quantizer: { name: "stranger", annotate } } as Backend;
  const loaded = await loadBackend("stranger", { known: [stranger] });
  try {
    loaded.quantizer.annotate(graph);
  } catch (error) {
    if (error instanceof CompileError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const legal = (of: Graph): QuantPlan => arm({ prefer: "integer" }).quantizer.annotate(of);

test.each([
  ["is no plan", () => undefined, "its quantizer returns no plan"],
  ["lacks a member", (of: Graph) => ({ ...legal(of), skipped: undefined }), "its quantizer returns no plan"],
  [
    "is about another graph",
    () => legal(parseGraph("g (float[2] x) => (y) { y = Relu (x) }")),
    "its quantizer returns a plan for another graph",
  ],
  [
    "takes codes that no kernel has",
    (of: Graph) => createPlan(of, new Map([...legal(of).specs, [[...of.nodes][0]!.operands[0]!, observed("int16")]])),
    "its plan is illegal: conv#X is int16, and the kernel for Conv takes int8",
  ],
  [
    "quantizes what has no kernel",
    (of: Graph) =>
      createPlan(
        of,
        new Map([
          [[...of.nodes][1]!.operands[0]!, observed("int8")],
          ...legal(of).specs,
          [of.outputs[0]!, observed("int8")],
        ]),
      ),
    "its plan is illegal: tanh#input is quantized, and no integer kernel reads or makes it (and 1 more)",
  ],
])("a plug-in's plan that %s is refused", async (_, annotate, message) => {
  const { diagnostic } = await complaint(annotate);
  expect(diagnostic.code).toBe("backend/illegal-plan");
  expect(diagnostic.message).toBe(`backend module "stranger": ${message}`);
});

test("a plug-in's legal plan is used as it is", async () => {
  const stranger: Backend = { ...arm({ prefer: "integer" }), name: "stranger" };
  const loaded = await loadBackend("stranger", { known: [stranger] });
  expect(loaded.quantizer.annotate(graph).specs.size).toBe(legal(graph).specs.size);
});
