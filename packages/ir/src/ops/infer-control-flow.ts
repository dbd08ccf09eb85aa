import type { Graph } from "../graph/graph.ts";
import { tensorType, typeText, type Dim, type Shape, type ValueType } from "../types.ts";
import { axisIndex } from "./axes.ts";
import type { BodyOperands, InferContext, Inferred } from "./define-op.ts";
import { joinTypes, outsideBodies } from "./type-join.ts";

/** If: its branches take nothing. */
export function bodiesOfIf(context: InferContext): readonly BodyOperands[] {
  const branches = [bodyOf(context, "then_branch"), bodyOf(context, "else_branch")];
  return branches.map((body) => ({ body, inputs: [], feedback: [] }));
}

/** If: what both branches return. */
export function inferIf(context: InferContext): Inferred {
  const [yes, no] = [bodyOf(context, "then_branch"), bodyOf(context, "else_branch")];
  if (yes.outputs.length !== no.outputs.length) {
    context.fail(`branches return ${yes.outputs.length} and ${no.outputs.length} values`);
  }
  return { types: yes.outputs.map((value, i) => joined(context, value.type, no.outputs[i]!.type, "branches return")) };
}

/** Loop: the iteration number, the condition, and the carried values. */
export function bodiesOfLoop(context: InferContext): readonly BodyOperands[] {
  const body = bodyOf(context, "body");
  const carried = Array.from({ length: carriedCount(context, body) }, (_, i) => i);
  return [
    {
      body,
      inputs: [tensorType("int64", []), tensorType("bool", []), ...carried.map((i) => context.type(i + 2))],
      feedback: carried.map((i) => [i + 1, i + 2] as const),
    },
  ];
}

/** Loop: carried values as they enter or leave an iteration, then values of all iterations stacked. */
export function inferLoop(context: InferContext): Inferred {
  const body = bodyOf(context, "body");
  const carried = carriedCount(context, body);
  if (context.inputCount - 2 > carried || body.outputs.length - 1 < carried) {
    context.fail(
      `${context.inputCount - 2} initial values, but the body takes ${carried} and returns ${body.outputs.length - 1}`,
    );
  }
  return {
    types: body.outputs.slice(1).map((value, i) => {
      if (i < carried) return carriedOut(context, context.type(i + 2), value.type);
      return stacked(outsideBodies(context.node, value.type), 0, null);
    }),
  };
}

/** How many values a loop's body carries: its inputs after the iteration number and the condition. */
function carriedCount(context: InferContext, body: Graph): number {
  if (body.inputs.length < 2 || body.outputs.length === 0) {
    context.fail(
      `the body takes ${body.inputs.length} values and returns ${body.outputs.length}, 2 and 1 at least are needed`,
    );
  }
  return body.inputs.length - 2;
}

/** A carried value as it leaves the loop. An optional that an iteration fills leaves as what it holds. */
function carriedOut(context: InferContext, initial: ValueType | null, next: ValueType | null): ValueType | null {
  if (initial?.kind === "optional" && next && next.kind !== "optional") return outsideBodies(context.node, next);
  return joined(context, initial, next, "a carried value is");
}

/** Scan: the states, then slices of the scanned values. */
export function bodiesOfScan(context: InferContext): readonly BodyOperands[] {
  const body = bodyOf(context, "body");
  const { states, scanned } = scanLayout(context);
  const slices = scanned.map((place, i) => {
    const type = context.type(place);
    if (type?.kind !== "tensor" || type.shape === null) return type;
    return tensorType(type.dtype, type.shape.toSpliced(scanAxis(context, "scan_input_axes", i, type.shape.length), 1));
  });
  return [
    {
      body,
      inputs: [...states.map((place) => context.type(place)), ...slices],
      feedback: states.map((place) => [place, place] as const),
    },
  ];
}

/** Scan: final states, then values of all steps stacked along their axes. */
export function inferScan(context: InferContext): Inferred {
  const body = bodyOf(context, "body");
  const { states, scanned } = scanLayout(context);
  if (body.outputs.length < states.length || body.inputs.length !== context.inputCount) {
    context.fail(`the body takes ${body.inputs.length} values for ${context.inputCount} operands`);
  }
  const steps = scanned.reduce<Dim>((known, place, i) => {
    const shape = context.shape(place);
    if (shape === null) return known;
    const size = shape[scanAxis(context, "scan_input_axes", i, shape.length)]!;
    return typeof known === "number" ? known : (size ?? known);
  }, null);
  return {
    types: body.outputs.map((value, i) => {
      if (i < states.length) return joined(context, context.type(i), value.type, "a state is");
      const type = outsideBodies(context.node, value.type);
      const rank = type?.kind === "tensor" && type.shape ? type.shape.length + 1 : 1;
      return stacked(type, scanAxis(context, "scan_output_axes", i - states.length, rank), steps);
    }),
  };
}

function scanLayout(context: InferContext): {
  readonly states: readonly number[];
  readonly scanned: readonly number[];
} {
  const count = context.node.int("num_scan_inputs", 0);
  if (count < 1 || count > context.inputCount) {
    context.fail(`num_scan_inputs ${count} must be between 1 and the ${context.inputCount} operands`);
  }
  const states = context.inputCount - count;
  const places = Array.from({ length: context.inputCount }, (_, i) => i);
  return { states: places.slice(0, states), scanned: places.slice(states) };
}

function scanAxis(context: InferContext, name: string, index: number, rank: number): number {
  return axisIndex(context, context.node.ints(name, [])[index] ?? 0, rank);
}

/** A value of every iteration, stacked along a new axis. */
function stacked(type: ValueType | null, axis: number, count: Dim): ValueType | null {
  if (type?.kind !== "tensor") return null;
  const shape: Shape | null = type.shape && type.shape.toSpliced(axis, 0, count);
  return tensorType(type.dtype, shape);
}

function joined(context: InferContext, a: ValueType | null, b: ValueType | null, what: string): ValueType | null {
  const type = joinTypes(a, b);
  if (type === undefined) context.fail(`${what} ${typeText(a)} and ${typeText(b)}`);
  return outsideBodies(context.node, type ?? null);
}

function bodyOf(context: InferContext, attribute: string): Graph {
  return context.node.subgraph(attribute) ?? context.fail(`the attribute ${attribute} is missing or not a graph`);
}

/** SequenceMap: the elements of sequences, and other operands as they are. */
export function bodiesOfSequenceMap(context: InferContext): readonly BodyOperands[] {
  const inputs = Array.from({ length: context.inputCount }, (_, i) => {
    const type = context.type(i);
    return type?.kind === "sequence" ? type.element : type;
  });
  return [{ body: bodyOf(context, "body"), inputs, feedback: [] }];
}

/** SequenceMap: sequences of what the body returns. */
export function inferSequenceMap(context: InferContext): Inferred {
  const body = bodyOf(context, "body");
  return {
    types: body.outputs.map((value) => ({ kind: "sequence", element: outsideBodies(context.node, value.type) })),
  };
}
