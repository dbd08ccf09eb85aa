import { every, type Kind, type OpGraph } from "./op-graph.ts";

const quantized = { result: "quantized" } as const;

/** Which dimensions two operands have. */
const broadcasts: readonly (readonly [name: string, x: readonly number[], z: readonly number[]])[] = [
  ["with a scalar", [6, 40], []],
  ["with a column", [3, 40], [3, 1]],
  ["with one element per channel", [2, 5, 4, 3], [5, 1, 1]],
  ["of a row and a column", [1, 40], [7, 1]],
  ["where each is longer somewhere", [2, 1, 40], [1, 3, 1]],
  ["with more axes", [40], [2, 3, 40]],
  ["of one element each", [1], [1]],
  ["of scalars", [], []],
];

const binary = (op: "Add" | "Mul"): readonly OpGraph[] =>
  every(op, [
    ...(
      [
        ["of all pairs", [256, 256], [256, 256], "xd, zd"],
        ["with one element", [256], [1], "xd, zd"],
        ["of one element", [256], [1], "zd, xd"],
        ["with a row", [3, 256], [256], "xd, zd"],
      ] as const
    ).map(([name, x, z, operands]): Kind => ({
      name,
      x,
      z,
      body: `r = ${op} (${operands})`,
      ...quantized,
      isThorough: true,
    })),
    ...broadcasts.flatMap(([name, x, z]) =>
      ["xd, zd", "zd, xd"].map((operands, i): Kind => ({
        name: `${name}${i === 0 ? "" : ", the other way round"}`,
        x,
        z,
        body: `r = ${op} (${operands})`,
        ...quantized,
      })),
    ),
    { name: "with itself", x: [6, 40], body: `r = ${op} (xd, xd)`, ...quantized },
    ...(["xd, zd", "zd, xd"] as const).flatMap((operands) =>
      [[5, 40], [40], []].map((z): Kind => ({
        name: `of a constant of ${z.length} axes, ${operands}`,
        x: [5, 40],
        z,
        isConstantZ: true,
        body: `r = ${op} (${operands})`,
        ...quantized,
      })),
    ),
    { name: "with Relu", x: [6, 40], z: [6, 40], body: `s = ${op} (xd, zd)\nr = Relu (s)`, ...quantized },
    {
      name: "with Clip",
      x: [6, 40],
      z: [6, 40],
      data: "float low = {-0.5}, float high = {6.0}",
      body: `s = ${op} (xd, zd)\nr = Clip (s, low, high)`,
      ...quantized,
    },
  ]);

const leakyRelu = (name: string, attributes: string): Kind => ({
  name,
  x: [256],
  body: `r = LeakyRelu ${attributes}(xd)`,
  ...quantized,
  isThorough: true,
});

const softmaxes = every("Softmax", [
  { name: "of rows of 10", x: [40, 10], body: "r = Softmax (xd)", result: "softmax", isThorough: true },
  ...(
    [
      [[7], 0],
      [[7], -1],
      [[5, 9], 0],
      [[5, 9], 1],
      [[3, 4, 6], 1],
      [[3, 4, 6], -2],
      [[3, 4, 6], 2],
      [[2, 5, 3, 4], 1],
      [[2, 5, 3, 4], -1],
      [[4, 300], -1],
      [[4, 1], -1],
    ] as const
  ).map(([x, axis]): Kind => ({
    name: `of [${x.join(",")}] along axis ${axis}`,
    x,
    body: `r = Softmax <axis = ${axis}> (xd)`,
    result: "softmax",
  })),
]);

/** Graphs of ops that go element by element, or along one axis. */
export const elementwise: readonly OpGraph[] = [
  ...binary("Add"),
  ...binary("Mul"),
  ...every("Sigmoid", [
    { name: "of all codes", x: [256], body: "r = Sigmoid (xd)", ...quantized, isThorough: true },
    { name: "of five axes", x: [2, 1, 3, 2, 5], body: "r = Sigmoid (xd)", ...quantized },
    { name: "of a scalar", x: [], body: "r = Sigmoid (xd)", ...quantized },
  ]),
  ...every("LeakyRelu", [
    leakyRelu("of all codes", "<alpha = 0.1> "),
    leakyRelu("with the default slope", ""),
    leakyRelu("with slope 0", "<alpha = 0.0> "),
    leakyRelu("with a slope above 1", "<alpha = 1.7> "),
    leakyRelu("with a slope below 0", "<alpha = -0.4> "),
    { name: "of five axes", x: [2, 1, 3, 2, 5], body: "r = LeakyRelu (xd)", ...quantized },
    {
      name: "with Clip",
      x: [6, 40],
      data: "float low = {-0.4}, float high = {1.5}",
      body: "s = LeakyRelu <alpha = 0.1> (xd)\nr = Clip (s, low, high)",
      ...quantized,
    },
  ]),
  ...softmaxes,
];
