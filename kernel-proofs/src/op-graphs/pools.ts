import { attributes, every, type Kind, type OpGraph } from "./op-graph.ts";
import { spatial, windowForms, windows } from "./windows.ts";

type Attributes = Parameters<typeof attributes>[0];
type Pool = "MaxPool" | "AveragePool";

const pool = (op: Pool, name: string, x: readonly number[], given: Attributes): Kind => ({
  name,
  x,
  body: `r = ${op} ${attributes(given)}(xd)`,
  result: op === "MaxPool" ? "moved" : "quantized",
});

/** Every attribute along one, two and three axes. */
function forms(op: Pool): readonly Kind[] {
  return [1, 2, 3].flatMap((axes) => {
    const kernel_shape = windows[axes]!;
    const x = [2, 5, ...spatial[axes]!];
    const strides = kernel_shape.map(() => 3);
    const pads = windowForms(axes).at(-1)!.attributes["pads"]!;
    const named = (name: string, given: Attributes): Kind =>
      pool(op, `along ${axes} ${axes === 1 ? "axis" : "axes"} ${name}`, x, { kernel_shape, ...given });
    return [
      named("", {}),
      ...windowForms(axes).map((form) => named(form.name, form.attributes)),
      named("with a rest", { strides, ceil_mode: 1 }),
      named("with a rest and uneven pads", { strides, pads, ceil_mode: 1 }),
      named("as wide as the image", { kernel_shape: spatial[axes]! }),
      ...(op === "MaxPool"
        ? [
            named("counted by columns", { storage_order: 1, strides }),
            named("with a rest and dilations", { strides, dilations: kernel_shape.map(() => 2), ceil_mode: 1 }),
          ]
        : [
            named("whose padding counts", { pads, count_include_pad: 1 }),
            named("whose padding counts, padded to the same size", {
              auto_pad: "SAME_UPPER",
              strides,
              count_include_pad: 1,
            }),
            named("whose padding counts, with a rest", { strides, pads, ceil_mode: 1, count_include_pad: 1 }),
          ]),
    ];
  });
}

/** Graphs of pools. */
export const pools: readonly OpGraph[] = [
  ...every("AveragePool", [
    ...[
      pool("AveragePool", "3x3 with strides", [2, 8, 9, 9], { kernel_shape: [3, 3], strides: [2, 2] }),
      pool("AveragePool", "2x2 with padding", [1, 5, 8, 8], { kernel_shape: [2, 2], pads: [1, 1, 0, 0] }),
    ].map((kind): Kind => ({ ...kind, isThorough: true })),
    ...forms("AveragePool"),
  ]),
  ...every("GlobalAveragePool", [
    ...[
      [2, 17, 7, 7],
      [2, 64, 4, 4],
    ].map((x): Kind => ({
      name: `of ${x.slice(2).join("x")}`,
      x,
      body: "r = GlobalAveragePool (xd)",
      result: "quantized",
      isThorough: true,
    })),
    ...[
      [2, 17, 9],
      [2, 5, 3, 4, 5],
      [1, 3, 1, 1],
    ].map((x): Kind => ({
      name: `of [${x.join(",")}]`,
      x,
      body: "r = GlobalAveragePool (xd)",
      result: "quantized",
    })),
  ]),
  ...every("MaxPool", [
    {
      ...pool("MaxPool", "3x3", [2, 8, 9, 9], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
      isThorough: true,
    },
    ...forms("MaxPool"),
    {
      name: "whose indices are read",
      x: [2, 5, 8, 8],
      body: "r, at = MaxPool <kernel_shape = [2, 2]> (xd)\nr2 = Cast <to = 1> (at)",
      result: "moved",
      results: 2,
    },
  ]),
];
