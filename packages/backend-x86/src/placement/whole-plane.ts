import { isStatic, type Node } from "@lowbit/ir";

/** Whether a pooling window covers the whole plane of a static shape, without padding. */
export function isOverWholePlane(node: Node): boolean {
  const shape = node.inputs[0]?.shape?.slice(2) ?? [];
  const kernel = node.ints("kernel_shape", []);
  const pads = node.ints("pads", []);
  const unpadded = pads.every((pad) => pad === 0) && ["NOTSET", "VALID"].includes(node.string("auto_pad", "NOTSET"));
  return isStatic(shape) && shape.length > 0 && shape.every((dim, i) => kernel[i] === dim) && unpadded;
}
