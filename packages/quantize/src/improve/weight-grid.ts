import { Graph, GraphEditor, invariant, type Tensor } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { addGroupParameters } from "../prepare/group-parameters.ts";
import { scaleDims, type FixedSpec, type OwnSpec } from "../plan/spec.ts";
import { roundHalfEven } from "../round-half-even.ts";

/** The numbers that a weight may have under a spec, element by element. */
export class WeightGrid {
  /** The scales and zero points as the spec gives them for the data, which later changes of the data leave alone. */
  readonly spec: FixedSpec;
  readonly #dims: readonly number[];

  private constructor(spec: FixedSpec, dims: readonly number[]) {
    this.spec = spec;
    this.#dims = dims;
  }

  /** The grid that `prepare` would use for this data now. */
  static of(spec: OwnSpec, data: Tensor): WeightGrid {
    if (spec.kind === "fixed") return new WeightGrid(spec, data.dims);
    invariant(spec.kind === "observed", "weights have the range of their data");
    const graph = new Graph("grid");
    const editor = new GraphEditor(graph);
    const root = editor.initializer(data, "weight");
    const group = { root, spec, members: [root] };
    const parameters = addGroupParameters(editor, group, { activations: [], data: [root] }, null, false);
    for (const value of [parameters.scale, parameters.zeroPoint]) editor.output(value);
    const found = evaluate(graph, new Map());
    const [scale, zeroPoint] = graph.outputs.map(({ name }) => [...found.get(name)!.numbers()]);
    const { dtype, range, granularity } = spec;
    return new WeightGrid(
      { kind: "fixed", dtype, range, granularity, scale: scale!, zeroPoint: zeroPoint! },
      data.dims,
    );
  }

  /** The grid with the scales and zero points of another one where `isOther` holds for their index. */
  mixed(other: WeightGrid, isOther: (index: number) => boolean): WeightGrid {
    const pick = (name: "scale" | "zeroPoint"): readonly number[] =>
      this.spec[name].map((own, i) => (isOther(i) ? other.spec[name][i]! : own));
    return new WeightGrid({ ...this.spec, scale: pick("scale"), zeroPoint: pick("zeroPoint") }, this.#dims);
  }

  /** The index of the scale of an element, by its place in the tensor. */
  scaleAt(place: number): number {
    const { granularity } = this.spec;
    if (granularity.kind === "tensor") return 0;
    const { axis } = granularity;
    const inner = this.#dims.slice(axis + 1).reduce((a, b) => a * b, 1);
    const along = Math.floor(place / inner) % this.#dims[axis]!;
    if (granularity.kind === "channel") return along;
    const outer = Math.floor(place / (inner * this.#dims[axis]!));
    const blocks = scaleDims(granularity, this.#dims)[axis]!;
    return (outer * blocks + Math.floor(along / granularity.size)) * inner + (place % inner);
  }

  /** The nearest number of the grid, in float32. */
  nearest(value: number, place: number): number {
    const index = this.scaleAt(place);
    const [scale, zeroPoint] = [this.spec.scale[index]!, this.spec.zeroPoint[index]!];
    const [qmin, qmax] = this.spec.range;
    const code = Math.min(Math.max(roundHalfEven(Math.fround(value / scale)) + zeroPoint, qmin), qmax);
    return Math.fround(scale * (code - zeroPoint));
  }

  /** The step of the grid at an element. */
  step(place: number): number {
    return this.spec.scale[this.scaleAt(place)]!;
  }

  /** The smallest and largest number of the grid at an element. */
  reach(place: number): readonly [least: number, most: number] {
    const index = this.scaleAt(place);
    const [least, most] = this.spec.range.map((code) => this.spec.scale[index]! * (code - this.spec.zeroPoint[index]!));
    return [least!, most!];
  }
}
