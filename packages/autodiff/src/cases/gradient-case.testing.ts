import type { OpName } from "@lowbit/ir";

/**
 * One graph whose gradients are compared with finite differences: all its double inputs against all its outputs.
 *
 * Every case also runs with its input shapes replaced by unknown dimensions of the same rank.
 */
export interface GradientCase {
  /** The op whose rule the case is for. */
  readonly op: OpName;
  readonly title: string;
  /** The graph in ONNX text without its name. */
  readonly text: string;
  /** Where the elements of double inputs lie; default [-1.5, 1.5]. */
  readonly range?: readonly [number, number];
  /** Elements of inputs that are not to be made up; inputs that are not double need them. */
  readonly given?: Readonly<Record<string, readonly number[]>>;
  /** The opset of the text, where the op came after the canonical one. */
  readonly opset?: number;
  /** Why ONNX Runtime is not asked about the case. */
  readonly notOnRuntime?: string;
  /** The rule needs static shapes, and says so otherwise. */
  readonly staticOnly?: true;
}

type Options = Omit<GradientCase, "op" | "title" | "text">;

/** The cases of one op: rows of title, text and, where needed, options. */
export function casesOf(
  op: OpName,
  ...rows: readonly (readonly [title: string, text: string, options?: Options])[]
): readonly GradientCase[] {
  return rows.map(([title, text, options]) => ({ op, title, text, ...options }));
}
