import { CompileError, convertOpset, importModel, isFloat, type Model, type Tensor } from "@lowbit/ir";
import { conformanceArchive, conformanceCases, conformanceTensor, type ConformanceCase } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { evaluate } from "./evaluate.ts";
import { hasKernel } from "./kernel-table.ts";

/** The tolerance of the suite's own runner, in float32 (https://github.com/onnx/onnx/blob/main/onnx/backend/test/runner). */
const relative = 1e-3;
const absolute = 1e-7;

type Outcome = { readonly kind: "passed" } | { readonly kind: "not claimed" | "failed"; readonly reason: string };

const archive = conformanceArchive();

test.skipIf(archive === null)(
  "agrees with every case of the ONNX conformance suite whose ops it knows",
  { timeout: 120_000 },
  () => {
    const outcomes = conformanceCases(archive!).map((each) => ({ name: each.name, ...outcomeOf(each) }));
    const count = (kind: Outcome["kind"]): number => outcomes.filter((outcome) => outcome.kind === kind).length;
    const notClaimed = outcomes.flatMap((outcome) =>
      outcome.kind === "not claimed" ? [`${outcome.name}: ${outcome.reason}`] : [],
    );
    process.stdout.write(
      `ONNX conformance: ${count("passed")} passed, ${count("not claimed")} not claimed, ${count("failed")} failed\n` +
        notClaimed.map((line) => `  not claimed: ${line}\n`).join(""),
    );
    const failed = outcomes.flatMap((outcome) =>
      outcome.kind === "failed" ? [`${outcome.name}: ${outcome.reason}`] : [],
    );
    expect(failed).toEqual([]);
    expect(outcomes).toHaveLength(965);
    expect(count("passed")).toBeGreaterThanOrEqual(940);
  },
);

function outcomeOf(each: ConformanceCase): Outcome {
  const model = importModel(each.model);
  const inputNames = model.graph.inputs.map((value) => value.name);
  const reason = unclaimed(each.name, model) ?? conversionFailure(model);
  if (reason !== null) return { kind: "not claimed", reason };
  try {
    const difference = firstDifference(each, model, inputNames);
    return difference === null ? { kind: "passed" } : { kind: "failed", reason: difference };
  } catch (error) {
    return { kind: "failed", reason: error instanceof CompileError ? error.message : String((error as Error).stack) };
  }
}

/** These keep random elements, which differ from runtime to runtime. */
const randomCases: ReadonlySet<string> = new Set([
  "node/test_training_dropout",
  "node/test_training_dropout_default",
  "node/test_training_dropout_default_mask",
  "node/test_training_dropout_mask",
]);

/** Why a case is not run; null when it is. */
function unclaimed(name: string, { graph }: Model): string | null {
  if (randomCases.has(name)) return "depends on which numbers a random generator draws";
  const other = [...graph.inputs, ...graph.outputs].find((value) => value.type?.kind !== "tensor");
  return other ? `"${other.name}" is a ${other.type?.kind ?? "value of unknown type"}` : null;
}

/** Brings the model into the canonical opset; newer opsets only add to its ops. Why it cannot be run, or null. */
function conversionFailure(model: Model): string | null {
  try {
    convertOpset(model);
  } catch (error) {
    if (error instanceof CompileError) return error.diagnostic.message;
    throw error;
  }
  const missing = [...model.graph.nodes].find((node) => !hasKernel(node.op, node.domain));
  return missing ? `no kernel for ${missing.domain === "" ? "" : `${missing.domain}.`}${missing.op}` : null;
}

function firstDifference(each: ConformanceCase, { graph }: Model, inputNames: readonly string[]): string | null {
  for (const { inputs, outputs } of each.dataSets) {
    const fed = inputs.map((bytes, i) => [inputNames[i]!, conformanceTensor(bytes)] as const);
    const results = evaluate(graph, new Map(fed));
    for (const [i, value] of graph.outputs.entries()) {
      const difference = differenceOf(results.get(value.name)!, conformanceTensor(outputs[i]!));
      if (difference !== null) return `${value.name}: ${difference}`;
    }
  }
  return null;
}

function differenceOf(actual: Tensor, expected: Tensor): string | null {
  const text = ({ dtype, dims }: Tensor): string => `${dtype}[${dims.join(",")}]`;
  if (text(actual) !== text(expected)) return `${text(actual)} instead of ${text(expected)}`;
  if (actual.strings)
    return actual.strings.every((bytes, i) => Buffer.from(bytes).equals(expected.strings![i]!))
      ? null
      : "strings differ";
  const [ours, theirs] = [actual.numbers(), expected.numbers()];
  for (let i = 0; i < ours.length; i++) {
    const [a, b] = [ours[i]!, theirs[i]!];
    const tolerance = isFloat(actual.dtype) ? absolute + relative * Math.abs(b) : 0;
    if (!Object.is(a, b) && a !== b && !(Math.abs(a - b) <= tolerance)) return `element ${i} is ${a} instead of ${b}`;
  }
  return null;
}
