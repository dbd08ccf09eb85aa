import type { Node } from "@lowbit/ir";
import type { Granularity, ObservedSpec, QuantDType } from "@lowbit/quantize";

/** A condition on a node that a kernel needs, with the words that docs and messages use for it. */
export interface Constraint {
  /** What must hold, as in `the weight is constant`. */
  readonly text: string;
  /** Null when it holds, otherwise what is the case instead. */
  objection(node: Node): string | null;
}

/** How the parameters of a result come about. */
export type ResultRule =
  /** From the values seen. */
  | { readonly kind: "observed" }
  /** From the values seen; but a result that nobody reads as codes may leave the kernel as float. */
  | { readonly kind: "observed-or-float" }
  /** Those of the data operands, which all must be equal. */
  | { readonly kind: "shared" }
  /** Always the same. */
  | {
      readonly kind: "fixed";
      readonly scale: number;
      readonly zeroPoint: number;
      /** Whether the kernel takes other parameters too, so that a plan may have them. Default: false. */
      readonly takesOthers?: boolean;
    };

/** One kind of integer kernel: what it takes, and what may be merged into it. An op may have several rows. */
export interface Capability {
  readonly op: string;
  readonly domain?: string;
  /** Dtypes of data operands and results, which must be equal. */
  readonly activations: readonly QuantDType[];
  /** Dtypes and granularities of the operand whose role is `weight`; absent for kernels without weights. */
  readonly weights?: {
    readonly dtypes: readonly QuantDType[];
    readonly granularities: readonly Granularity["kind"][];
  };
  /** How the operand whose role is `bias` is given. Default: `float`. */
  readonly bias?: "int32" | "float";
  readonly result: ResultRule;
  /** Ops that run for free when they are the only reader of the result: clamps that requantization does anyway. */
  readonly fuses?: readonly string[];
  /** Whether an Add of a constant, one element per output channel, may follow and becomes the bias. */
  readonly addsBias?: boolean;
  readonly constraints?: readonly Constraint[];
}

/**
 * What a backend runs on integers, as data: annotation, validation and docs are derived from it.
 *
 * Of several rows for an op, the first whose constraints hold is taken.
 */
export interface CapabilityTable {
  /** How activations are quantized. */
  readonly activation: ObservedSpec;
  /** How weights are quantized; `channel` granularity runs along the axis that the op's facts name. */
  readonly weight: Omit<ObservedSpec, "granularity"> & { readonly granularity: "tensor" | "channel" };
  readonly ops: readonly Capability[];
}
