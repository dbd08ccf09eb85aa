import { int64Tensor } from "../arrays/elements.ts";
import type { Kernel } from "../kernel.ts";

interface Box {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

function overlap(a: Box, b: Box): number {
  const area = (box: Box): number => (box.bottom - box.top) * (box.right - box.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  if (height <= 0 || width <= 0 || area(a) <= 0 || area(b) <= 0) return 0;
  return (height * width) / (area(a) + area(b) - height * width);
}

/** Greedy suppression of boxes that overlap a better one of their batch entry and class. */
const nonMaxSuppression: Kernel = (call) => {
  const [boxes, scores] = [call.tensor(0), call.tensor(1)];
  const limit = call.optionalScalar(2) ?? 0;
  const overlapLimit = call.optionalScalar(3) ?? 0;
  const scoreLimit = call.optionalScalar(4) ?? -Infinity;
  const [batch, classes, count] = scores.dims as [number, number, number];
  const centered = call.node.int("center_point_box", 0) === 1;
  const corners = boxes.numbers();
  const values = scores.numbers();
  const boxAt = (n: number, i: number): Box => {
    const [a, b, c, d] = [0, 1, 2, 3].map((k) => corners[(n * count + i) * 4 + k]!) as [number, number, number, number];
    if (centered) return { top: b - d / 2, bottom: b + d / 2, left: a - c / 2, right: a + c / 2 };
    return { top: Math.min(a, c), bottom: Math.max(a, c), left: Math.min(b, d), right: Math.max(b, d) };
  };
  const selected: number[] = [];
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < classes; c++) {
      const score = (i: number): number => values[(n * classes + c) * count + i]!;
      const order = Array.from({ length: count }, (_, i) => i)
        .filter((i) => score(i) > scoreLimit)
        .sort((i, j) => score(j) - score(i));
      const kept: number[] = [];
      for (const i of order) {
        if (kept.length >= limit) break;
        if (kept.every((k) => overlap(boxAt(n, i), boxAt(n, k)) <= overlapLimit)) kept.push(i);
      }
      for (const i of kept) selected.push(n, c, i);
    }
  }
  return int64Tensor(selected, [selected.length / 3, 3]);
};

/** Selection of boxes. */
export const nonMaxSuppressionKernels = {
  NonMaxSuppression: nonMaxSuppression,
} satisfies Readonly<Record<string, Kernel>>;
