import { type Tensor } from "@lowbit/ir";
import { concatenateFlat, take } from "../arrays/take.ts";
import { tensorOf } from "../arrays/elements.ts";
import { broadcast, mapPairs, pairUp, requireSameDType, type BinaryFunction } from "../arrays/map.ts";
import { broadcastIndices } from "../arrays/indices.ts";
import type { Kernel, KernelCall } from "../kernel.ts";

const comparison =
  (f: BinaryFunction<boolean, boolean>): Kernel =>
  (call) =>
    mapPairs(call, call.tensor(0), call.tensor(1), f, "bool");

const logical = (f: (a: number, b: number) => boolean): Kernel => comparison({ number: f, bigint: () => false });

const equal: BinaryFunction<boolean, boolean> = { number: (a, b) => a === b, bigint: (a, b) => a === b };

/** Elements of the second operand where the condition holds, of the third elsewhere. */
const where: Kernel = (call) => {
  const [condition, x, y] = [call.tensor(0), call.tensor(1), call.tensor(2)];
  requireSameDType(call, x, y);
  const dims = broadcast(call, condition, x, y);
  const chosen = condition.numbers();
  const conditions = broadcastIndices(condition.dims, dims);
  const xs = broadcastIndices(x.dims, dims);
  const ys = broadcastIndices(y.dims, dims);
  const places = conditions.map((place, i) => (chosen[place] === 0 ? x.size + ys[i]! : xs[i]!));
  return take(concatenateFlat([x, y]), dims, places);
};

function equalStrings(call: KernelCall, a: Tensor, b: Tensor): Tensor {
  const { dims, left, right } = pairUp(call, a, b);
  const text = (strings: readonly Uint8Array[]): string[] => strings.map((bytes) => Buffer.from(bytes).toString("hex"));
  const xs = text(a.strings!);
  const ys = text(b.strings!);
  const count = left?.length ?? xs.length;
  return tensorOf(
    "bool",
    dims,
    Array.from({ length: count }, (_, i) => (xs[left ? left[i]! : i] === ys[right ? right[i]! : i] ? 1 : 0)),
  );
}

/** Comparisons and boolean logic with numpy broadcasting. */
export const logicKernels = {
  Equal: (call) =>
    call.tensor(0).strings && call.tensor(1).strings
      ? equalStrings(call, call.tensor(0), call.tensor(1))
      : comparison(equal)(call),
  Less: comparison({ number: (a, b) => a < b, bigint: (a, b) => a < b }),
  LessOrEqual: comparison({ number: (a, b) => a <= b, bigint: (a, b) => a <= b }),
  Greater: comparison({ number: (a, b) => a > b, bigint: (a, b) => a > b }),
  GreaterOrEqual: comparison({ number: (a, b) => a >= b, bigint: (a, b) => a >= b }),
  And: logical((a, b) => a !== 0 && b !== 0),
  Or: logical((a, b) => a !== 0 || b !== 0),
  Xor: logical((a, b) => (a !== 0) !== (b !== 0)),
  Where: where,
} satisfies Readonly<Record<string, Kernel>>;
