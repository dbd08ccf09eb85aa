import type { Tensor } from "@lowbit/ir";
import { tensorOf } from "../arrays/elements.ts";
import { broadcastElements } from "../arrays/map.ts";
import { optionalInt } from "../attributes.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { concatenate } from "./joining.ts";
import { permuted } from "./shape.ts";
import { softmax } from "./softmax.ts";

/** `[batch, length, heads·size]` as `[batch, heads, length, size]`; rank 4 is that already. */
function withHeads(call: KernelCall, x: Tensor, attribute: string): Tensor {
  if (x.dims.length === 4) return x;
  const [batch, length, width] = x.dims as [number, number, number];
  const heads = optionalInt(call.node, attribute) ?? call.fail(`needs ${attribute} for operands of rank 3`);
  return permuted(x.reshape([batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** The past keys or values followed by the new ones. */
function withPast(call: KernelCall, past: Tensor | null, now: Tensor): Tensor {
  if (!past) return now;
  return concatenate([past, now], 2) ?? call.fail(`past [${past.dims.join(",")}] does not fit [${now.dims.join(",")}]`);
}

/** What is added to the scores before the softmax: the mask, and minus infinity where attention must not look. */
function scoreBias(call: KernelCall, dims: readonly number[], pastLength: number): Float64Array {
  const [batch, heads, queries, keys] = dims as [number, number, number, number];
  const mask = call.optional(3);
  const bias = new Float64Array(batch * heads * queries * keys);
  if (mask) {
    const padded = padKeys(mask, keys);
    const elements = broadcastElements(padded, dims) as Float64Array;
    for (const [i, element] of elements.entries())
      bias[i] = mask.dtype === "bool" ? (element !== 0 ? 0 : -Infinity) : element;
  }
  const lengths = call.optional(6)?.numbers();
  const causal = call.node.int("is_causal", 0) === 1;
  for (let i = 0; i < bias.length; i++) {
    const [key, query] = [i % keys, Math.floor(i / keys) % queries];
    const length = lengths?.[Math.floor(i / (keys * queries * heads))];
    if (length !== undefined && key >= length) bias[i] = -Infinity;
    const offset = length === undefined ? pastLength : length - queries;
    if (causal && key > query + offset) bias[i] = -Infinity;
  }
  return bias;
}

/** A mask whose last axis is shorter than the keys hides the rest. */
function padKeys(mask: Tensor, keys: number): Tensor {
  const own = mask.dims.at(-1)!;
  if (own >= keys || own === 1) return mask;
  const hidden = mask.dtype === "bool" ? 0 : -Infinity;
  const elements = mask.numbers();
  const rows = mask.size / own;
  const padded = Float64Array.from({ length: rows * keys }, (_, i) =>
    i % keys < own ? elements[Math.floor(i / keys) * own + (i % keys)]! : hidden,
  );
  return tensorOf(mask.dtype, [...mask.dims.slice(0, -1), keys], padded);
}

/**
 * `softmax(softcap(Q·Kᵀ·scale) + mask)·V`, several query heads sharing a key head when there are fewer of those:
 * https://onnx.ai/onnx/operators/onnx__Attention.html. Scores stay in float64 until they are returned.
 */
const attention: Kernel = (call) => {
  const q = withHeads(call, call.tensor(0), "q_num_heads");
  const k = withPast(call, call.optional(4), withHeads(call, call.tensor(1), "kv_num_heads"));
  const v = withPast(call, call.optional(5), withHeads(call, call.tensor(2), "kv_num_heads"));
  const [batch, heads, queries, size] = q.dims as [number, number, number, number];
  const [, keyHeads, keys] = k.dims as [number, number, number];
  const valueSize = v.dims[3]!;
  const scale = call.node.float("scale", 1 / Math.sqrt(size));
  const softcap = call.node.float("softcap", 0);
  const dims = [batch, heads, queries, keys];
  const bias = scoreBias(call, dims, call.optional(4)?.dims[2] ?? 0);
  const [qs, ks, vs] = [q.numbers(), k.numbers(), v.numbers()];
  const scores = new Float64Array(bias.length);
  const stages: Float64Array[] = [scores, scores.slice(), scores.slice(), scores.slice()];
  const y = new Float64Array(batch * heads * queries * valueSize);
  for (let row = 0; row < batch * heads * queries; row++) {
    const [n, head] = [Math.floor(row / (heads * queries)), Math.floor(row / queries) % heads];
    const keyHead = n * keyHeads + Math.floor(head / (heads / keyHeads));
    const raw = Float64Array.from({ length: keys }, (_, key) => {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += qs[row * size + i]! * ks[(keyHead * keys + key) * size + i]!;
      return sum * scale;
    });
    const capped = softcap > 0 ? raw.map((score) => softcap * Math.tanh(score / softcap)) : raw;
    const biased = capped.map((score, key) => score + bias[row * keys + key]!);
    const weights = biased.every((score) => score === -Infinity) ? biased.map(() => 0) : softmax(biased);
    for (const [stage, list] of [raw, biased, capped, weights].entries()) stages[stage]!.set(list, row * keys);
    for (let key = 0; key < keys; key++) {
      for (let i = 0; i < valueSize; i++)
        y[row * valueSize + i]! += weights[key]! * vs[(keyHead * keys + key) * valueSize + i]!;
    }
  }
  const result = tensorOf(q.dtype, [batch, heads, queries, valueSize], y);
  const flat = call.tensor(0).dims.length === 3;
  return [
    flat ? permuted(result, [0, 2, 1, 3]).reshape([batch, queries, heads * valueSize]) : result,
    k,
    v,
    tensorOf(q.dtype, dims, stages[call.node.int("qk_matmul_output_mode", 0)]!),
  ];
};

/** Rotates pairs of features by position-dependent angles: https://arxiv.org/abs/2104.09864. */
const rotaryEmbedding: Kernel = (call) => {
  const given = call.tensor(0);
  const x = withHeads(call, given, "num_heads");
  const [batch, heads, length, size] = x.dims as [number, number, number, number];
  const [cos, sin] = [call.tensor(1), call.tensor(2)];
  const positions = call.optional(3)?.numbers();
  const interleaved = call.node.int("interleaved", 0) === 1;
  const rotated = call.node.int("rotary_embedding_dim", 0) || size;
  const half = rotated / 2;
  if (cos.dims.at(-1) !== half) call.fail(`the caches have ${cos.dims.at(-1)} angles, ${half} are needed`);
  const [cosines, sines, elements] = [cos.numbers(), sin.numbers(), x.numbers()];
  const y = elements.slice();
  for (let row = 0; row < batch * heads * length; row++) {
    const [n, t] = [Math.floor(row / (heads * length)), row % length];
    const angleRow = positions ? positions[n * length + t]! : n * length + t;
    for (let pair = 0; pair < half; pair++) {
      const first = row * size + (interleaved ? 2 * pair : pair);
      const second = interleaved ? first + 1 : first + half;
      const [c, s] = [cosines[angleRow * half + pair]!, sines[angleRow * half + pair]!];
      y[first] = elements[first]! * c - elements[second]! * s;
      y[second] = elements[first]! * s + elements[second]! * c;
    }
  }
  const result = tensorOf(x.dtype, x.dims, y);
  return given.dims.length === 4 ? result : permuted(result, [0, 2, 1, 3]).reshape(given.dims);
};

/** Attention as one op. */
export const attentionKernels = {
  Attention: attention,
  RotaryEmbedding: rotaryEmbedding,
} satisfies Readonly<Record<string, Kernel>>;
