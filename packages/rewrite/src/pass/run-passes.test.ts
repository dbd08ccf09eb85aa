import { CompileError, GraphEditor, parseModel, printGraph, type Diagnostic, type Model } from "@lowbit/ir";
import { expect, test } from "vitest";
import { any } from "../pattern/any.ts";
import { op } from "../pattern/op.ts";
import { rule } from "../rule/rule.ts";
import { definePass } from "./pass.ts";
import { rulePass } from "./rule-pass.ts";
import { runPasses } from "./run-passes.ts";
import { sequence } from "./sequence.ts";

const dropNeg = rulePass({
  name: "double-neg",
  summary: "Removes pairs of Neg.",
  rules: [rule({ name: "double-neg", pattern: op("Neg", [op("Neg", [any("x")])]), rewrite: ({ x }) => x })],
});

const reporting = definePass({
  name: "report",
  summary: "Says hello.",
  options: { times: { kind: "integer", default: 1, about: "How often." } },
  run(_, context, { times }) {
    for (let i = 0; i < times; i++) context.report(note(`hello ${i}`));
    return { changed: 0 };
  },
});

const failing = definePass({
  name: "fail",
  summary: "Fails.",
  run: () => {
    throw new CompileError(note("no way"));
  },
});

function note(message: string): Diagnostic {
  return { code: "test/note", severity: "note", message };
}

function model(): Model {
  return parseModel("g (float[2] x) => (float[2] y) { a = Neg(x) b = Neg(a) y = Relu(b) }");
}

function thrown(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
}

test("the report tells what each pass did and said", () => {
  const report = runPasses(model(), [dropNeg, reporting.with({ times: 2 }), dropNeg]);
  expect(report.changed).toBe(1);
  expect(report.diagnostics.map((each) => each.message)).toEqual(["hello 0", "hello 1"]);
  expect(report.records.map((each) => [each.pass, each.changed, each.nodesBefore, each.nodesAfter])).toEqual([
    ["double-neg", 1, 3, 1],
    ["report", 0, 1, 1],
    ["double-neg", 0, 1, 1],
  ]);
});

test("the parts of a sequence have records of their own, and run again only after another one changed something", () => {
  const seen: string[] = [];
  runPasses(model(), [sequence({ name: "all", summary: "All.", passes: [dropNeg] })], {
    after: ({ pass, within, changed }) => seen.push(`${[...within, pass].join("/")} ${changed}`),
  });
  expect(seen).toEqual(["all/double-neg 1", "all 1"]);
});

test("the hook after a pass can print the graph", () => {
  let text = "";
  runPasses(model(), [dropNeg], { after: (_, { graph }) => (text = printGraph(graph)) });
  expect(text).toMatchInlineSnapshot(`
    "g (float[2] x) => (float[2] y) {
      y = Relu (x)
    }"
  `);
});

test("a failed pass names itself and those before it, also inside a sequence", () => {
  const all = sequence({ name: "all", summary: "All.", passes: [failing] });
  expect(thrown(() => runPasses(model(), [dropNeg, all]))).toMatchInlineSnapshot(`
    "note test/note: no way
    error pass/failed: pass fail failed (after double-neg)
      help: Run with --verify-each to see whether an earlier pass left the graph in a wrong state."
  `);
});

test("a bug in a pass is an internal error that names the pass", () => {
  const broken = definePass({
    name: "broken",
    summary: "Broken.",
    run: () => {
      throw new TypeError("x is undefined");
    },
  });
  expect(thrown(() => runPasses(model(), [broken]))).toBe(
    "internal: x is undefined [pass broken failed (the first pass)]",
  );
});

const swap = definePass({
  name: "swap",
  summary: "Moves the last node to the front.",
  run({ graph }) {
    new GraphEditor(graph).move(graph.nodes.last!, graph.nodes.first);
    return { changed: 1 };
  },
});

test("a pass that leaves a wrong graph is named", () => {
  expect(thrown(() => runPasses(model(), [reporting, swap], { verifyEach: true }))).toMatchInlineSnapshot(`
    "error graph/order: Relu "y" stands before Neg "b", which it needs
      --> node y
    error pass/invalid-result: pass swap (after report) left a graph that is not valid
      help: This is a bug of the pass: a pass takes a valid graph and leaves a valid one."
  `);
});

test("a wrong graph is refused before the first pass", () => {
  const wrong = model();
  runPasses(wrong, [swap]);
  expect(thrown(() => runPasses(wrong, [dropNeg], { verifyEach: true }))).toMatchInlineSnapshot(`
    "error graph/order: Relu "y" stands before Neg "b", which it needs
      --> node y"
  `);
});

test("a pass refuses a model of an older opset unless it says otherwise", () => {
  const old = parseModel('<opset_import: ["": 13]> g (float[2] x) => (float[2] y) { y = Neg(x) }');
  expect(thrown(() => runPasses(old, [dropNeg]))).toMatchInlineSnapshot(`
    "error pass/opset: pass double-neg works on opset 21, but the model is in opset 13
      help: Put convert-opset before it in the pipeline.
    error pass/failed: pass double-neg failed (the first pass)
      help: Run with --verify-each to see whether an earlier pass left the graph in a wrong state."
  `);
  const newer = parseModel('<opset_import: ["": 24]> g (float[2] x) => (float[2] y) { y = Swish(x) }');
  expect(runPasses(newer, [dropNeg], { verifyEach: true }).changed).toBe(0);
  expect(runPasses(old, [definePass({ ...reporting, anyOpset: true, run: () => ({ changed: 0 }) })]).changed).toBe(0);
});
