import { tensorType, type Dim } from "../types.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { broadcastShapes, commonDType } from "./infer-elementwise.ts";

/** Einsum: the result's axes are the labels after `->`, or every label that occurs once, in order. */
export function inferEinsum(context: InferContext): Inferred {
  const dtype = commonDType(
    context,
    Array.from({ length: context.inputCount }, (_, i) => i),
  );
  if (dtype === null) return { types: [null] };
  const [left, right] = context.node.string("equation", "").replaceAll(/\s/g, "").split("->");
  const terms = left!.split(",");
  if (terms.length !== context.inputCount) {
    context.fail(`the equation has ${terms.length} terms, but there are ${context.inputCount} operands`);
  }
  const dims = new Map<string, Dim>();
  const ellipses: (readonly Dim[])[] = [];
  for (const [index, term] of terms.entries()) {
    const shape = context.shape(index);
    if (shape === null) return { types: [tensorType(dtype, null)] };
    const labels = labelsOf(term, shape.length, context);
    ellipses.push(shape.filter((_, axis) => labels[axis] === "..."));
    for (const [axis, dim] of shape.entries()) {
      const label = labels[axis]!;
      if (label !== "...") dims.set(label, meet(context, label, dims.get(label), dim));
    }
  }
  const around = broadcastShapes(ellipses, (message) => context.fail(message))!;
  const output = right ?? implicitOutput(terms);
  const labels = output.includes("...") ? output.split("...") : [output];
  const named = (text: string): readonly Dim[] =>
    text.split("").map((label) => {
      const dim = dims.get(label);
      return dim === undefined ? context.fail(`the result's label ${label} is in no operand`) : dim;
    });
  return {
    types: [
      tensorType(dtype, labels.length === 2 ? [...named(labels[0]!), ...around, ...named(labels[1]!)] : named(output)),
    ],
  };
}

/** One label per axis of an operand; `...` for the axes its ellipsis stands for. */
function labelsOf(term: string, rank: number, context: InferContext): readonly string[] {
  const [before, after] = term.split("...");
  const named = before!.length + (after ?? "").length;
  const hidden = rank - named;
  if (after === undefined ? hidden !== 0 : hidden < 0) {
    context.fail(`the term "${term}" names ${named} axes, but its operand has ${rank}`);
  }
  return [...before!.split(""), ...Array.from({ length: hidden }, () => "..."), ...(after ?? "").split("")];
}

function meet(context: InferContext, label: string, a: Dim | undefined, b: Dim): Dim {
  if (a === undefined || a === null || a === 1) return b;
  if (typeof a === "number" && typeof b === "number" && b !== 1 && a !== b) {
    context.fail(`the label ${label} stands for ${a} and for ${b}`);
  }
  return typeof b === "number" && b !== 1 ? b : a;
}

function implicitOutput(terms: readonly string[]): string {
  const all = terms.join("").replaceAll(".", "");
  const once = [...new Set(all)].filter((label) => all.split(label).length === 2).toSorted();
  return (terms.some((term) => term.includes("...")) ? "..." : "") + once.join("");
}
