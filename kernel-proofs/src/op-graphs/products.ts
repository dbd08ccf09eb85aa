import { every, type Kind, type OpGraph } from "./op-graph.ts";

const quantized = { result: "quantized" } as const;

const gemm = (name: string, attributes: string, [m, k, n]: readonly [number, number, number], more?: Partial<Kind>) => {
  const isTransposed = attributes.includes("transB");
  const kind: Kind = {
    name,
    x: attributes.includes("transA") ? [k, m] : [m, k],
    w: isTransposed ? { dims: [n, k], axis: 0 } : { dims: [k, n], axis: 1 },
    bias: [n],
    body: `r = Gemm ${attributes}(xd, wd, bd)`,
    ...quantized,
    ...more,
  };
  return kind;
};

const gemms = every("Gemm", [
  ...[
    gemm("transposed", "<transB = 1> ", [6, 32, 24]),
    gemm("of 33 rows", "", [5, 33, 17]),
    gemm("with a float result", "", [5, 40, 10], { result: "float" }),
  ].map((kind): Kind => ({ ...kind, isThorough: true })),
  gemm("transposed, square", "<transB = 1> ", [6, 16, 16]),
  gemm("transposed, with a float result", "<transB = 1> ", [6, 33, 7], { result: "float" }),
  gemm("of 32 rows", "", [6, 32, 24]),
  gemm("square", "", [6, 16, 16]),
  gemm("of one row", "", [1, 9, 5]),
  gemm("with one column", "", [5, 33, 1]),
  gemm("transposed, with one row", "<transB = 1> ", [5, 33, 1]),
  gemm("with a bias of one row", "", [5, 33, 7], { bias: [1, 7] }),
  gemm("transposed, with a bias of one row", "<transB = 1> ", [5, 33, 7], { bias: [1, 7] }),
  ...["quantized", "float"].flatMap((result) =>
    ["", "<transB = 1> "].map((attributes) => {
      const kind = gemm(`${attributes}without a bias, ${result}`, attributes, [5, 33, 7], {
        body: `r = Gemm ${attributes}(xd, wd)`,
        result: result as "quantized" | "float",
      });
      const { bias: _, ...rest } = kind;
      return rest;
    }),
  ),
  ...["", "<transB = 1> "].map((attributes) => {
    const kind = gemm(`${attributes}under one scale`, attributes, [5, 33, 7]);
    return { ...kind, w: { ...kind.w!, isPerTensor: true } };
  }),
  gemm("with Relu", "", [5, 33, 17], { body: "p = Gemm (xd, wd, bd)\nr = Relu (p)" }),
  gemm("with Clip", "<transB = 1> ", [5, 33, 17], {
    data: "float low = {-0.5}, float high = {6.0}",
    body: "p = Gemm <transB = 1> (xd, wd, bd)\nr = Clip (p, low, high)",
  }),
  gemm("with alpha", "<alpha = 0.5> ", [5, 33, 7]),
  gemm("with beta", "<beta = 0.5> ", [5, 33, 7]),
  gemm("of transposed data", "<transA = 1> ", [5, 33, 7]),
  gemm("with a bias of one element", "", [5, 33, 7], { bias: [], body: "r = Gemm (xd, wd, one)", data: "float one" }),
  gemm("with a bias per row", "", [5, 33, 7], { body: "r = Gemm (xd, wd, rows)", data: "float[5,1] rows" }),
  gemm("with a bias per element", "", [5, 33, 7], { body: "r = Gemm (xd, wd, all)", data: "float[5,7] all" }),
  { name: "of computed weights", x: [5, 12], z: [12, 7], body: "r = Gemm (xd, zd)", ...quantized },
]);

const weighted = (name: string, x: readonly number[], columns: number, more?: Partial<Kind>): Kind => ({
  name,
  x,
  w: { dims: [x.at(-1)!, columns], axis: 1 },
  body: "r = MatMul (xd, wd)",
  ...quantized,
  ...more,
});

const pairs: readonly (readonly [x: readonly number[], z: readonly number[]])[] = [
  [
    [6, 16],
    [16, 5],
  ],
  [[16], [16, 5]],
  [[6, 16], [16]],
  [[16], [16]],
  [
    [2, 6, 16],
    [16, 5],
  ],
  [
    [6, 16],
    [2, 16, 5],
  ],
  [
    [2, 6, 16],
    [1, 16, 5],
  ],
  [
    [1, 6, 16],
    [2, 16, 5],
  ],
  [
    [2, 3, 4, 7],
    [2, 3, 7, 5],
  ],
  [
    [2, 3, 4, 7],
    [3, 7, 5],
  ],
  [
    [2, 1, 4, 7],
    [1, 3, 7, 5],
  ],
  [[2, 6, 16], [16]],
  [[16], [2, 16, 5]],
  [
    [2, 1, 3, 4, 7],
    [2, 2, 1, 7, 5],
  ],
];

const matMuls = every("MatMul", [
  ...[
    weighted("of weights", [2, 6, 32], 24),
    weighted("of 35 rows of weights", [5, 35], 9),
    weighted("with a float result", [6, 32], 24, { result: "float" }),
    { name: "of two activations", x: [2, 6, 16], z: [2, 16, 5], body: "r = MatMul (xd, zd)", ...quantized },
  ].map((kind): Kind => ({ ...kind, isThorough: true })),
  ...[[33], [1, 33], [2, 3, 4, 33], [2, 1, 2, 3, 33]].flatMap((x) => [
    weighted(`of weights and ${x.length} axes`, x, 9),
    weighted(`of weights and ${x.length} axes, with a float result`, x, 9, { result: "float" }),
  ]),
  weighted("of square weights", [5, 16], 16),
  weighted("of one column of weights", [2, 5, 16], 1),
  ...["quantized", "float"].map((result) =>
    weighted(`of weights under one scale, ${result}`, [2, 6, 33], 7, {
      w: { dims: [33, 7], axis: 1, isPerTensor: true },
      result: result as "quantized" | "float",
    }),
  ),
  ...["Add (p, row)", "Add (row, p)"].map((sum) =>
    weighted(`with a bias, ${sum}`, [5, 33], 7, { data: "float[7] row", body: `p = MatMul (xd, wd)\nr = ${sum}` }),
  ),
  weighted("with a bias of one row", [2, 5, 33], 7, {
    data: "float[1,7] row",
    body: "p = MatMul (xd, wd)\nr = Add (p, row)",
  }),
  weighted("with Relu", [2, 5, 33], 7, { body: "p = MatMul (xd, wd)\nr = Relu (p)" }),
  weighted("with a bias and Clip", [2, 5, 33], 7, {
    data: "float[7] row, float low = {-0.5}, float high = {6.0}",
    body: "p = MatMul (xd, wd)\ns = Add (p, row)\nr = Clip (s, low, high)",
  }),
  ...pairs.map(([x, z]): Kind => ({
    name: `of two activations, [${x.join(",")}] and [${z.join(",")}]`,
    x,
    z,
    body: "r = MatMul (xd, zd)",
    ...quantized,
  })),
  {
    name: "of weights per batch",
    x: [2, 6, 16],
    z: [2, 16, 5],
    isConstantZ: true,
    body: "r = MatMul (xd, zd)",
    ...quantized,
  },
  {
    name: "of a constant and data",
    x: [16, 5],
    z: [6, 16],
    isConstantZ: true,
    body: "r = MatMul (zd, xd)",
    ...quantized,
  },
  { name: "of an activation with itself", x: [8, 8], body: "r = MatMul (xd, xd)", ...quantized },
]);

/** Graphs of matrix products. */
export const products: readonly OpGraph[] = [...gemms, ...matMuls];
