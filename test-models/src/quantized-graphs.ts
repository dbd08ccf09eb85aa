/** Graphs of one quantized op (or chain), whose last value is quantized, as text by name. */
export const quantizedGraphs = {
  Conv: `g (float[2,8,9,9] x) => (y) <float[16,8,3,3] w, float[16] b> { y = Conv <pads = [1, 1, 1, 1]> (x, w, b) }`,
  "Conv with stride and Relu": `g (float[2,8,9,9] x) => (y) <float[16,8,3,3] w, float[16] b> {
    c = Conv <strides = [2, 2]> (x, w, b)
    y = Relu (c)
  }`,
  "pointwise Conv": `g (float[2,32,7,7] x) => (y) <float[16,32,1,1] w, float[16] b> { y = Conv (x, w, b) }`,
  "depthwise Conv": `g (float[2,16,9,9] x) => (y) <float[16,1,3,3] w, float[16] b> {
    y = Conv <group = 16, pads = [1, 1, 1, 1]> (x, w, b)
  }`,
  "Conv in one dimension": `g (float[2,8,20] x) => (y) <float[8,8,5] w, float[8] b> { y = Conv (x, w, b) }`,
  MatMul: `g (float[6,32] x) => (y) <float[32,24] w, float[24,16] v> {
    m = MatMul (x, w)
    n = MatMul (m, v)
    y = Add (n, n)
  }`,
  "MatMul of two activations": `g (float[2,6,8] x, float[2,8,5] w) => (y) { y = MatMul (x, w) }`,
  Gemm: `g (float[6,32] x) => (y) <float[24,32] w, float[24] b, float[24,16] v, float[16] c> {
    m = Gemm <transB = 1> (x, w, b)
    r = Relu (m)
    n = Gemm (r, v, c)
    y = Add (n, n)
  }`,
  Add: `g (float[2,8,9,9] x, float[2,8,9,9] z) => (y) { y = Add (x, z) }`,
  "Add of a constant": `g (float[2,8,9,9] x) => (y) <float[8,1,1] k> { y = Add (x, k) }`,
  Mul: `g (float[2,8,9,9] x, float[2,8,9,9] z) => (y) { y = Mul (x, z) }`,
  MaxPool: `g (float[2,8,9,9] x) => (y) <float[8,8,1,1] w> {
    c = Conv (x, w)
    y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (c)
  }`,
  AveragePool: `g (float[2,8,9,9] x) => (y) { y = AveragePool <kernel_shape = [3, 3], strides = [2, 2]> (x) }`,
  GlobalAveragePool: `g (float[2,8,9,9] x) => (y) { y = GlobalAveragePool (x) }`,
  Concat: `g (float[2,8,9,9] x, float[2,8,9,9] z) => (y) <float[8,8,1,1] w, float[8,8,1,1] v> {
    a = Conv (x, w)
    b = Conv (z, v)
    y = Concat <axis = 1> (a, b)
  }`,
  Sigmoid: `g (float[2,200] x) => (y) { y = Sigmoid (x) }`,
  LeakyRelu: `g (float[2,200] x) => (y) { y = LeakyRelu <alpha = 0.1> (x) }`,
  Softmax: `g (float[20,10] x) => (y) { y = Softmax (x) }`,
  "Resize, Transpose, Slice and Reshape": `g (float[2,8,4,4] x) => (y)
  <float[8,8,1,1] w, float[4] by = {1.0, 1.0, 2.0, 2.0}, int64[1] from = {0}, int64[1] to = {5}, int64[1] along = {2},
   int64[2] flat = {2, -1}> {
    c = Conv (x, w)
    r = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (c, , by)
    t = Transpose <perm = [0, 2, 3, 1]> (r)
    s = Slice (t, from, to, along)
    y = Reshape (s, flat)
  }`,
} as const;
