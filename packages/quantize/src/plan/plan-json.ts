import { integerRange, isStatic, type Graph, type Shape, type Value } from "@lowbit/ir";
import { badPlan } from "../diagnostics.ts";
import { improvementNames, type Improvement } from "../improve/improvement.ts";
import { checkGroups } from "./check-groups.ts";
import { checkObserved } from "./check-observed.ts";
import { keepFloat, nodesMatching } from "./edit-plan.ts";
import { createPlan, type QuantPlan, type Skipped } from "./plan.ts";
import { PointNames } from "./point-names.ts";
import {
  defaultEps,
  dynamic,
  granularityText,
  observerNames,
  quantDTypes,
  scaleDims,
  valueOf,
  type FixedSpec,
  type Granularity,
  type ObservedSpec,
  type QuantDType,
  type QuantPoint,
  type QuantSpec,
} from "./spec.ts";

/** A spec as JSON; points are names. */
export type SpecJson =
  | {
      readonly kind: "observed";
      readonly dtype: string;
      /** Default: the dtype's whole range. */
      readonly range?: readonly [number, number];
      readonly symmetric?: boolean;
      /** Default: per tensor. */
      readonly granularity?: Granularity;
      readonly eps?: number;
      readonly scales?: string;
      readonly observer?: string;
    }
  | {
      readonly kind: "fixed";
      readonly dtype: string;
      readonly range?: readonly [number, number];
      /** Default: per tensor. */
      readonly granularity?: Granularity;
      /** A number per tensor; per channel and per block as many as there are. */
      readonly scale: number | readonly number[];
      readonly zeroPoint: number | readonly number[];
    }
  | { readonly kind: "dynamic" }
  | { readonly kind: "shared"; readonly with: string }
  | { readonly kind: "derived"; readonly from: readonly [string, string] };

/** A plan as JSON, to be edited by hand and read again against the same model. */
export interface PlanJson {
  readonly points: Readonly<Record<string, SpecJson>>;
  /** Patterns of nodes that stay float, whatever `points` says. */
  readonly keepFloat?: readonly string[];
  /** What is done to the float model for the sake of this plan, beside what is asked for elsewhere. */
  readonly improve?: readonly string[];
  readonly skipped?: readonly { readonly node: string; readonly reason: string }[];
}

/** A plan by names. @param improve what was done to the float model for it */
export function planToJson(plan: QuantPlan, improve: readonly Improvement[] = []): PlanJson {
  const names = new PointNames(plan.graph);
  const points = Object.fromEntries([...plan.specs].map(([point, spec]) => [names.of(point), specToJson(spec, names)]));
  return {
    ...(improve.length > 0 ? { improve } : {}),
    points,
    skipped: plan.skipped.map(({ node, reason }) => ({ node: names.node(node), reason })),
  };
}

function specToJson(spec: QuantSpec, names: PointNames): SpecJson {
  if (spec.kind === "shared") return { kind: "shared", with: names.of(spec.with) };
  if (spec.kind === "dynamic") return { kind: "dynamic" };
  if (spec.kind === "derived") return { kind: "derived", from: [names.of(spec.from[0]), names.of(spec.from[1])] };
  if (spec.kind !== "fixed" || spec.granularity.kind !== "tensor") return spec;
  const { granularity: _, scale, zeroPoint, ...codes } = spec;
  return { ...codes, scale: scale[0]!, zeroPoint: zeroPoint[0]! };
}

/**
 * A plan for a graph from JSON.
 *
 * @throws CompileError `quantize/plan` for names the graph does not have, dtypes and ranges that do not exist, and members
 *   of the wrong form; `quantize/keep-float`
 */
export function planFromJson(graph: Graph, json: PlanJson): QuantPlan {
  if (!isRecord(json) || !isRecord(json.points))
    throw badPlan('a plan is an object with a member "points"', graph.name);
  const names = new PointNames(graph);
  const point = (name: unknown, at: string): QuantPoint => {
    const found = typeof name === "string" ? names.find(name) : null;
    if (!found) {
      const help = "values go by their name, operands by `node#operand`; `--save-plan` writes a plan with all names";
      throw badPlan(`the plan names "${String(name)}", which the graph does not have`, at, help);
    }
    return found;
  };
  const specs = new Map<QuantPoint, QuantSpec>();
  for (const [name, spec] of Object.entries(json.points)) specs.set(point(name, name), specFromJson(spec, name, point));
  const plan = createPlan(graph, specs, skippedFromJson(json.skipped ?? [], names));
  checkGroups(plan);
  const globs = json.keepFloat ?? [];
  if (!Array.isArray(globs) || !globs.every((glob) => typeof glob === "string")) {
    throw badPlan('"keepFloat" must be a list of patterns', graph.name);
  }
  return globs.length > 0 ? keepFloat(plan, nodesMatching(graph, globs)) : plan;
}

/** What a plan wants done to the float model. @throws CompileError `quantize/plan` for names of nothing */
export function improvementsOf({ improve = [] }: PlanJson): readonly Improvement[] {
  const known = Array.isArray(improve) ? improve : [improve];
  return known.map((name: unknown) => {
    const found = improvementNames.find((each) => each === name);
    if (!found)
      throw badPlan(
        `"improve" must list some of ${improvementNames.join(", ")}, not ${JSON.stringify(name)}`,
        "improve",
      );
    return found;
  });
}

/** The reasons of the nodes that the graph still has. */
function skippedFromJson(json: NonNullable<PlanJson["skipped"]>, names: PointNames): readonly Skipped[] {
  const isEntry = (each: unknown): boolean =>
    isRecord(each) && typeof each["node"] === "string" && typeof each["reason"] === "string";
  if (!Array.isArray(json) || !json.every(isEntry)) {
    throw badPlan('"skipped" must be a list of nodes with reasons', "skipped");
  }
  return json.flatMap(({ node, reason }: { readonly node: string; readonly reason: string }): readonly Skipped[] => {
    const found = names.findNode(node);
    return found ? [{ node: found, reason }] : [];
  });
}

function specFromJson(json: SpecJson, at: string, point: (name: unknown, at: string) => QuantPoint): QuantSpec {
  switch (isRecord(json) ? json.kind : null) {
    case "shared": {
      const { with: other } = json as Extract<SpecJson, { kind: "shared" }>;
      return { kind: "shared", with: point(other, at) };
    }
    case "derived": {
      const { from } = json as Extract<SpecJson, { kind: "derived" }>;
      if (!Array.isArray(from) || from.length !== 2) throw badPlan('"from" must name two points', at);
      return { kind: "derived", dtype: "int32", formula: "bias", from: [point(from[0], at), point(from[1], at)] };
    }
    case "dynamic": {
      const value = valueOf(point(at, at));
      if (value?.initializer) throw badPlan("data of the model has one range: only activations are dynamic", at);
      return dynamic;
    }
    case "fixed":
      return fixedFromJson(json as Extract<SpecJson, { kind: "fixed" }>, at, valueOf(point(at, at)));
    case "observed": {
      const observed = json as Extract<SpecJson, { kind: "observed" }>;
      const { dtype, range, symmetric, granularity, eps, scales, observer } = observed;
      const known = observerNames.find((name) => name === observer);
      if (observer !== undefined && !known) {
        throw badPlan(`observer "${observer}" must be one of ${observerNames.join(", ")}`, at);
      }
      if (symmetric !== undefined && typeof symmetric !== "boolean") {
        throw badPlan(`symmetric must be true or false, not ${JSON.stringify(symmetric)}`, at);
      }
      if (scales !== undefined && (scales !== "power-of-two" || symmetric !== true)) {
        throw badPlan(`scales "${scales}" must be power-of-two, and symmetric`, at);
      }
      const spec: ObservedSpec = {
        kind: "observed",
        ...codesFromJson(dtype, range, at),
        symmetric: symmetric ?? false,
        granularity: granularityFromJson(granularity, at),
        eps: eps ?? defaultEps,
        ...(scales ? { scales } : {}),
        ...(known ? { observer: known } : {}),
      };
      checkObserved(valueOf(point(at, at)), spec, at);
      return spec;
    }
    default:
      throw badPlan('the kind of a spec must be "observed", "fixed", "dynamic", "shared" or "derived"', at);
  }
}

function fixedFromJson(json: Extract<SpecJson, { kind: "fixed" }>, at: string, value: Value | null): FixedSpec {
  const codes = codesFromJson(json.dtype, json.range, at);
  const granularity = granularityFromJson(json.granularity, at);
  const numbers = (given: number | readonly number[]): readonly number[] => [given].flat();
  const [scale, zeroPoint] = [numbers(json.scale), numbers(json.zeroPoint)];
  const [qmin, qmax] = codes.range;
  for (const each of scale) {
    if (!(Number.isFinite(each) && each > 0)) throw badPlan(`scale ${each} must be a positive number`, at);
  }
  for (const each of zeroPoint) {
    const isCode = Number.isInteger(each) && each >= qmin && each <= qmax;
    if (!isCode) throw badPlan(`zero point ${each} must be an integer in ${qmin}..${qmax}`, at);
  }
  const count = scaleCount(granularity, value?.shape ?? null, at);
  for (const [noun, { length }] of [["scales", scale] as const, ["zero points", zeroPoint] as const]) {
    if (length !== count) throw badPlan(`${length} ${noun} given, ${granularityText(granularity)} takes ${count}`, at);
  }
  return { kind: "fixed", ...codes, granularity, scale: scale.map(Math.fround), zeroPoint };
}

function scaleCount(granularity: Granularity, shape: Shape | null, at: string): number {
  if (granularity.kind === "tensor") return 1;
  if (!isStatic(shape)) throw badPlan("several fixed scales need data of a known shape", at);
  if (granularity.axis >= shape.length) {
    throw badPlan(`axis ${granularity.axis} must be below the rank ${shape.length} of the data`, at);
  }
  return scaleDims(granularity, shape).reduce((a, b) => a * b, 1);
}

function codesFromJson(
  dtype: string,
  range: readonly [number, number] | undefined,
  at: string,
): { readonly dtype: QuantDType; readonly range: readonly [number, number] } {
  const known = quantDTypes.find((name) => name === dtype);
  if (!known) throw badPlan(`dtype "${dtype}" must be one of ${quantDTypes.join(", ")}`, at);
  const whole = integerRange(known);
  if (range !== undefined && !(Array.isArray(range) && range.length === 2)) {
    throw badPlan(`range ${JSON.stringify(range)} must be two integers`, at);
  }
  const [qmin, qmax] = range ?? whole;
  const fits = Number.isInteger(qmin) && Number.isInteger(qmax) && qmin >= whole[0] && qmax <= whole[1] && qmin < qmax;
  if (!fits) throw badPlan(`range ${qmin}..${qmax} must lie within the ${whole[0]}..${whole[1]} of ${known}`, at);
  return { dtype: known, range: [qmin, qmax] };
}

function granularityFromJson(granularity: Granularity | undefined, at: string): Granularity {
  if (granularity === undefined) return { kind: "tensor" };
  const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;
  switch (isRecord(granularity) ? granularity.kind : null) {
    case "tensor":
      return { kind: "tensor" };
    case "channel": {
      const { axis } = granularity as Extract<Granularity, { kind: "channel" }>;
      if (!isCount(axis)) throw badPlan(`axis ${axis} must be an integer of at least 0`, at);
      return { kind: "channel", axis };
    }
    case "block": {
      const { axis, size } = granularity as Extract<Granularity, { kind: "block" }>;
      if (!isCount(axis) || !isCount(size) || size === 0)
        throw badPlan("a block needs an axis and a positive size", at);
      return { kind: "block", axis, size };
    }
    default:
      throw badPlan('the kind of a granularity must be "tensor", "channel" or "block"', at);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
