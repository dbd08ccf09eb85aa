import { defineOp, float, int } from "./define-op.ts";
import { inferAttention } from "./infer-attention.ts";
import { sameAsFirst } from "./infer-elementwise.ts";

const parameter = { role: "parameter" } as const;

/** Attention as one op. */
export const attentionOps = {
  Attention: defineOp("Attention", {
    since: (node) => (node.inputs[6] ? 24 : 23),
    inputs: ["Q", "K", "V", "attn_mask?", "past_key?", "past_value?", "nonpad_kv_seqlen?"],
    outputs: ["Y", "present_key?", "present_value?", "qk_matmul_output?"],
    attributes: {
      is_causal: int(0),
      kv_num_heads: int(),
      q_num_heads: int(),
      qk_matmul_output_mode: int(0),
      scale: float(),
      softcap: float(0),
      softmax_precision: int(),
    },
    roles: { attn_mask: parameter, nonpad_kv_seqlen: parameter },
    infer: inferAttention,
  }),
  RotaryEmbedding: defineOp("RotaryEmbedding", {
    since: 23,
    inputs: ["X", "cos_cache", "sin_cache", "position_ids?"],
    outputs: ["Y"],
    attributes: { interleaved: int(0), num_heads: int(), rotary_embedding_dim: int(0) },
    roles: { cos_cache: parameter, sin_cache: parameter, position_ids: parameter },
    infer: sameAsFirst,
  }),
};
