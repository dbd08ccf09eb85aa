import { readdirSync } from "node:fs";
import { join } from "node:path";
import { arm } from "@lowbit/backend-arm";
import { x86 } from "@lowbit/backend-x86";
import { cloneModel, isFloat, loadModel, type Graph, type Node, type Value } from "@lowbit/ir";
import {
  dynamicPlan,
  floatPipeline,
  isUse,
  keepFloat,
  movesElements,
  nodesMatching,
  type QuantPlan,
} from "@lowbit/quantize";
import { runPasses } from "@lowbit/rewrite";
import { materialsFolder } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { madeUpShapes } from "./made-up-feeds.ts";

const folder = join(materialsFolder() ?? "", "models");
const isQuantized = (name: string): boolean => name.includes("int8");
const files =
  materialsFolder() === null
    ? []
    : readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".onnx") && !isQuantized(name))
        .toSorted();

const backends = (["speed", "integer"] as const).flatMap((prefer) => [
  x86({ prefer }),
  arm({ prefer }),
  arm({ prefer, features: ["dotprod"] }),
  arm({ prefer, features: ["qnnpack"] }),
]);

/** Labels of nodes that compute floats, have nothing to do with codes and no reason for it. */
function silentNodes(plan: QuantPlan, isAsked: (node: Node) => boolean = computesFloats): readonly string[] {
  const explained = new Set(plan.skipped.filter(({ reason }) => reason !== "").map(({ node }) => node));
  return [...plan.graph.nodes]
    .filter((node) => isAsked(node) && !explained.has(node) && !touchesCodes(node, plan) && !isAdded(node, plan))
    .map(({ op, label }) => `${op} ${label}`);
}

/** Whether floats that depend on what the model is given become others; data of the model does not change. */
function computesFloats(node: Node): boolean {
  const isNumber = (value: Value | null): boolean => value !== null && isFloat(value.dtype ?? "bool");
  const holdsGraphs = [...node.attributes.values()].some(({ kind }) => kind === "graph");
  return (
    node.outputs.some(isNumber) && (holdsGraphs || node.inputs.some((value) => isNumber(value) && !value!.initializer))
  );
}

function touchesCodes({ operands, outputs }: Node, { specs }: QuantPlan): boolean {
  return operands.some((use) => specs.has(use)) || outputs.some((value) => value && specs.has(value));
}

/** Whether a node adds a bias behind a product on integers: then the product's kernel does it. */
function isAdded(node: Node, plan: QuantPlan): boolean {
  const product = node.inputs.find((value) => value?.producer?.op === "MatMul")?.producer;
  return node.op === "Add" && product !== null && product !== undefined && touchesCodes(product, plan);
}

/** Every second node whose operands are planned as codes. */
function everySecondCoded(graph: Graph, plan: QuantPlan): readonly string[] {
  const coded = new Set([...plan.specs.keys()].filter(isUse).map(({ node }) => node));
  return [...graph.nodes]
    .filter((node) => coded.has(node))
    .flatMap((node, i) => (i % 2 === 0 ? [node.outputs[0]!.name] : []));
}

test.skipIf(files.length === 0).each(files)("each node of %s that stays float says why, on every backend", (file) => {
  const model = loadModel(join(folder, file));
  const silent = backends.flatMap((backend) => {
    const copy = cloneModel(model);
    runPasses(copy, floatPipeline(backend));
    const { graph } = copy;
    const plan = backend.quantizer.annotate(graph, { inputShapes: madeUpShapes(graph.inputs) });
    const names = everySecondCoded(graph, plan);
    const edited = keepFloat(plan, nodesMatching(graph, names));
    const atRunTime = silentNodes(dynamicPlan(graph), (node) => computesFloats(node) && !movesElements(node)).map(
      (name) => `${name} with dynamic scales`,
    );
    return [...silentNodes(plan), ...silentNodes(edited).map((name) => `${name} after an edit`), ...atRunTime];
  });
  expect(silent).toEqual([]);
});
