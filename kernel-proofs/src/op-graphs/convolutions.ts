import { attributes, every, type Kind, type OpGraph } from "./op-graph.ts";
import { spatial, windowForms, windows } from "./windows.ts";

type Attributes = Parameters<typeof attributes>[0];

const conv = (name: string, x: readonly number[], w: readonly number[], given: Attributes = {}, bias = true): Kind => ({
  name,
  x,
  w: { dims: w, axis: 0 },
  ...(bias ? { bias: [w[0]!] } : {}),
  body: `r = Conv ${attributes(given)}(xd, wd${bias ? ", bd" : ""})`,
  result: "quantized",
});

const thorough = (kind: Kind): Kind => ({ ...kind, isThorough: true });

/** Shapes that take different kernels. */
const kernels: readonly Kind[] = [
  conv("3x3", [2, 8, 9, 9], [16, 8, 3, 3], { pads: [1, 1, 1, 1] }),
  conv("3x3 of 3 channels", [1, 3, 9, 9], [7, 3, 3, 3], { pads: [1, 1, 1, 1] }),
  conv("3x3 of 16 channels with strides", [1, 16, 9, 9], [16, 16, 3, 3], { pads: [1, 1, 1, 1], strides: [2, 2] }),
  conv("3x3 with dilations, without a bias", [1, 8, 11, 11], [16, 8, 3, 3], { dilations: [2, 2] }, false),
  conv("5x5 of one channel", [1, 1, 9, 9], [8, 1, 5, 5], { pads: [2, 2, 2, 2] }),
  conv("pointwise", [2, 32, 7, 7], [24, 32, 1, 1]),
  conv("pointwise of 33 channels", [1, 33, 5, 5], [9, 33, 1, 1]),
  conv("depthwise 3x3", [2, 16, 9, 9], [16, 1, 3, 3], { group: 16, pads: [1, 1, 1, 1] }),
  conv("depthwise 5x5 with strides", [1, 24, 9, 9], [24, 1, 5, 5], {
    group: 24,
    pads: [2, 2, 2, 2],
    strides: [2, 2],
  }),
  conv("depthwise of 5 channels", [1, 5, 9, 9], [5, 1, 3, 3], { group: 5 }),
  conv("in two groups", [1, 8, 9, 9], [12, 4, 3, 3], { group: 2, pads: [1, 1, 1, 1] }),
  conv("one dimension", [2, 8, 20], [8, 8, 5]),
  conv("three dimensions", [1, 4, 5, 5, 5], [6, 4, 3, 3, 3]),
].map(thorough);

/** Every attribute along one, two and three axes. */
const forms: readonly Kind[] = [1, 2, 3].flatMap((axes) => {
  const [size, window] = [spatial[axes]!, windows[axes]!];
  const along = (name: string): string => `along ${axes} ${axes === 1 ? "axis" : "axes"} ${name}`;
  const x = [2, 4, ...size];
  const w = [6, 4, ...window];
  return [
    ...windowForms(axes).map((form) => conv(along(form.name), x, w, form.attributes)),
    conv(along("with the window named"), x, w, { kernel_shape: window }),
    conv(along("without a bias"), x, w, {}, false),
    conv(along("in two groups"), x, [6, 2, ...window], { group: 2, strides: windows[axes]!.map(() => 2) }),
    conv(along("depthwise"), x, [4, 1, ...window], { group: 4 }),
    conv(along("depthwise with dilations and uneven pads"), [1, 16, ...size], [16, 1, ...window], {
      ...windowForms(axes).at(-1)!.attributes,
      group: 16,
    }),
    conv(along("with two results per channel"), x, [8, 1, ...window], { group: 4 }),
    conv(along("pointwise with strides"), x, [6, 4, ...window.map(() => 1)], { strides: window }),
    conv(along("as wide as the image"), x, [6, 4, ...size]),
    { ...conv(along("under one scale"), x, w), w: { dims: w, axis: 0, isPerTensor: true } },
  ];
});

const clamps: readonly Kind[] = [
  { name: "with Relu", clamp: "Relu (c)", data: "" },
  { name: "with Clip", clamp: "Clip (c, low, high)", data: "float low = {0.0}, float high = {6.0}" },
  { name: "with a lower bound", clamp: "Clip (c, low)", data: "float low = {-0.5}" },
  { name: "with an upper bound", clamp: "Clip (c, , high)", data: "float high = {0.75}" },
  { name: "with Clip without bounds", clamp: "Clip (c)", data: "" },
].map(({ name, clamp, data }) => ({
  ...conv(name, [2, 8, 9, 9], [16, 8, 3, 3]),
  ...(data === "" ? {} : { data }),
  body: `c = Conv (xd, wd, bd)\nr = ${clamp}`,
}));

/** What no kernel takes. */
const refused: readonly Kind[] = [
  conv("along no axis but channels", [2, 4, 3, 3, 3, 3], [6, 4, 2, 2, 2, 2]),
  { name: "of computed weights", x: [1, 4, 9, 9], z: [6, 4, 3, 3], body: "r = Conv (xd, zd)", result: "quantized" },
];

/** Graphs of convolutions. */
export const convolutions: readonly OpGraph[] = every("Conv", [...kernels, ...forms, ...clamps, ...refused]);
