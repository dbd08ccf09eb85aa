import type { CostFamily } from "@lowbit/backend-x86";

/** A kernel to measure: the same computation on floats and on codes. */
export interface KernelShape {
  /** ONNX text of a graph with one op; its inputs are static. */
  readonly float: string;
  readonly integer: string;
  /** Ops of the kernels that count, in both graphs. */
  readonly kernels: readonly string[];
  /** Products or elements, as the family counts. */
  readonly work: number;
}

/** The sizes that are measured along each axis of a family. */
export const measuredSizes: Readonly<Record<CostFamily, readonly (readonly number[])[]>> = {
  pointwise: [
    [8, 16, 32, 64, 128, 256],
    [8, 16, 32, 64, 128, 256],
    [16, 256, 4096, 65536],
  ],
  convolution: [
    [8, 16, 32, 64, 128],
    [8, 16, 32, 64, 128],
    [16, 256, 4096, 65536],
  ],
  stem: [
    [1, 3],
    [9, 25, 49],
    [8, 16, 64],
    [256, 4096, 65536],
  ],
  stridedStem: [
    [1, 3],
    [9, 25, 49],
    [16, 64],
    [256, 4096, 65536],
  ],
  depthwise: [
    [8, 16, 64, 256],
    [16, 256, 4096, 65536],
  ],
  matrix: [
    [1, 16, 64, 1024],
    [32, 128, 512],
    [8, 32, 128, 512],
  ],
  weightBlocks: [
    [1, 16, 64],
    [128, 512, 2048],
    [128, 512, 2048],
  ],
  matrices: [
    [16, 128],
    [16, 64],
    [16, 128],
  ],
  perChannel: [
    [8, 32, 128],
    [4, 16, 256],
    [256, 4096, 65536],
  ],
  add: [elementSizes()],
  multiply: [elementSizes()],
  sigmoid: [elementSizes()],
  swish: [elementSizes()],
  softmax: [elementSizes()],
  maxPool: [elementSizes()],
  averagePool: [elementSizes()],
  globalAveragePool: [elementSizes()],
  resize: [elementSizes()],
  move: [elementSizes()],
  quantize: [elementSizes()],
  dequantize: [elementSizes()],
  moveChannels: [elementSizes()],
  toBlocks: [elementSizes()],
  fromBlocks: [elementSizes()],
};

function elementSizes(): readonly number[] {
  return [1024, 16384, 131072, 1048576, 4194304];
}

/** The kernel of a family at a point of its grid. */
export function kernelShape(family: CostFamily, at: readonly number[]): KernelShape {
  const [first, second = 0, third = 0, fourth = 0] = at as [number, ...number[]];
  switch (family) {
    case "pointwise":
      return convolution(first, second, 1, third);
    case "convolution":
      return convolution(first, second, 3, third);
    case "stem":
      return convolution(first, third, Math.sqrt(second), fourth);
    case "stridedStem":
      return stridedStem(first, third, Math.sqrt(second), fourth);
    case "depthwise":
      return convolution(first, first, 3, second, first);
    case "matrix":
      return matrix(first, second, third);
    case "weightBlocks":
      return weightBlocks(first, second, third);
    case "quantize":
    case "dequantize":
      return conversion(first, family);
    case "matrices":
      return matrices(first, second, third);
    case "perChannel":
      return perChannel(first, second, third);
    case "swish":
      return swish(first);
    case "moveChannels":
    case "toBlocks":
    case "fromBlocks":
      return layouts(first, layoutKernels[family]);
    default:
      return plain(family, first);
  }
}

const codes = `float s = {0.5}, uint8 z = {128}, int8 v = {0}, float t = {0.25}, int32 n = {0}`;

/** What turns a float into codes and back: kernels on codes form between two of these. */
function rounded(value: string, result: string): string {
  return `${result}_q = QuantizeLinear (${value}, s, z)
      ${result} = DequantizeLinear (${result}_q, s, z)`;
}

/** Square planes of at most so many elements, by default 16 by 16, with so many positions in all; powers of two. */
function planesOf(positions: number, plane = 256): string {
  const side = Math.min(Math.sqrt(plane), 2 ** Math.floor(Math.log2(positions) / 2));
  return `${positions / (side * side)},?,${side},${side}`;
}

function convolution(inputs: number, outputs: number, side: number, positions: number, group = 1): KernelShape {
  // The backend pads few channels to 4 before such a window.
  const added = inputs < 4 && side === 3 && outputs >= 16 ? 4 - inputs : 0;
  const dims = planesOf(positions).replace("?", String(inputs));
  const weight = `[${outputs},${inputs / group},${side},${side}]`;
  const pad = (side - 1) / 2;
  const conv = `Conv <group = ${group}, pads = [${[pad, pad, pad, pad].join(", ")}]>`;
  return {
    float: `g (float[${dims}] x) => (y) <float${weight} w, float[${outputs}] b> {
      c = ${conv} (x, w, b)
      y = Relu (c)
    }`,
    integer: `g (float[${dims}] x) => (y) <${codes}, int8[${outputs},${inputs / group + added},${side},${side}] w,
      int32[${outputs}] b, int64[8] pads = {0, 0, 0, 0, 0, ${added}, 0, 0}> {
      q = QuantizeLinear (x, s, z)
      ${added > 0 ? "p = Pad (q, pads, z)" : ""}
      d = DequantizeLinear (${added > 0 ? "p" : "q"}, s, z)
      e = DequantizeLinear (w, s, v)
      f = DequantizeLinear (b, t, n)
      c = ${conv} (d, e, f)
      ${rounded("c", "y")}
    }`,
    kernels: ["Conv", "FusedConv", "QLinearConv", "Pad"],
    work: (positions * outputs * inputs * side * side) / group,
  };
}

/** The first convolution of a model, with strides of 2: planes are large there. Codes have blocks of 2 by 2 as channels. */
function stridedStem(inputs: number, outputs: number, side: number, positions: number): KernelShape {
  const [batch, , rows, columns] = planesOf(positions, 1024).split(",").map(Number) as [number, number, number, number];
  const pad = (side - 1) / 2;
  // An odd pad shifts the window by a row.
  const blocks = Math.ceil((side + (pad % 2)) / 2);
  const [begin, end] = [Math.ceil(pad / 2), blocks - 1 - Math.ceil(pad / 2)];
  return {
    float: `g (float[${batch},${inputs},${2 * rows},${2 * columns}] x) => (y) <float[${outputs},${inputs},${side},${side}] w, float[${outputs}] b> {
      c = Conv <strides = [2, 2], pads = [${pad}, ${pad}, ${pad}, ${pad}]> (x, w, b)
      y = Relu (c)
    }`,
    integer: `g (float[${batch},${4 * inputs},${rows},${columns}] x) => (y) <${codes}, int8[${outputs},${4 * inputs},${blocks},${blocks}] w,
      int32[${outputs}] b> {
      ${rounded("x", "d")}
      e = DequantizeLinear (w, s, v)
      f = DequantizeLinear (b, t, n)
      c = Conv <pads = [${begin}, ${begin}, ${end}, ${end}]> (d, e, f)
      ${rounded("c", "y")}
    }`,
    kernels: ["Conv", "FusedConv", "QLinearConv"],
    work: positions * outputs * inputs * side * side,
  };
}

function matrix(rows: number, inner: number, columns: number): KernelShape {
  return {
    float: `g (float[${rows},${inner}] x) => (y) <float[${inner},${columns}] w> { y = MatMul (x, w) }`,
    integer: `g (float[${rows},${inner}] x) => (y) <${codes}, int8[${inner},${columns}] w> {
      ${rounded("x", "d")}
      e = DequantizeLinear (w, s, v)
      c = MatMul (d, e)
      ${rounded("c", "y")}
    }`,
    kernels: ["MatMul", "Gemm", "QLinearMatMul"],
    work: rows * inner * columns,
  };
}

/** The kernel that reads weights as codes with one scale for each block of inputs; it is taken for no other activations. */
function weightBlocks(rows: number, inner: number, columns: number): KernelShape {
  const blocks = `[${inner / 128},${columns}]`;
  return {
    float: matrix(rows, inner, columns).float,
    integer: `g (float[${rows},${inner}] x) => (y) <int8[${inner},${columns}] w, float${blocks} s, int8${blocks} z> {
      e = DequantizeLinear <axis = 0, block_size = 128> (w, s, z)
      y = MatMul (x, e)
    }`,
    kernels: ["MatMul", "Gemm", "MatMulNBits"],
    work: rows * inner * columns,
  };
}

const plainOps: Readonly<Record<string, string>> = {
  add: "Add (a, b)",
  multiply: "Mul (a, b)",
  sigmoid: "Sigmoid (a)",
  softmax: "Softmax (a)",
  maxPool: "MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (a)",
  averagePool: "AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (a)",
  globalAveragePool: "GlobalAveragePool (a)",
  resize:
    'Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (a, none, by)',
  move: "Concat <axis = 1> (a, b)",
};

/** Ops that a float convolution before them would take in; they work alike in every layout. */
const takenIn: ReadonlySet<string> = new Set(["add", "multiply", "sigmoid", "softmax", "move"]);

/** An op behind convolutions, so that it works in the layout that it has inside a model. */
function plain(family: string, elements: number): KernelShape {
  const channels = 16;
  // Results of Resize have four elements for each of the operand; the largest tensor is what counts.
  const operand = family === "resize" ? elements / 4 : family === "move" ? elements / 2 : elements;
  const dims = planesOf(Math.max(1, operand / channels)).replace("?", String(channels));
  const op = plainOps[family]!.replace("none", "");
  const name = op.slice(0, op.search(/[ <(]/));
  const data = `float[16,16,1,1] w, float[4] by = {1.0, 1.0, 2.0, 2.0}`;
  const integerData = `${codes}, int8[16,16,1,1] w, int8[16,16,1,1] u, float[4] by = {1.0, 1.0, 2.0, 2.0}`;
  return {
    float: takenIn.has(family)
      ? `g (float[${dims}] a, float[${dims}] b) => (y) { y = ${op} }`
      : `g (float[${dims}] x) => (y) <${data}> {
      a = Conv (x, w)
      y = ${op}
    }`,
    integer: `g (float[${dims}] x) => (y) <${integerData}> {
      ${rounded("x", "d")}
      e = DequantizeLinear (w, s, v)
      f = DequantizeLinear (u, s, v)
      g = Conv (d, e)
      ${rounded("g", "a")}
      i = Conv (d, f)
      ${rounded("i", "b")}
      k = ${op}
      ${rounded("k", "y")}
    }`,
    kernels: [name, `QLinear${name}`, `Nhwc${name}`, ...(name === "Resize" ? ["Upsample"] : [])],
    work: elements,
  };
}

function conversion(elements: number, family: "quantize" | "dequantize"): KernelShape {
  const text = `g (float[1,${elements}] x) => (y) <float s = {0.5}, uint8 z = {128}> {
    q = QuantizeLinear (x, s, z)
    y = DequantizeLinear (q, s, z)
  }`;
  const kernel = family === "quantize" ? "QuantizeLinear" : "DequantizeLinear";
  return { float: text, integer: text, kernels: [kernel], work: elements };
}

/** An image times one number per channel of each sample, in the order of channels that both kinds of convolution leave. */
function perChannel(channels: number, plane: number, positions: number): KernelShape {
  const dims = planesOf(positions, plane).replace("?", String(channels));
  const [batch] = dims.split(",");
  const weight = `[${channels},${channels},1,1]`;
  return {
    float: `g (float[${dims}] a, float[${batch},${channels},1,1] b) => (y) { y = Mul (a, b) }`,
    integer: `g (float[${dims}] x) => (y) <${codes}, int8${weight} w> {
      ${rounded("x", "d")}
      e = DequantizeLinear (w, s, v)
      f = Conv (d, e)
      ${rounded("f", "h")}
      i = GlobalAveragePool (h)
      ${rounded("i", "k")}
      l = Mul (h, k)
      ${rounded("l", "m")}
      p = Conv (m, e)
      ${rounded("p", "y")}
    }`,
    kernels: ["Mul", "QLinearMul"],
    work: positions * channels,
  };
}

/** Kernels that only change a layout, where a float convolution stands at either end: each runs twice. */
const layoutKernels = {
  moveChannels: "Transpose/2",
  toBlocks: "ReorderInput/2",
  fromBlocks: "ReorderOutput/2",
} as const;

/** A convolution on codes between two on floats: float layout, order, code layout, and all the way back. */
function layouts(elements: number, kernel: string): KernelShape {
  const dims = planesOf(elements / 16).replace("?", "16");
  const text = `g (float[${dims}] x) => (y)
  <${codes}, float[16,16,1,1] w, int8[16,16,1,1] u> {
    a = Conv (x, w)
    ${rounded("a", "d")}
    e = DequantizeLinear (u, s, v)
    c = Conv (d, e)
    ${rounded("c", "f")}
    y = Conv (f, w)
  }`;
  return { float: text, integer: text, kernels: [kernel], work: elements };
}

/** x · sigmoid(x) between convolutions. */
function swish(elements: number): KernelShape {
  const dims = planesOf(elements / 16).replace("?", "16");
  return {
    float: `g (float[${dims}] x) => (y) <float[16,16,1,1] w> {
      a = Conv (x, w)
      b = Sigmoid (a)
      c = Mul (a, b)
      y = Conv (c, w)
    }`,
    integer: `g (float[${dims}] x) => (y) <${codes}, int8[16,16,1,1] u> {
      ${rounded("x", "d")}
      e = DequantizeLinear (u, s, v)
      f = Conv (d, e)
      ${rounded("f", "h")}
      i = Sigmoid (h)
      ${rounded("i", "k")}
      l = Mul (h, k)
      ${rounded("l", "y")}
    }`,
    kernels: ["QuickGelu", "QLinearSigmoid", "QLinearMul"],
    work: elements,
  };
}

/** Products of 64 pairs of matrices. */
function matrices(rows: number, inner: number, columns: number): KernelShape {
  const inputs = `float[64,${rows},${inner}] a, float[64,${inner},${columns}] b`;
  return {
    float: `g (${inputs}) => (y) { y = MatMul (a, b) }`,
    integer: `g (${inputs}) => (y) <${codes}> {
      ${rounded("a", "c")}
      ${rounded("b", "d")}
      e = MatMul (c, d)
      ${rounded("e", "y")}
    }`,
    kernels: ["MatMul", "QLinearMatMul"],
    work: 64 * rows * inner * columns,
  };
}
