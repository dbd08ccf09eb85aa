import type { Model } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";

/** A quantized model that a proof is about. */
export interface Subject {
  readonly name: string;
  /** Set for graphs made for one op. */
  readonly op?: string;
  /** The model with QuantizeLinear and DequantizeLinear, and the same as integer operators. */
  readonly forms: { readonly qdq: Model; readonly integers: Model };
  readonly feeds: readonly Feeds[];
}
