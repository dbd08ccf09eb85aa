import {
  codeOfDType,
  elementCount,
  isStatic,
  Tensor,
  type DType,
  type GraphEditor,
  type Shape,
  type Value,
} from "@lowbit/ir";
import { unknownTypeError } from "./diagnostics.ts";

/** Constants above this many elements are not compared with others. */
const sharedElements = 64;

/** The constants and runtime shapes of one backward graph, each made once. */
export class ConstantPool {
  readonly #editor: GraphEditor;
  readonly #constants = new Map<string, Value>();
  readonly #shapes = new Map<Value, Value>();

  constructor(editor: GraphEditor) {
    this.#editor = editor;
  }

  /** A rank-0 constant of the dtype of `like`. */
  scalar(value: number, like: Value): Value {
    return this.tensor(Tensor.scalar(dtypeOf(like), value), scalarName(value));
  }

  /** A one-dimensional int64 constant: axes, shapes, pads. */
  ints(values: readonly number[], name: string): Value {
    return this.tensor(Tensor.of("int64", values), name);
  }

  /** A constant tensor; small ones with equal bytes are shared. */
  tensor(tensor: Tensor, name: string): Value {
    if (tensor.size > sharedElements) return this.#editor.initializer(tensor, name);
    const key = `${tensor.dtype}[${tensor.dims.join()}]:${tensor.bytes().join()}`;
    const known = this.#constants.get(key);
    if (known) return known;
    const made = this.#editor.initializer(tensor, name);
    this.#constants.set(key, made);
    return made;
  }

  /** The int64 shape of a value: a constant where it is static, else a Shape node. */
  shapeOf(value: Value): Value {
    if (isStatic(value.shape)) return this.ints(value.shape, "shape");
    const known = this.#shapes.get(value);
    if (known) return known;
    const made = this.#editor.op.Shape([value]);
    this.#shapes.set(value, made);
    return made;
  }

  /** One dimension of a value as an int64 tensor of shape [1]; a negative axis counts from the last. */
  dimOf(value: Value, axis: number): Value {
    const dim = value.shape?.at(axis);
    if (typeof dim === "number") return this.ints([dim], "dim");
    return this.#editor.op.Shape([value], { start: axis, end: axis === -1 ? undefined : axis + 1 });
  }

  /** Elements of `whole` per element of `part`, as a rank-0 value of `part`'s dtype. */
  sizeRatio(whole: Value, part: Value): Value {
    const ratio = staticRatio(whole.shape, part.shape);
    if (ratio !== null) return this.scalar(ratio, part);
    const { op } = this.#editor;
    const sizeOf = (value: Value) => op.Cast([op.Size([value])], { to: codeOfDType(dtypeOf(part)) });
    const parts = elementCount(part.shape);
    if (parts === 1) return sizeOf(whole);
    return op.Div([sizeOf(whole), parts === null ? sizeOf(part) : this.scalar(parts, part)]);
  }

  /** Zeros of a value's shape and dtype. */
  zerosLike(value: Value): Value {
    const { op } = this.#editor;
    return op.ConstantOfShape([this.shapeOf(value)], { value: Tensor.of(dtypeOf(value), [0]) });
  }
}

/** A value's dtype. @throws CompileError `autodiff/unknown-type` */
export function dtypeOf(value: Value): DType {
  if (value.dtype === null) throw unknownTypeError(value, "element type");
  return value.dtype;
}

/** A value's rank. @throws CompileError `autodiff/unknown-type` */
export function rankOf(value: Value): number {
  if (value.shape === null) throw unknownTypeError(value, "rank");
  return value.shape.length;
}

/** Quotient of two element counts where every symbol and unknown cancels; null otherwise. */
function staticRatio(whole: Shape | null, part: Shape | null): number | null {
  if (whole === null || part === null) return null;
  const symbols = new Map<string, number>();
  let ratio = 1;
  for (const [shape, power] of [
    [whole, 1],
    [part, -1],
  ] as const) {
    for (const dim of shape) {
      if (dim === null || dim === 0) return null;
      if (typeof dim === "number") ratio *= dim ** power;
      else symbols.set(dim, (symbols.get(dim) ?? 0) + power);
    }
  }
  return [...symbols.values()].every((power) => power === 0) ? ratio : null;
}

function scalarName(value: number): string {
  if (value === 0) return "zero";
  if (value === 1) return "one";
  return value === 2 ? "two" : "scalar";
}
