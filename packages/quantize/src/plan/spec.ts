import { integerRange, type Node, type Use, type Value } from "@lowbit/ir";

/** Dtypes that codes are stored in. */
export const quantDTypes = ["int8", "uint8", "int4", "uint4", "int16", "uint16"] as const;

/** The dtype of quantized codes. */
export type QuantDType = (typeof quantDTypes)[number];

/**
 * What a spec is about: a value, which all its readers then see quantized, or one operand slot of one node, which alone
 * reads a quantized form.
 */
export type QuantPoint = Value | Use;

/** How many elements share one scale: all, those at one index of an axis, or `size` neighbours along an axis. */
export type Granularity =
  | { readonly kind: "tensor" }
  | { readonly kind: "channel"; readonly axis: number }
  | { readonly kind: "block"; readonly axis: number; readonly size: number };

/** How a range is chosen from the values seen. */
export const observerNames = ["min-max", "moving-average", "percentile", "histogram", "entropy", "mse"] as const;

/** One of these ways. */
export type ObserverName = (typeof observerNames)[number];

/** Codes whose scale follows from the values seen: in calibration, in training, or in the data of an initializer. */
export interface ObservedSpec {
  readonly kind: "observed";
  readonly dtype: QuantDType;
  /** Smallest and largest code used, both inside the dtype's range. */
  readonly range: readonly [qmin: number, qmax: number];
  /** Whether the zero point is fixed to the middle of the range (0 for signed dtypes). */
  readonly symmetric: boolean;
  readonly granularity: Granularity;
  /** Smallest scale. */
  readonly eps: number;
  /** For devices that rescale by shifting: scales are rounded up to a power of two. Needs `symmetric`. */
  readonly scales?: "power-of-two";
  /** Overrides the observer of the calibration. */
  readonly observer?: ObserverName;
}

/** Codes whose scales and zero points are known beforehand. */
export interface FixedSpec {
  readonly kind: "fixed";
  readonly dtype: QuantDType;
  readonly range: readonly [qmin: number, qmax: number];
  readonly granularity: Granularity;
  /**
   * One per tensor, one per index of the axis, or one per block: then in the order of a tensor with the shape of the data,
   * its axis divided by the block's size and rounded up.
   */
  readonly scale: readonly number[];
  /** As many as there are scales. */
  readonly zeroPoint: readonly number[];
}

/**
 * Codes of activations whose scale is found anew whenever the model runs, from the smallest and largest value of that very
 * input: uint8, affine, one scale, as DynamicQuantizeLinear makes them. Needs no calibration.
 */
export interface DynamicSpec {
  readonly kind: "dynamic";
  readonly dtype: "uint8";
  readonly range: readonly [qmin: number, qmax: number];
  readonly granularity: Granularity;
}

/** The same codes as another point. */
export interface SharedSpec {
  readonly kind: "shared";
  readonly with: QuantPoint;
}

/** An int32 bias whose scale is the product of the scales of a node's data and weight operands, zero point 0. */
export interface DerivedSpec {
  readonly kind: "derived";
  readonly dtype: "int32";
  readonly formula: "bias";
  readonly from: readonly [data: QuantPoint, weight: QuantPoint];
}

/** How one point is quantized. */
export type QuantSpec = ObservedSpec | FixedSpec | DynamicSpec | SharedSpec | DerivedSpec;

/** A spec that says what codes look like by itself. */
export type OwnSpec = ObservedSpec | FixedSpec | DynamicSpec;

/** float32's spacing at 1: the smallest scale unless a backend needs a larger one. */
export const defaultEps = 2 ** -23;

/** An observed spec with the usual settings: the dtype's whole range, one scale per tensor, affine. */
export function observed(
  dtype: QuantDType,
  settings: Partial<Omit<ObservedSpec, "kind" | "dtype">> = {},
): ObservedSpec {
  return {
    kind: "observed",
    dtype,
    range: integerRange(dtype),
    symmetric: false,
    granularity: { kind: "tensor" },
    eps: defaultEps,
    ...settings,
  };
}

/** A fixed spec with one scale, over the dtype's whole range. */
export function fixed(dtype: QuantDType, scale: number, zeroPoint: number): FixedSpec {
  return {
    kind: "fixed",
    dtype,
    range: integerRange(dtype),
    granularity: { kind: "tensor" },
    scale: [Math.fround(scale)],
    zeroPoint: [zeroPoint],
  };
}

/** The one form of codes that are found while the model runs. */
export const dynamic: DynamicSpec = {
  kind: "dynamic",
  dtype: "uint8",
  range: integerRange("uint8"),
  granularity: { kind: "tensor" },
};

/** The shape of the scales of data with this shape. */
export function scaleDims(granularity: Granularity, shape: readonly number[]): readonly number[] {
  switch (granularity.kind) {
    case "tensor":
      return [];
    case "channel":
      return [shape[granularity.axis]!];
    case "block":
      return shape.with(granularity.axis, Math.ceil(shape[granularity.axis]! / granularity.size));
  }
}

/** Whether a point is an operand slot. */
export function isUse(point: QuantPoint): point is Use {
  return "node" in point;
}

/** The value a point is about: itself, or what the operand slot reads. */
export function valueOf(point: QuantPoint): Value | null {
  return isUse(point) ? (point.node.inputs[point.index] ?? null) : point;
}

/** The node a point belongs to: the reader of an operand slot, the producer of a value. */
export function nodeOf(point: QuantPoint): Node | null {
  return isUse(point) ? point.node : point.producer;
}

/** Whether two specs say the same; shared and derived ones must refer to the same points. */
export function sameSpec(a: QuantSpec, b: QuantSpec): boolean {
  switch (a.kind) {
    case "shared":
      return b.kind === "shared" && a.with === b.with;
    case "derived":
      return b.kind === "derived" && a.from.every((point, i) => point === b.from[i]);
    case "dynamic":
      return b.kind === "dynamic";
    case "fixed":
      return (
        b.kind === "fixed" &&
        sameCodes(a, b) &&
        granularityText(a.granularity) === granularityText(b.granularity) &&
        sameNumbers(a.scale, b.scale) &&
        sameNumbers(a.zeroPoint, b.zeroPoint)
      );
    case "observed":
      return (
        b.kind === "observed" &&
        sameCodes(a, b) &&
        a.symmetric === b.symmetric &&
        a.eps === b.eps &&
        a.observer === b.observer &&
        a.scales === b.scales &&
        granularityText(a.granularity) === granularityText(b.granularity)
      );
  }
}

function sameCodes(a: OwnSpec, b: OwnSpec): boolean {
  return a.dtype === b.dtype && a.range[0] === b.range[0] && a.range[1] === b.range[1];
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i]);
}

/** A granularity in words: `per-tensor`, `per-channel(0)`, `per-block(0, 32)`. */
export function granularityText(granularity: Granularity): string {
  switch (granularity.kind) {
    case "tensor":
      return "per-tensor";
    case "channel":
      return `per-channel(${granularity.axis})`;
    case "block":
      return `per-block(${granularity.axis}, ${granularity.size})`;
  }
}

/** A spec in one line; `name` tells how to call the points it refers to. */
export function specText(spec: QuantSpec, name: (point: QuantPoint) => string): string {
  switch (spec.kind) {
    case "observed": {
      const words = [codesText(spec), granularityText(spec.granularity), spec.symmetric ? "symmetric" : "affine"];
      return [...words, ...(spec.scales ? [spec.scales] : []), ...(spec.observer ? [spec.observer] : [])].join(" ");
    }
    case "dynamic":
      return `${codesText(spec)} dynamic`;
    case "fixed":
      return fixedText(spec);
    case "shared":
      return `shared(${name(spec.with)})`;
    case "derived":
      return `int32 bias(${spec.from.map(name).join(", ")})`;
  }
}

function fixedText(spec: FixedSpec): string {
  const { granularity, scale, zeroPoint } = spec;
  const along = granularity.kind === "tensor" ? "" : ` ${granularityText(granularity)}`;
  return `${codesText(spec)}${along} fixed(${spanText("scale", scale)}, ${spanText("zero point", zeroPoint)})`;
}

/** `scale 0.5`, or `scales 0.25 to 2`. */
function spanText(noun: string, numbers: readonly number[]): string {
  const [least, most] = [Math.min, Math.max].map((end) => numbers.reduce((a, b) => end(a, b)));
  return least === most ? `${noun} ${least}` : `${noun}s ${least} to ${most}`;
}

/** The dtype, and the range of codes where it is not the dtype's own. */
function codesText({ dtype, range }: OwnSpec): string {
  const [least, most] = integerRange(dtype);
  return range[0] === least && range[1] === most ? dtype : `${dtype} ${range[0]}..${range[1]}`;
}
