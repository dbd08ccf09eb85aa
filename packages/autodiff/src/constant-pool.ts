import { codeOfDType, isStatic, Tensor, type DType, type GraphEditor, type Shape, type Value } from "@lowbit/ir";
import { unknownTypeError } from "./diagnostics.ts";

/** Constants above this many elements are not compared with others. */
const sharedElements = 64;

/** The constants and runtime shapes of one backward graph, each made once. */
export class ConstantPool {
  readonly #editor: GraphEditor;
  readonly #constants = new Map<string, Value>();
  readonly #shapes = new Map<Value, Value>();
  readonly #computed = new Map<string, Value>();

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
    const quotient = sizeQuotient(whole, part);
    if (quotient) return this.#product(quotient, whole, part);
    const { op } = this.#editor;
    const sizeOf = (value: Value) => op.Cast([op.Size([value])], { to: codeOfDType(dtypeOf(part)) });
    return op.Div([sizeOf(whole), sizeOf(part)]);
  }

  /** A number times dimensions of `whole` that have the same symbol wherever they stand, so that one node serves all. */
  #product({ factor, axes }: SizeQuotient, whole: Value, like: Value): Value {
    const { op } = this.#editor;
    const to = codeOfDType(dtypeOf(like));
    return axes.reduce<Value>(
      (product, axis) => {
        const symbol = this.#once(`${whole.shape![axis]} as ${to}`, () =>
          op.Cast([op.Squeeze([this.dimOf(whole, axis)])], { to }),
        );
        if (product.constant?.item() === 1) return symbol;
        return this.#once(`${product.name} * ${symbol.name}`, () => op.Mul([symbol, product]));
      },
      this.scalar(factor, like),
    );
  }

  #once(key: string, make: () => Value): Value {
    const made = this.#computed.get(key) ?? make();
    this.#computed.set(key, made);
    return made;
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

/** An element count divided by another: a number times dimensions known only at run time. */
interface SizeQuotient {
  readonly factor: number;
  /** Axes of the dividend whose symbols did not cancel. */
  readonly axes: readonly number[];
}

/** The quotient of two element counts; null where the divisor has a symbol that the dividend has not. */
function sizeQuotient(whole: Value, part: Value): SizeQuotient | null {
  if (whole.shape === null || part.shape === null) return null;
  const axes = whole.shape.flatMap((dim, axis) => (typeof dim === "number" ? [] : [axis]));
  for (const dim of part.shape) {
    if (typeof dim === "number") continue;
    const place = dim === null ? -1 : axes.findIndex((axis) => whole.shape![axis] === dim);
    if (place < 0) return null;
    axes.splice(place, 1);
  }
  const [count, parts] = [product(whole.shape), product(part.shape)];
  return count === 0 || parts === 0 || axes.some((axis) => whole.shape![axis] === null)
    ? null
    : { factor: count / parts, axes };
}

/** The product of the dimensions that are numbers. */
function product(shape: Shape): number {
  return shape.reduce<number>((count, dim) => (typeof dim === "number" ? count * dim : count), 1);
}

function scalarName(value: number): string {
  if (value === 0) return "zero";
  if (value === 1) return "one";
  return value === 2 ? "two" : "scalar";
}
