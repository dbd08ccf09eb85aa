/** An axis counted from the first one on: negative ones are counted from behind. Whether there is such an axis is not looked at. */
export function axisFromFirst(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
