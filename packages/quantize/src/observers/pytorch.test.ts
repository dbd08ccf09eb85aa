import { readFileSync } from "node:fs";
import { parseGraph, Tensor } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { describe, expect, test } from "vitest";
import type { Range } from "../calibrate/ranges.ts";
import { observed, type ObservedSpec, type ObserverName } from "../plan/spec.ts";
import { Statistics } from "./statistics.ts";

interface Parameters {
  readonly scale: readonly number[];
  readonly zeroPoint: readonly number[];
}

interface Case {
  readonly name: string;
  readonly batches: readonly (readonly number[])[];
  readonly observers: Readonly<Record<string, Parameters>>;
  readonly quantize: { readonly scale: number; readonly zeroPoint: number; readonly codes: readonly number[] };
  readonly fakeQuantize: { readonly values: readonly number[]; readonly gradient: readonly number[] };
  readonly quantizePerChannel: { readonly codes: readonly number[] };
}

/** Values almost halfway between two codes. */
interface Halfway {
  readonly scale: number;
  readonly values: readonly number[];
  readonly codes: readonly number[];
}

/** Written by bench/peers/pytorch_vectors.py with PyTorch 2.13. */
const vectors = JSON.parse(readFileSync(new URL("pytorch-vectors.testing.json", import.meta.url), "utf8")) as {
  readonly cases: readonly Case[];
  readonly halfway: Halfway;
};

const [rows, columns] = [8, 32];
const byName = vectors.cases.map((each) => [each.name, each] as const);

/** Runs one op on data of 8 rows and 32 columns; results by name. */
function run(body: string, inputs: Readonly<Record<string, Tensor>>): ReadonlyMap<string, Tensor> {
  const ports = Object.entries(inputs).map(([name, { dtype, dims }]) => `${dtype}[${dims.join(",")}] ${name}`);
  const graph = parseGraph(`g (${ports.join(", ")}) => (y) { ${body} }`);
  return evaluate(graph, new Map(Object.entries(inputs)));
}

function data(numbers: readonly number[]): Tensor {
  return Tensor.of("float", numbers, [rows, columns]);
}

/** What our observer finds for the batches. */
function rangeOf({ batches }: Case, observer: ObserverName, spec: ObservedSpec): Range {
  const isByRow = spec.granularity.kind === "channel";
  const statistics = new Statistics([observer], isByRow ? rows : 1);
  for (const batch of batches) {
    const parts = isByRow ? batch.flatMap((_, i) => (i % columns ? [] : [batch.slice(i, i + columns)])) : [batch];
    const [min, max] = [parts.map((part) => Math.min(...part)), parts.map((part) => Math.max(...part))];
    statistics.observe(min, max);
    if (!statistics.seesValues) continue;
    for (const [i, part] of parts.entries()) statistics.count(i, Float32Array.from(part), min[i]!, max[i]!);
  }
  return statistics.range(observer, spec)!;
}

function parametersOf(each: Case, observer: ObserverName, spec: ObservedSpec): Parameters {
  const { min, max } = rangeOf(each, observer, spec);
  const [qmin, qmax] = spec.range;
  const symmetric = spec.symmetric ? 1 : 0;
  const graph = parseGraph(`g (float[${min.length}] low, float[${min.length}] high) => (s, z) {
    s, z = lowbit.QuantizationParameters <qmin = ${qmin}, qmax = ${qmax}, symmetric = ${symmetric}, dtype = "${spec.dtype}"> (low, high)
  }`);
  const ends = { low: Tensor.of("float", min), high: Tensor.of("float", max) };
  const found = evaluate(graph, new Map(Object.entries(ends)));
  return { scale: [...found.get("s")!.numbers()], zeroPoint: [...found.get("z")!.numbers()] };
}

/** The largest relative difference of two lists. */
function distance(ours: readonly number[], theirs: readonly number[]): number {
  expect(ours.length).toBe(theirs.length);
  return Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]!) / Math.abs(theirs[i]!)));
}

/** One unit in the last place of a float32. */
const ulp = 2 ** -23;

describe.each(byName)("with PyTorch's %s data", (_, each) => {
  const affine = observed("uint8");
  const symmetric = observed("int8", { range: [-127, 127], symmetric: true });

  test("min-max and moving-average find its affine scales and zero points", () => {
    for (const observer of ["min-max", "moving-average"] as const) {
      const [ours, theirs] = [parametersOf(each, observer, affine), each.observers[`${observer} affine`]!];
      expect(distance(ours.scale, theirs.scale)).toBeLessThanOrEqual(2 * ulp);
      expect(ours.zeroPoint).toEqual(theirs.zeroPoint);
    }
  });

  test("symmetric scales are its own but for the divisor: 127 codes on each side, where it has 127.5", () => {
    const granularity = { kind: "channel", axis: 0 } as const;
    const specs = { "min-max": symmetric, "per-channel": { ...symmetric, granularity } } as const;
    for (const [name, spec] of Object.entries(specs)) {
      const [ours, theirs] = [parametersOf(each, "min-max", spec), each.observers[`${name} symmetric`]!];
      const smallest = 2 ** -23;
      // Both stop at the same smallest scale.
      const expected = theirs.scale.map((scale) => (scale === smallest ? scale : (scale * 127.5) / 127));
      expect(distance(ours.scale, expected)).toBeLessThanOrEqual(2 * ulp);
      expect(ours.zeroPoint).toEqual(theirs.zeroPoint);
    }
  });

  test("codes are the same", () => {
    const { scale, zeroPoint, codes } = each.quantize;
    const [s, z] = [Tensor.scalar("float", scale), Tensor.scalar("uint8", zeroPoint)];
    const ours = run("y = QuantizeLinear (x, s, z)", { x: data(each.batches[0]!), s, z });
    expect(steps([...ours.get("y")!.numbers()], codes)).toEqual({ largest: 0, differing: 0 });
  });

  test("codes by row are the same", () => {
    const { scale, zeroPoint } = each.observers["per-channel symmetric"]!;
    const [s, z] = [Tensor.of("float", scale), Tensor.of("int8", zeroPoint)];
    const ours = run("y = QuantizeLinear <axis = 0> (x, s, z)", { x: data(each.batches[0]!), s, z });
    expect(steps([...ours.get("y")!.numbers()], each.quantizePerChannel.codes)).toEqual({ largest: 0, differing: 0 });
  });

  test("fake quantization and its gradient are the same", () => {
    const { scale, zeroPoint } = each.quantize;
    const [s, z] = [Tensor.scalar("float", scale), Tensor.scalar("uint8", zeroPoint)];
    const x = data(each.batches[0]!);
    const ours = run("y = lowbit.FakeQuantize <qmin = 0, qmax = 255> (x, s, z)", { x, s, z });
    expect([...ours.get("y")!.numbers()]).toEqual(each.fakeQuantize.values);
    const dy = data(each.batches[0]!.map(() => 1));
    const gradient = run("y, ds, dz = lowbit.FakeQuantizeGrad <qmin = 0, qmax = 255> (dy, x, s, z)", { dy, x, s, z });
    expect([...gradient.get("y")!.numbers()]).toEqual(each.fakeQuantize.gradient);
  });

  test.skipIf(each.name === "tiny")("the histogram's range is near its own, which a coarser search finds", () => {
    const [ours, theirs] = [parametersOf(each, "histogram", affine), each.observers["histogram affine"]!];
    expect(distance(ours.scale, theirs.scale)).toBeLessThan(0.02);
    expect(Math.abs(ours.zeroPoint[0]! - theirs.zeroPoint[0]!)).toBeLessThanOrEqual(1);
  });
});

test("values almost halfway between codes differ by one step at most: PyTorch multiplies with 1/s, ONNX divides by s", () => {
  const { scale, values, codes } = vectors.halfway;
  const [s, z] = [Tensor.scalar("float", scale), Tensor.scalar("uint8", 0)];
  const ours = run("y = QuantizeLinear (x, s, z)", { x: Tensor.of("float", values), s, z });
  expect(steps([...ours.get("y")!.numbers()], codes)).toEqual({ largest: 1, differing: 15 });
});

/** How far codes are apart. */
function steps(ours: readonly number[], theirs: readonly number[]): { largest: number; differing: number } {
  const apart = ours.map((code, i) => Math.abs(code - theirs[i]!));
  return { largest: Math.max(...apart), differing: apart.filter((step) => step > 0).length };
}
