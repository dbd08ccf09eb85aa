/** Graphs of one or a few ops, in the ONNX text form; every input has a static shape, and the first output is compared. */
export const conformanceCases: Readonly<Record<string, string>> = {
  Conv: `g (float[2,8,9,9] x) => (float[2,16,9,9] y) <float[16,8,3,3] w, float[16] b> {
    [conv] y = Conv <pads = [1, 1, 1, 1]> (x, w, b)
  }`,
  "Conv without a bias": `g (float[2,8,9,9] x) => (y) <float[16,8,3,3] w> { y = Conv (x, w) }`,
  "Conv with strides, dilations and Relu": `g (float[2,8,11,11] x) => (y) <float[16,8,3,3] w, float[16] b> {
    c = Conv <strides = [2, 2], dilations = [2, 2]> (x, w, b)
    y = Relu (c)
  }`,
  "Conv with Clip": `g (float[2,8,9,9] x) => (y) <float[16,8,3,3] w, float low = {0.0}, float high = {6.0}> {
    c = Conv (x, w)
    y = Clip (c, low, high)
  }`,
  "pointwise Conv": `g (float[2,32,7,7] x) => (y) <float[16,32,1,1] w, float[16] b> { y = Conv (x, w, b) }`,
  "depthwise Conv": `g (float[2,16,9,9] x) => (y) <float[16,1,3,3] w, float[16] b> {
    y = Conv <group = 16, pads = [1, 1, 1, 1]> (x, w, b)
  }`,
  "Conv in one dimension": `g (float[2,8,20] x) => (y) <float[8,8,5] w, float[8] b> { y = Conv (x, w, b) }`,
  "Conv with a kernel of 9 by 9": `g (float[1,4,12,12] x) => (y) <float[4,4,9,9] w> { y = Conv (x, w) }`,
  "Conv whose weights are computed": `g (float[1,4,9,9] x, float[4,4,3,3] w) => (y) { y = Conv (x, w) }`,
  Gemm: `g (float[6,32] x) => (y) <float[24,32] w, float[24] b, float[24,16] v, float[16] c> {
    m = Gemm <transB = 1> (x, w, b)
    r = Relu (m)
    y = Gemm (r, v, c)
  }`,
  "square MatMul": `g (float[6,16] x) => (y) <float[16,16] w, float[16,16] v> {
    m = MatMul (x, w)
    y = MatMul (m, v)
  }`,
  "MatMul with a bias": `g (float[6,32] x) => (y) <float[32,24] w, float[24] b> {
    m = MatMul (x, w)
    s = Add (m, b)
    y = Relu (s)
  }`,
  "MatMul of two activations": `g (float[2,6,8] x, float[2,8,5] w) => (y) { y = MatMul (x, w) }`,
  "Add behind convolutions": `g (float[2,8,9,9] x) => (y) <float[8,8,1,1] w, float[8,8,1,1] v> {
    a = Conv (x, w)
    b = Conv (x, v)
    s = Add (a, b)
    y = Relu (s)
  }`,
  "Mul behind a convolution": `g (float[2,8,9,9] x, float[2,8,9,9] z) => (y) <float[8,8,1,1] w> {
    a = Conv (x, w)
    y = Mul (a, z)
  }`,
  "MaxPool behind a convolution": `g (float[2,8,9,9] x) => (y) <float[8,8,1,1] w> {
    c = Conv (x, w)
    y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (c)
  }`,
  "MaxPool alone": `g (float[2,8,9,9] x) => (y) { y = MaxPool <kernel_shape = [3, 3]> (x) }`,
  "average pooling behind a convolution": `g (float[2,8,9,9] x) => (y) <float[8,8,1,1] w> {
    c = Conv (x, w)
    a = AveragePool <kernel_shape = [3, 3], strides = [2, 2]> (c)
    y = GlobalAveragePool (a)
  }`,
  "Concat behind convolutions": `g (float[2,8,9,9] x, float[2,8,9,9] z) => (y) <float[8,8,1,1] w, float[8,8,1,1] v> {
    a = Conv (x, w)
    b = Conv (z, v)
    y = Concat <axis = 1> (a, b)
  }`,
  "Resize, Transpose, Slice and Reshape": `g (float[2,8,4,4] x) => (y)
  <float[8,8,1,1] w, float[4] by = {1.0, 1.0, 2.0, 2.0}, int64[1] from = {0}, int64[1] to = {5}, int64[1] along = {2},
   int64[2] flat = {2, -1}> {
    c = Conv (x, w)
    r = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (c, , by)
    t = Transpose <perm = [0, 2, 3, 1]> (r)
    s = Slice (t, from, to, along)
    y = Reshape (s, flat)
  }`,
  "Pad behind a convolution": `g (float[2,8,4,4] x) => (y) <float[8,8,1,1] w, int64[8] pads = {0, 4, 0, 1, 0, 4, 0, 1}> {
    c = Conv (x, w)
    y = Pad (c, pads)
  }`,
  "LeakyRelu with Clip behind a convolution": `g (float[2,8,9,9] x) => (y) <float[8,8,1,1] w, float low = {-0.4}> {
    c = Conv (x, w)
    l = LeakyRelu <alpha = 0.1> (c)
    y = Clip (l, low)
  }`,
  "Sigmoid and LeakyRelu behind convolutions": `g (float[2,8,9,9] x) => (y) <float[8,8,1,1] w, float[8,8,1,1] v> {
    c = Conv (x, w)
    l = LeakyRelu <alpha = 0.1> (c)
    d = Conv (l, v)
    y = Sigmoid (d)
  }`,
  "Softmax behind a product": `g (float[20,16] x) => (y) <float[16,10] w> {
    m = MatMul (x, w)
    y = Softmax (m)
  }`,
  "ops that no backend runs on integers": `g (float[2,8,9,9] x) => (y) <float[8,8,1,1] w, float[8,8,1,1] v> {
    c = Conv (x, w)
    [tanh] t = Tanh (c)
    [erf] e = Erf (t)
    y = Conv (e, v)
  }`,
  "a value that a kernel and a float op read": `g (float[2,8,9,9] x) => (y) <float[8,8,1,1] w, float[8,8,1,1] v> {
    c = Conv (x, w)
    d = Conv (c, v)
    e = Erf (c)
    y = Add (d, e)
  }`,
  "a small network": `g (float[2,8,16,16] image) => (logits)
  <float[16,8,3,3] w1, float[16] b1, float[16,16,3,3] w2, float[16] b2, float[16,16,3,3] w3, float[16] b3, float[16,10] w4,
   float[10] b4> {
    a = Conv <pads = [1, 1, 1, 1]> (image, w1, b1)
    r = Relu (a)
    p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (r)
    c = Conv <pads = [1, 1, 1, 1]> (p, w2, b2)
    d = Relu (c)
    e = Conv <pads = [1, 1, 1, 1]> (d, w3, b3)
    s = Add (e, p)
    t = Relu (s)
    m = GlobalAveragePool (t)
    f = Flatten (m)
    logits = Gemm (f, w4, b4)
  }`,
};
