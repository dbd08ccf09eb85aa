import type { AttributeSchema } from "./define-op.ts";
import { defineOp, int, ints, string } from "./define-op.ts";
import { inferConv, inferConvTranspose, inferDeformConv, inferIntegerConv } from "./infer-conv.ts";

/** Attributes that every op with a convolution window has. */
export const convAttributes = {
  auto_pad: string("NOTSET"),
  dilations: ints(),
  group: int(1),
  kernel_shape: ints(),
  pads: ints(),
  strides: ints(),
} satisfies Readonly<Record<string, AttributeSchema>>;

/** Convolutions on float and integer tensors. */
export const convOps = {
  Conv: defineOp("Conv", {
    since: 1,
    inputs: ["X", "W", "B?"],
    outputs: ["Y"],
    attributes: convAttributes,
    traits: ["linear"],
    roles: { W: { role: "weight", channelAxis: 0 }, B: { role: "bias" } },
    infer: inferConv,
  }),
  ConvTranspose: defineOp("ConvTranspose", {
    since: (node) => (node.attributes.has("auto_pad") ? 11 : 1),
    inputs: ["X", "W", "B?"],
    outputs: ["Y"],
    attributes: { ...convAttributes, output_padding: ints(), output_shape: ints() },
    traits: ["linear"],
    roles: { W: { role: "weight", channelAxis: 1 }, B: { role: "bias" } },
    infer: inferConvTranspose,
  }),
  DeformConv: defineOp("DeformConv", {
    since: 19,
    inputs: ["X", "W", "offset", "B?", "mask?"],
    outputs: ["Y"],
    attributes: {
      dilations: ints(),
      group: int(1),
      kernel_shape: ints(),
      offset_group: int(1),
      pads: ints(),
      strides: ints(),
    },
    roles: { W: { role: "weight", channelAxis: 0 }, offset: { role: "parameter" }, B: { role: "bias" } },
    infer: inferDeformConv,
  }),
  ConvInteger: defineOp("ConvInteger", {
    since: 10,
    inputs: ["x", "w", "x_zero_point?", "w_zero_point?"],
    outputs: ["y"],
    attributes: convAttributes,
    traits: ["linear"],
    roles: {
      w: { role: "weight", channelAxis: 0 },
      x_zero_point: { role: "parameter" },
      w_zero_point: { role: "parameter" },
    },
    infer: inferIntegerConv({ data: 0, weight: 1, bias: null }, () => "int32"),
  }),
  QLinearConv: defineOp("QLinearConv", {
    since: 10,
    inputs: ["x", "x_scale", "x_zero_point", "w", "w_scale", "w_zero_point", "y_scale", "y_zero_point", "B?"],
    outputs: ["y"],
    attributes: convAttributes,
    traits: ["linear"],
    roles: {
      x_scale: { role: "parameter" },
      x_zero_point: { role: "parameter" },
      w: { role: "weight", channelAxis: 0 },
      w_scale: { role: "parameter" },
      w_zero_point: { role: "parameter" },
      y_scale: { role: "parameter" },
      y_zero_point: { role: "parameter" },
      B: { role: "bias" },
    },
    infer: inferIntegerConv({ data: 0, weight: 3, bias: 8 }, (context) => context.dtype(7)),
  }),
};
