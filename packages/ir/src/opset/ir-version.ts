/** The first opset each IR version was released with (https://github.com/onnx/onnx/blob/main/docs/Versioning.md). */
const released: readonly (readonly [opset: number, irVersion: number])[] = [
  [25, 13],
  [24, 12],
  [23, 11],
  [21, 10],
  [19, 9],
  [15, 8],
  [12, 7],
  [11, 6],
  [10, 5],
  [9, 4],
  [1, 3],
];

/** The IR version that came with an opset of the ONNX domain: readers of the opset know it. */
export function irVersionOf(opset: number): number {
  return released.find(([first]) => opset >= first)![1];
}
