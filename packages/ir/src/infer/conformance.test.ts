import { conformanceArchive, conformanceCases, conformanceTensor, type ConformanceCase } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { CompileError } from "../diagnostics.ts";
import { mutable } from "../edit/mutable.ts";
import { graphsOf } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import type { Model } from "../graph/model.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/value.ts";
import { sinceOf } from "../ops/define-op.ts";
import { isCanonicalForm } from "../ops/infer-node.ts";
import { schemaOf } from "../ops/registry.ts";
import { convertOpset } from "../opset/convert-opset.ts";
import { importModel } from "../serde/import-model.ts";
import { isStatic, typeText, type ValueType } from "../types.ts";
import { inferShapes } from "./infer-shapes.ts";

const archive = conformanceArchive();

/** What the cases showed: names of failed ones with the reason. */
interface Count {
  passed: number;
  notClaimed: number;
  /** Cases whose result shapes are known in full. */
  exact: number;
  readonly failed: string[];
}

test.skipIf(archive === null)("inferred types agree with the outputs of every conformance case", () => {
  const count = counted((model) => model);
  process.stdout.write(`shape inference, inputs of known type: ${summary(count)}\n`);
  expect(count.failed).toEqual([]);
  expect(count.passed).toBeGreaterThanOrEqual(960);
});

test.skipIf(archive === null)("inferred types agree when the values of all inputs are known too", () => {
  const count = counted(withConstantInputs);
  process.stdout.write(`shape inference, inputs of known value: ${summary(count)}\n`);
  expect(count.failed).toEqual([]);
  expect(count.exact / count.passed).toBeGreaterThan(0.98);
});

function counted(prepare: (model: Model, inputs: readonly Uint8Array[]) => Model): Count {
  const count: Count = { passed: 0, notClaimed: 0, exact: 0, failed: [] };
  for (const found of conformanceCases(archive!)) {
    const outcome = tryCase(found, prepare);
    if (outcome === "not claimed") count.notClaimed++;
    else if (outcome === "exact" || outcome === "passed") {
      count.passed++;
      if (outcome === "exact") count.exact++;
    } else count.failed.push(`${found.name}: ${outcome}`);
  }
  return count;
}

function summary(count: Count): string {
  return `${count.passed} passed (${count.exact} exact), ${count.notClaimed} not claimed, ${count.failed.length} failed`;
}

/** "passed", "exact", "not claimed", or what is wrong. */
function tryCase(found: ConformanceCase, prepare: (model: Model, inputs: readonly Uint8Array[]) => Model): string {
  const [data] = found.dataSets;
  if (!data) return "not claimed";
  const model = prepare(importModel(found.model), data.inputs);
  const declared = model.graph.outputs.map((value) => value.type);
  try {
    if (!isClaimed(model)) convertOpset(model);
    if (!isClaimed(model)) return "not claimed";
    forgetTypes(model.graph);
    inferShapes(model);
  } catch (error) {
    if (error instanceof CompileError) return error.message;
    throw error;
  }
  const wrong = model.graph.outputs.map((value, i) => disagreement(value, declared[i] ?? null, data.outputs[i]!));
  const first = wrong.find((reason) => reason !== null);
  if (first) return first;
  return model.graph.outputs.every((value) => value.type?.kind !== "tensor" || isStatic(value.shape))
    ? "exact"
    : "passed";
}

function disagreement(value: Value, declared: ValueType | null, bytes: Uint8Array): string | null {
  if (declared?.kind !== "tensor")
    return value.type?.kind === declared?.kind ? null : `${value.name} is no ${declared?.kind}`;
  const expected = conformanceTensor(bytes).type;
  const { type } = value;
  if (type?.kind !== "tensor") return `${value.name} is ${typeText(type)}, expected ${typeText(expected)}`;
  const agrees =
    type.dtype === expected.dtype &&
    (type.shape === null ||
      (type.shape.length === expected.shape!.length &&
        type.shape.every((dim, axis) => typeof dim !== "number" || dim === expected.shape![axis])));
  return agrees ? null : `${value.name} is ${typeText(type)}, expected ${typeText(expected)}`;
}

/** Whether every node is in a form that its op's schema speaks about. */
function isClaimed(model: Model): boolean {
  return nodesIn(model.graph).every((node) => isKnown(node, model));
}

function isKnown(node: Node, model: Model): boolean {
  const schema = schemaOf(node.op, node.domain);
  if (!schema || !isCanonicalForm(node, schema)) return false;
  return sinceOf(schema, node) <= (model.opsets.get(node.domain) ?? 0);
}

function nodesIn(root: Graph): readonly Node[] {
  const nodes: Node[] = [];
  const pending = [root];
  for (let graph = pending.pop(); graph; graph = pending.pop()) {
    for (const node of graph.nodes) {
      nodes.push(node);
      for (const attribute of node.attributes.values()) pending.push(...graphsOf(attribute));
    }
  }
  return nodes;
}

/** Forgets what the file says of results, so that only inference can tell. */
function forgetTypes(graph: Graph): void {
  for (const node of nodesIn(graph)) for (const value of node.outputs) if (value) mutable(value).type = null;
}

function withConstantInputs(model: Model, inputs: readonly Uint8Array[]): Model {
  for (const [i, value] of model.graph.inputs.entries()) {
    if (value.type?.kind !== "tensor" || !inputs[i]) continue;
    const tensor = conformanceTensor(inputs[i]);
    const writable = mutable(value);
    writable.initializer = tensor;
    writable.type = tensor.type;
    writable.isGraphInput = false;
    mutable(model.graph).initializers.add(value);
  }
  mutable(model.graph).inputs = model.graph.inputs.filter((value) => value.isGraphInput);
  return model;
}
