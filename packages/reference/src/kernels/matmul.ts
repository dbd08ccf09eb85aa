import type { Tensor } from "@lowbit/ir";
import { elementsOf, isWide, newElements, tensorOf, type Elements } from "../arrays/elements.ts";
import { broadcastDims, broadcastIndices, sizeOf } from "../arrays/indices.ts";
import { broadcastElements, requireSameDType } from "../arrays/map.ts";
import type { Kernel, KernelCall } from "../kernel.ts";

/** How a batched matrix product reads its operands: rows, reduction length, columns, and each product's first places. */
export interface MatMulPlan {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly aStarts: Int32Array;
  readonly bStarts: Int32Array;
  /** Shape of the result, without the axes that one-dimensional operands lose. */
  readonly dims: readonly number[];
}

/** The plan of numpy's matmul for two shapes. @throws CompileError `reference/invalid-node` when they do not fit. */
export function planMatMul(call: KernelCall, a: readonly number[], b: readonly number[]): MatMulPlan {
  const text = `[${a.join(",")}] and [${b.join(",")}] cannot be multiplied`;
  if (a.length === 0 || b.length === 0) call.fail(text);
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  const [rows, inner] = left.slice(-2) as [number, number];
  const [innerB, columns] = right.slice(-2) as [number, number];
  if (inner !== innerB) call.fail(text);
  const batchA = left.slice(0, -2);
  const batchB = right.slice(0, -2);
  const batch = broadcastDims(batchA, batchB) ?? call.fail(text);
  return {
    rows,
    inner,
    columns,
    aStarts: broadcastIndices(batchA, batch).map((index) => index * rows * inner),
    bStarts: broadcastIndices(batchB, batch).map((index) => index * inner * columns),
    dims: [...batch, ...(a.length === 1 ? [] : [rows]), ...(b.length === 1 ? [] : [columns])],
  };
}

/** All products of a plan, batch after batch, row-major; float64 or bigint sums, in the order of the inner index. */
function multiply<E extends Elements>(plan: MatMulPlan, a: E, b: E, out: E): E {
  const { rows, inner, columns, aStarts, bStarts } = plan;
  for (let batch = 0; batch < aStarts.length; batch++) {
    for (let row = 0; row < rows; row++) {
      const to = (batch * rows + row) * columns;
      for (let k = 0; k < inner; k++) {
        const scale = a[aStarts[batch]! + row * inner + k]!;
        const from = bStarts[batch]! + k * columns;
        // Both are numbers or both are bigints, by the arrays' common type.
        for (let column = 0; column < columns; column++) {
          out[to + column] = ((out[to + column] as number) + (scale as number) * (b[from + column] as number)) as never;
        }
      }
    }
  }
  return out;
}

/** The matrix product of two tensors of one dtype, batched and broadcast as numpy does. */
export function matMul(call: KernelCall, a: Tensor, b: Tensor): Tensor {
  requireSameDType(call, a, b);
  const plan = planMatMul(call, a.dims, b.dims);
  const count = plan.aStarts.length * plan.rows * plan.columns;
  return tensorOf(a.dtype, plan.dims, multiply(plan, elementsOf(a), elementsOf(b), newElements(a.dtype, count)));
}

/** Elements of a matrix, row-major after an optional transposition. */
function matrixElements(x: Tensor, transpose: boolean): { dims: readonly [number, number]; elements: Elements } {
  const [rows, columns] = x.dims as readonly [number, number];
  const own = elementsOf(x);
  if (!transpose) return { dims: [rows, columns], elements: own };
  const elements = newElements(x.dtype, own.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      elements[column * rows + row] = own[row * columns + column] as never;
    }
  }
  return { dims: [columns, rows], elements };
}

/** The settings of a Gemm. */
export interface GemmSettings {
  readonly alpha: number;
  readonly beta: number;
  readonly transA: boolean;
  readonly transB: boolean;
}

/** A node's attributes as the settings of a Gemm. */
export function gemmSettings({ node }: KernelCall): GemmSettings {
  return {
    alpha: node.float("alpha", 1),
    beta: node.float("beta", 1),
    transA: node.int("transA", 0) === 1,
    transB: node.int("transB", 0) === 1,
  };
}

/** `alpha·A'·B' + beta·C`, computed in float64 and rounded once. */
export function gemm(call: KernelCall, a: Tensor, b: Tensor, c: Tensor | null, settings: GemmSettings): Tensor {
  if (a.dims.length !== 2 || b.dims.length !== 2) {
    call.fail(`needs matrices, got [${a.dims.join(",")}] and [${b.dims.join(",")}]`);
  }
  requireSameDType(call, a, b, c);
  const { alpha, beta } = settings;
  const left = matrixElements(a, settings.transA);
  const right = matrixElements(b, settings.transB);
  const plan = planMatMul(call, left.dims, right.dims);
  const product = multiply(plan, left.elements, right.elements, newElements(a.dtype, sizeOf(plan.dims)));
  const fits = c && broadcastDims(c.dims, plan.dims);
  if (c && (!fits || sizeOf(fits) !== product.length)) {
    call.fail(`C [${c.dims.join(",")}] cannot be broadcast to [${plan.dims.join(",")}]`);
  }
  if (isWide(a.dtype)) return wideGemm(call, a, product as BigInt64Array, plan.dims, c, alpha, beta);
  const addend = c && (broadcastElements(c, plan.dims) as Float64Array);
  const sum = (product as Float64Array).map((x, i) => alpha * x + (addend ? beta * addend[i]! : 0));
  return tensorOf(a.dtype, plan.dims, sum);
}

function wideGemm(
  call: KernelCall,
  a: Tensor,
  product: BigInt64Array,
  dims: readonly number[],
  c: Tensor | null,
  alpha: number,
  beta: number,
): Tensor {
  if (!Number.isInteger(alpha) || !Number.isInteger(beta))
    call.fail(`alpha ${alpha} and beta ${beta} must be integers for ${a.dtype}`);
  const addend = c && (broadcastElements(c, dims) as BigInt64Array);
  const [scale, scaleC] = [BigInt(alpha), BigInt(beta)];
  return tensorOf(
    a.dtype,
    dims,
    product.map((x, i) => scale * x + (addend ? scaleC * addend[i]! : 0n)),
  );
}

/** Matrix products. */
export const matMulKernels = {
  MatMul: (call) => matMul(call, call.tensor(0), call.tensor(1)),
  Gemm: (call) => gemm(call, call.tensor(0), call.tensor(1), call.optional(2), gemmSettings(call)),
} satisfies Readonly<Record<string, Kernel>>;
