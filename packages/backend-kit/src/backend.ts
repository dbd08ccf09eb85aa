import type { Shape } from "@lowbit/ir";
import type { QuantizationBackend, QuantPlan } from "@lowbit/quantize";
import type { IntegerArithmetic } from "@lowbit/reference";
import type { CapabilityTable } from "./capabilities.ts";

/**
 * What lowbit must know to compile for a kind of device: a name, a `quantizer` whose `annotate` makes plans, `lower`
 * passes from QuantizeLinear/DequantizeLinear form to what the device runs, and the members here.
 */
export interface Backend extends QuantizationBackend {
  /** What it runs on integers, as data: drives annotation, validation and docs. */
  readonly capabilities: CapabilityTable;
  /** How its kernels round and saturate, for the reference interpreter. */
  readonly arithmetic: IntegerArithmetic;
  /**
   * Microseconds that a run takes by the measured costs of kernels and conversions, for the ops that have kernels of both
   * kinds, under some plan; absent where the backend knows no costs. `inputShapes` are those that inputs have in use, by
   * name, where the model leaves axes open.
   */
  readonly latency?: (plan: QuantPlan, inputShapes?: Readonly<Record<string, Shape>>) => number;
  /**
   * Session configuration, by ONNX Runtime's names, under which it forms the kernels of the device on any machine. What runs as
   * integers is told under it. Default: what a session does by itself.
   */
  readonly runtimeConfig?: Readonly<Record<string, string>>;
  /**
   * Products whose kernels multiply floats by weights that they read as codes, with one scale for each block of inputs.
   * Absent where there is none: then weights stored as codes are dequantized in each run.
   */
  readonly weightBlocks?: {
    /** Ops with such a kernel, for weights that are constant matrices. */
    readonly ops: readonly string[];
    /** Inputs per scale that the kernel is fastest with. */
    readonly size: number;
    /** Why the other ops with weights have none, as the rest of a sentence. */
    readonly others: string;
  };
  /** One sentence for users who run the model on ONNX Runtime, where that computes otherwise than the device. */
  readonly onOnnxRuntime?: string;
}

/**
 * Whether to quantize where it makes the model faster on an ordinary machine of the backend's kind, or wherever there is
 * an integer kernel (for devices without a fast float path).
 */
export type Preference = "speed" | "integer";

/** Which weights get fewer than 8 bits so that sums of two products cannot saturate at 16 bits. */
export type ReduceRange = "all" | "auto" | "none";

/** A variant of a device that a backend can compile for. */
export interface Feature {
  /** As in `x86:avx2`. */
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  /** Set when this version knows the feature but cannot compile for it: what to do instead. */
  readonly notImplemented?: string;
  /** Features that cannot be given together with this one. */
  readonly excludes?: readonly string[];
}

/** What a backend package offers, for backends that are chosen by name. */
export interface BackendModule {
  readonly name: string;
  readonly features: readonly Feature[];
  /** Whether `create` takes `reduceRange`. */
  readonly reducesRange?: boolean;
  /** A backend for what the user asked of it. @throws CompileError for settings that it does not take */
  create(request: BackendRequest): Backend;
}

/** How a backend is wanted. */
export interface BackendRequest {
  /** Names of features, all known to the module and implemented. */
  readonly features: readonly string[];
  readonly prefer: Preference;
  /** Samples per run that the model should be fast for, where it leaves that open. Default: 1. */
  readonly batch?: number;
  /** What kernels cost on the user's machine, in a form of the backend's own. Default: what it brings with it. */
  readonly costs?: unknown;
  /** Given only to modules that say they take it; absent: as the module thinks best. */
  readonly reduceRange?: ReduceRange;
}
