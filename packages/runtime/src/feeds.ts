import type { DType, Tensor } from "@lowbit/ir";
import { badFeed } from "./diagnostics.ts";

/** What a session takes or gives under one name; symbolic dimensions are strings. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | string)[];
}

/** Named tensors in and out of a run. */
export type Feeds = Readonly<Record<string, Tensor>>;

/**
 * The tensors that inputs take, in their order.
 *
 * @throws CompileError `runtime/feed` when one is missing or of another dtype
 */
export function checkedFeeds(inputs: readonly Port[], feeds: Feeds): readonly (readonly [string, Tensor])[] {
  return inputs.map(({ name, dtype }) => {
    const tensor = feeds[name];
    if (!tensor) throw badFeed(`input "${name}" (${dtype}) was not given a tensor`, name);
    if (tensor.dtype !== dtype) throw badFeed(`input "${name}" takes ${dtype}, got ${tensor.dtype}`, name);
    return [name, tensor];
  });
}
