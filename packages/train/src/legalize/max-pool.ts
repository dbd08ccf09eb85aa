import { nodeInBlocks, outOfBlocks } from "./blocks-of-channels.ts";
import { dims, operand, type Legalization } from "./legalization.ts";
import { staticWindow } from "./window.ts";

/** MaxPool of what is in blocks of channels already, where it is; nothing for others, which ONNX Runtime reorders where it pays. */
export const maxPool: Legalization = (context) => {
  const { node, inBlocks } = context;
  const x = operand(context, 0);
  const blocks = inBlocks.get(x);
  if (!blocks || node.outputs.length > 1) return [];
  const shape = dims(node.output);
  const window = staticWindow(node, node.ints("kernel_shape", [])!, dims(x).slice(2), shape.slice(2));
  const { kernel, strides, dilations, padsBegin, padsEnd } = window;
  const pads = [...padsBegin, ...padsEnd];
  const attributes = { kernel_shape: kernel, strides, dilations, pads, ceil_mode: node.int("ceil_mode", 0) };
  return [
    outOfBlocks(
      context,
      nodeInBlocks(context, "MaxPool", [blocks], attributes, dims(blocks).slice(0, 2).concat(shape.slice(2))),
      shape,
    ),
  ];
};
