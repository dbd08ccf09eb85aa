import { CompileError, type Diagnostic, type Node, originText } from "@lowbit/ir";

/** A plan, in text or as a value, says something that the graph or the dtypes do not allow. */
export function badPlan(message: string, point: string, help?: string): CompileError {
  const diagnostic: Diagnostic = { code: "quantize/plan", severity: "error", message, where: { value: point } };
  return new CompileError(help === undefined ? diagnostic : { ...diagnostic, help });
}

/** A plan was made for another graph than the one it is used with. */
export function planOfOtherGraph(planGraph: string, graph: string): CompileError {
  return new CompileError({
    code: "quantize/plan-graph",
    severity: "error",
    message: `the plan was made for graph "${planGraph}", not for this graph "${graph}"`,
    help: "annotate the graph again, or read the plan from JSON against it",
  });
}

/** A plan is followed in a mode that it is not of. */
export function planOfOtherMode(planModes: readonly string[], mode: string): CompileError {
  return new CompileError({
    code: "quantize/plan-mode",
    severity: "error",
    message: `the plan is of mode ${planModes.join(" and ")}, not ${mode}`,
    help: `use it with --mode ${planModes[0]}, or leave it out to have a plan made for ${mode}`,
  });
}

/** A pattern that names the layers to keep in float matches none. */
export function globMatchesNothing(glob: string): CompileError {
  return new CompileError({
    code: "quantize/keep-float",
    severity: "error",
    message: `"${glob}" matches no node`,
    help: "run `lowbit inspect --text` to see the names of nodes; `*` stands for any text",
  });
}

/** Calibration ended without a single batch. */
export function noCalibrationData(): CompileError {
  return new CompileError({
    code: "quantize/no-calibration-data",
    severity: "error",
    message: "calibration got no data: the calibration set is empty",
    help: "give at least 32 representative samples",
  });
}

/** Histograms with so few bins cannot tell one range from another. */
export function tooFewBins(bins: number, least: number): CompileError {
  return new CompileError({
    code: "quantize/bins",
    severity: "error",
    message: `a range cannot be found in a histogram of ${bins} bins: it takes a whole number of at least ${least}`,
  });
}

/** Few samples give ranges that later inputs leave. */
export function fewSamples(samples: number): Diagnostic {
  return {
    code: "quantize/few-samples",
    severity: "warning",
    message: `calibration saw ${samples} sample${samples === 1 ? "" : "s"}; fewer than 32 give unreliable ranges`,
    help: "give at least 32 representative samples",
  };
}

/** An activation was not a number, or infinite, during calibration; `place` says in which sample or batch. */
export function notFinite(value: string, place: string): CompileError {
  return new CompileError({
    code: "quantize/not-finite",
    severity: "error",
    message: `"${value}" is NaN or infinite in ${place}`,
    where: { value },
    help: "look for broken samples there, or for inputs that are not scaled as the model expects",
  });
}

/** A file of calibration statistics cannot be gone on from. */
export function badCalibrationCache(path: string, problem: string): CompileError {
  return new CompileError({
    code: "quantize/calibration-cache",
    severity: "error",
    message: `the calibration cache "${path}" ${problem}`,
    help: "delete it, or name another file, to calibrate from the beginning",
  });
}

/** Parameters were asked for before any data was seen. */
export function neverObserved(point: string): CompileError {
  return new CompileError({
    code: "quantize/never-observed",
    severity: "error",
    message: `"${point}" has no range: its observer never saw data`,
    where: { value: point },
    help: "calibrate, or train at least one step, before converting",
  });
}

/** A range that holds one number only has no information about the values to come. */
export function degenerateRange(point: string, values: readonly number[]): Diagnostic {
  const isOne = values.every((value) => value === values[0]);
  return {
    code: "quantize/degenerate-range",
    severity: "warning",
    message: `"${point}" was ${isOne ? values[0] : "the same in each channel"} in all calibration samples`,
    where: { value: point },
    help: "the samples may not reach this part of the model; keep its node in float if it matters",
  };
}

/** Something in the model cannot be brought into the quantized form that was asked for. */
export function cannotQuantize(node: Node, reason: string): CompileError {
  const origin = originText(node.origin);
  return new CompileError({
    code: "quantize/unsupported",
    severity: "error",
    message: `${node.op} "${node.label}": ${reason}`,
    where: origin && origin !== node.name ? { node: node.label, origin } : { node: node.label },
    help: `keep it in float with --keep-float "${node.label}"`,
  });
}

/** A model holds quantized ops already, so quantizing it would round twice. */
export function alreadyQuantized(first: Node, count: number): CompileError {
  return new CompileError({
    code: "backend/already-quantized",
    severity: "error",
    message: `the model is quantized already: ${count} of its nodes work on codes, the first is ${first.op} "${first.label}"`,
    where: { node: first.label },
    help: "start from the float model; `lowbit verify` tells what of this one runs on integers",
  });
}
