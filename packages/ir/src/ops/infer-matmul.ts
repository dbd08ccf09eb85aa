import { shapeText, tensorType, type Dim, type DType, type Shape } from "../types.ts";
import { checkRank, checkSameDim } from "./axes.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { broadcastShapes, checkBroadcastsTo, commonDType } from "./infer-elementwise.ts";

/** MatMul: numpy's `matmul` of the first two operands. */
export function inferMatMul(context: InferContext): Inferred {
  const dtype = commonDType(context, [0, 1]);
  return { types: [dtype && tensorType(dtype, matMulShape(context, context.shape(0), context.shape(1)))] };
}

/** As MatMul, with the operands at the given places and a result dtype of its own. */
export function inferMatMulAs(
  places: readonly [number, number],
  result: (context: InferContext) => DType | null,
): (context: InferContext) => Inferred {
  return (context) => {
    const dtype = result(context);
    const shape = matMulShape(context, context.shape(places[0]), context.shape(places[1]));
    return { types: [dtype && tensorType(dtype, shape)] };
  };
}

/** The shape of numpy's `matmul`: rank-1 operands become a row or a column that the result does not keep. */
export function matMulShape(context: InferContext, a: Shape | null, b: Shape | null): Shape | null {
  if (a === null || b === null) return null;
  if (a.length === 0 || b.length === 0)
    context.fail(`operands ${shapeText(a)} and ${shapeText(b)} must not be scalars`);
  const rows = a.length === 1 ? [1, ...a] : a;
  const columns = b.length === 1 ? [...b, 1] : b;
  const inner = [rows.at(-1)!, columns.at(-2)!] as const;
  if (typeof inner[0] === "number" && typeof inner[1] === "number" && inner[0] !== inner[1]) {
    context.fail(`operands ${shapeText(a)} and ${shapeText(b)} must agree: ${inner[0]} columns, ${inner[1]} rows`);
  }
  const batch = broadcastShapes([rows.slice(0, -2), columns.slice(0, -2)], (message) => context.fail(message))!;
  const result: Dim[] = [...batch];
  if (a.length > 1) result.push(rows.at(-2)!);
  if (b.length > 1) result.push(columns.at(-1)!);
  return result;
}

/** Gemm. A: [M, K], B: [K, N] (or transposed), C broadcasts to [M, N]. */
export function inferGemm(context: InferContext): Inferred {
  const dtype = commonDType(context, [0, 1, 2]);
  const shape = gemmShape(context, context.shape(0), context.shape(1));
  checkBroadcastsTo(context, shape, 2, "C");
  return { types: [dtype && tensorType(dtype, shape)] };
}

/** The shape of `op(A)·op(B)` with the node's transA and transB. */
export function gemmShape(context: InferContext, a: Shape | null, b: Shape | null): Shape | null {
  checkRank(context, a, 2, "A");
  checkRank(context, b, 2, "B");
  if (a === null || b === null) return null;
  const transA = context.node.int("transA", 0) !== 0;
  const transB = context.node.int("transB", 0) !== 0;
  checkSameDim(context, a[transA ? 0 : 1]!, b[transB ? 1 : 0]!, "columns of A", "rows of B");
  return [a[transA ? 1 : 0]!, b[transB ? 0 : 1]!];
}
