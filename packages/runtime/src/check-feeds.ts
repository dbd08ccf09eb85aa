import type { Tensor } from "@lowbit/ir";
import { badFeed } from "./diagnostics.ts";
import type { Feeds, Port } from "./session.ts";

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
