import {
  canonicalOpset,
  CompileError,
  originText,
  typeText,
  type Diagnostic,
  type Node,
  type Value,
  type ValueType,
} from "@lowbit/ir";

/** The rules that were applied last, when a driver gave up: they undo each other, or one feeds on its own result. */
export function noFixedPoint(rules: readonly string[], at: string, limit: number): CompileError {
  const message =
    rules.length === 1
      ? `rule ${rules[0]} goes on applying to what it made at ${at}`
      : `rules ${rules.slice(0, -1).join(", ")} and ${rules.at(-1)} go on undoing each other at ${at}`;
  return new CompileError({
    code: "rewrite/no-fixed-point",
    severity: "error",
    message: `${message}; stopped after ${limit} rewrites`,
    where: { node: at },
    help: "Make each rule reduce one measure (nodes, operands, bytes), so that no rule can restore what another removed.",
  });
}

/** A rule replaced a value by one of another type. */
export function typeChanged(rule: string, root: Node, from: Value, type: ValueType | null): CompileError {
  const origin = originText(root.origin);
  return new CompileError({
    code: "rewrite/type-changed",
    severity: "error",
    message: `rule ${rule} replaces ${from.name}, which is ${typeText(from.type)}, by a value that is ${typeText(type)}`,
    where: origin ? { node: root.label, value: from.name, origin } : { node: root.label, value: from.name },
    help: "Let the rule reject the match, or build a replacement of the same type.",
  });
}

/** A pass threw: its name and the passes that ran before it. */
export function passFailed(pass: string, before: readonly string[]): Diagnostic {
  const history = before.length === 0 ? "the first pass" : `after ${before.join(", ")}`;
  return {
    code: "pass/failed",
    severity: "error",
    message: `pass ${pass} failed (${history})`,
    help: "Run with --verify-each to see whether an earlier pass left the graph in a wrong state.",
  };
}

/** The graph is not valid after a pass, so the pass is wrong; the findings of the verifier follow. */
export function invalidAfter(pass: string, before: readonly string[]): Diagnostic {
  const history = before.length === 0 ? "the first pass" : `after ${before.join(", ")}`;
  return {
    code: "pass/invalid-result",
    severity: "error",
    message: `pass ${pass} (${history}) left a graph that is not valid`,
    help: "This is a bug of the pass: a pass takes a valid graph and leaves a valid one.",
  };
}

/** A pass written for the canonical opset met a model in another one. */
export function wrongOpset(pass: string, opset: number | undefined): Diagnostic {
  const written = opset === undefined ? "imports no opset of the ONNX domain" : `is in opset ${opset}`;
  return {
    code: "pass/opset",
    severity: "error",
    message: `pass ${pass} works on opset ${canonicalOpset}, but the model ${written}`,
    help: "Put convert-opset before it in the pipeline.",
  };
}

/** The passes of a sequence go on changing what the others did; the model is valid, but not at a fixed point. */
export function unstable(sequence: string, rounds: number): Diagnostic {
  return {
    code: "pass/unstable",
    severity: "warning",
    message: `the passes of ${sequence} still change the model after ${rounds} rounds`,
    help: "Two passes may undo each other: print the graph after each pass to see which.",
  };
}
