/** A graph of one op between codes; operands and results are named as in `OpGraph`. */
export interface OpGraph {
  /** The op whose kernel it is about. */
  readonly op: string;
  /** The op and what is special. */
  readonly title: string;
  /** Dimensions of the inputs `x` and `z`, which come as codes and are read as `xd` and `zd`. */
  readonly x: readonly number[];
  readonly z?: readonly number[];
  /** Whether `z` is data of the model instead of an input. */
  readonly isConstantZ?: boolean;
  /** Weights, read as `wd`; the scales run along `axis`, or there is one for all of them. */
  readonly w?: { readonly dims: readonly number[]; readonly axis: number; readonly isPerTensor?: boolean };
  /** An int32 bias of these dimensions with one element per channel, read as `bd`. */
  readonly bias?: readonly number[];
  /** More initializers, in the ONNX text form. */
  readonly data?: string;
  /** ONNX text that makes the float `r` (and `r2`, `r3`). */
  readonly body: string;
  /** `quantized` results have parameters of their own, `moved` ones those of x; a `float` one is not quantized. */
  readonly result: "quantized" | "moved" | "softmax" | "float";
  /** How many results there are. Default 1. */
  readonly results?: number;
  /** Whether it is one of the graphs that take different kernels, and not only another form: it runs under all parameters. */
  readonly isThorough?: boolean;
}

/** A graph of an op by what is special about it. */
export type Kind = Omit<OpGraph, "op" | "title"> & { readonly name: string };

/** Graphs of one op. */
export function every(op: string, graphs: readonly Kind[]): readonly OpGraph[] {
  return graphs.map(({ name, ...graph }) => ({ op, title: `${op} ${name}`, ...graph }));
}

/** Attributes in the ONNX text form. */
export function attributes(all: Readonly<Record<string, number | string | readonly number[]>>): string {
  const text = (value: number | string | readonly number[]): string =>
    typeof value === "object" ? `[${value.join(", ")}]` : typeof value === "string" ? `"${value}"` : String(value);
  const entries = Object.entries(all).map(([name, value]) => `${name} = ${text(value)}`);
  return entries.length === 0 ? "" : `<${entries.join(", ")}> `;
}
