import { tensorType, type Dim, type Shape } from "../types.ts";
import { addDims, divideDims, multiplyDims } from "./dim-algebra.ts";
import type { InferContext, Inferred } from "./define-op.ts";

/** Heads of Q, K and V as [batch, heads, sequence, size], from that or from [batch, sequence, heads·size]. */
function headsOf(shape: Shape | null, heads: number): Shape | null {
  if (shape === null || shape.length === 4) return shape;
  if (shape.length !== 3) return null;
  return [shape[0]!, heads, shape[1]!, heads > 0 ? divideDims(shape[2]!, heads) : null];
}

/** Attention: the queries' rows with the values' size; the keys and values with the past before them; the scores. */
export function inferAttention(context: InferContext): Inferred {
  const { node } = context;
  const dtype = context.dtype(0);
  const q = headsOf(context.shape(0), node.int("q_num_heads", 0));
  const k = headsOf(context.shape(1), node.int("kv_num_heads", 0));
  const v = headsOf(context.shape(2), node.int("kv_num_heads", 0));
  const past = context.has(4) ? (context.shape(4)?.[2] ?? null) : 0;
  const total: Dim = addDims(past, k?.[2] ?? null);
  const isPacked = context.shape(0)?.length === 3;
  const y = q && v && (isPacked ? [q[0]!, q[2]!, multiplyDims(q[1]!, v[3]!)] : [q[0]!, q[1]!, q[2]!, v[3]!]);
  const present = (heads: Shape | null): Shape | null => heads && [heads[0]!, heads[1]!, total, heads[3]!];
  const valueDType = context.dtype(2);
  return {
    types: [
      dtype && tensorType(dtype, y),
      dtype && tensorType(dtype, present(k)),
      valueDType && tensorType(valueDType, present(v)),
      dtype && tensorType(dtype, q && [q[0]!, q[1]!, q[2]!, total]),
    ].slice(0, context.outputCount),
  };
}
