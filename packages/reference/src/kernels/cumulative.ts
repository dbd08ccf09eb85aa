import { elementsOf, tensorOf } from "../arrays/elements.ts";
import { groupsAlong } from "../arrays/regroup.ts";
import type { Kernel } from "../kernel.ts";

/** Running sums or products along an axis; `exclusive` leaves out the element itself, `reverse` starts at the end. */
const cumulative =
  (start: 0 | 1, combine: (sum: number, x: number) => number): Kernel =>
  (call) => {
    const x = call.tensor(0);
    const axis = call.axis(call.scalar(1), x.dims.length);
    const exclusive = call.node.int("exclusive", 0) === 1;
    const reverse = call.node.int("reverse", 0) === 1;
    const { bases, members } = groupsAlong(x.dims, [axis]);
    const order = reverse ? members.toReversed() : members;
    const elements = elementsOf(x).slice();
    const wide = elements instanceof Float64Array ? start : BigInt(start);
    for (const base of bases) {
      // Numbers throughout, or bigints throughout.
      let sum = wide as number;
      for (const member of order) {
        const next = combine(sum, elements[base + member] as number);
        elements[base + member] = (exclusive ? sum : next) as never;
        sum = next;
      }
    }
    return tensorOf(x.dtype, x.dims, elements);
  };

/** Running sums and products, in float64 or bigint. */
export const cumulativeKernels = {
  CumSum: cumulative(0, (sum, x) => sum + x),
  CumProd: cumulative(1, (product, x) => product * x),
} satisfies Readonly<Record<string, Kernel>>;
