import { newModel, parseGraph } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { Session } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { inputsOf, legalized } from "./legalized.testing.ts";
import { legalize } from "./legalize.ts";

/** One op of the `lowbit` domain between named inputs; the outputs are what the text says. */
const cases: Readonly<Record<string, string>> = {
  "ConvGradInput at stride 1": `g (float[2,4,5,6] dy, float[4,3,3,3] w, float[2,3,5,6] x) => (float[2,3,5,6] dx) {
    dx = lowbit.ConvGradInput <pads = [1,1,1,1]> (dy, w, x) }`,
  "ConvGradInput at stride 2 with an unread edge": `g (float[2,4,3,3] dy, float[4,3,2,2] w, float[2,3,7,6] x) => (float[2,3,7,6] dx) {
    dx = lowbit.ConvGradInput <strides = [2,2]> (dy, w, x) }`,
  "ConvGradInput of small planes at stride 2": `g (float[3,4,2,2] dy, float[4,5,3,3] w, float[3,5,4,4] x) => (float[3,5,4,4] dx) {
    dx = lowbit.ConvGradInput <strides = [2,2], pads = [1,1,1,1]> (dy, w, x) }`,
  "ConvGradInput of small planes with dilation, uneven pads and an unread edge": `g (float[3,4,2,1] dy, float[4,5,2,3] w, float[3,5,7,7] x) => (float[3,5,7,7] dx) {
    dx = lowbit.ConvGradInput <strides = [3,2], dilations = [2,3], pads = [0,1,0,0]> (dy, w, x) }`,
  "ConvGradInput with dilation and uneven pads": `g (float[1,2,6,5] dy, float[2,2,3,3] w, float[1,2,7,7] x) => (float[1,2,7,7] dx) {
    dx = lowbit.ConvGradInput <dilations = [2,2], pads = [1,0,2,2]> (dy, w, x) }`,
  "ConvGradInput of a depthwise convolution": `g (float[2,3,4,4] dy, float[3,1,3,3] w, float[2,3,4,4] x) => (float[2,3,4,4] dx) {
    dx = lowbit.ConvGradInput <group = 3, pads = [1,1,1,1]> (dy, w, x) }`,
  "ConvGradInput with two groups": `g (float[2,4,4,4] dy, float[4,2,3,3] w, float[2,4,4,4] x) => (float[2,4,4,4] dx) {
    dx = lowbit.ConvGradInput <group = 2, pads = [1,1,1,1]> (dy, w, x) }`,
  "ConvGradInput in one dimension": `g (float[2,4,4] dy, float[4,3,3] w, float[2,3,8] x) => (float[2,3,8] dx) {
    dx = lowbit.ConvGradInput <strides = [2], auto_pad = "SAME_UPPER"> (dy, w, x) }`,
  "Conv over small planes": `g (float[3,4,3,4] x, float[5,4,3,3] w, float[5] b) => (float[3,5,3,4] y) {
    y = Conv <pads = [1,1,1,1]> (x, w, b) }`,
  "Conv over small planes at stride 2": `g (float[3,4,4,5] x, float[5,4,3,2] w) => (float[3,5,2,2] y) {
    y = Conv <pads = [1,0,0,0], strides = [2,2]> (x, w) }`,
  "Conv whose only position sees a padded plane": `g (float[3,4,2,2] x, float[5,4,3,3] w, float[5] b) => (float[3,5,1,1] y) {
    y = Conv <pads = [1,1,1,1], strides = [2,2]> (x, w, b) }`,
  "ConvGradInput over a plane that is seen as a whole": `g (float[3,5,1,1] dy, float[5,4,3,3] w, float[3,4,2,2] x) => (float[3,4,2,2] dx) {
    dx = lowbit.ConvGradInput <pads = [1,1,1,1], strides = [2,2]> (dy, w, x) }`,
  "ConvGradInput over small planes": `g (float[3,5,3,3] dy, float[5,4,3,2] w, float[3,4,3,4] x) => (float[3,4,3,4] dx) {
    dx = lowbit.ConvGradInput <pads = [1,0,1,0]> (dy, w, x) }`,
  "ConvGradInput of a 1x1 kernel": `g (float[2,5,3,3] dy, float[5,4,1,1] w, float[2,4,3,3] x) => (float[2,4,3,3] dx) {
    dx = lowbit.ConvGradInput (dy, w, x) }`,
  "ConvGradWeight of a 1x1 kernel with many channels": `g (float[2,40,2,2] dy, float[2,30,2,2] x, float[40,30,1,1] w) => (float[40,30,1,1] dw) {
    dw = lowbit.ConvGradWeight (dy, x, w) }`,
  "ConvGradWeight of a 3x3 kernel": `g (float[2,4,5,6] dy, float[2,3,5,6] x, float[4,3,3,3] w) => (float[4,3,3,3] dw) {
    dw = lowbit.ConvGradWeight <pads = [1,1,1,1]> (dy, x, w) }`,
  "ConvGradWeight at stride 2 with an unread edge": `g (float[2,4,3,3] dy, float[2,3,7,6] x, float[4,3,2,2] w) => (float[4,3,2,2] dw) {
    dw = lowbit.ConvGradWeight <strides = [2,2]> (dy, x, w) }`,
  "ConvGradWeight of a 1x1 kernel": `g (float[2,4,3,3] dy, float[2,5,3,3] x, float[4,5,1,1] w) => (float[4,5,1,1] dw) {
    dw = lowbit.ConvGradWeight (dy, x, w) }`,
  "ConvGradWeight of few inputs with uneven pads": `g (float[3,14,5,6] dy, float[3,2,6,6] x, float[14,2,3,2] w) => (float[14,2,3,2] dw) {
    dw = lowbit.ConvGradWeight <pads = [1,1,0,0]> (dy, x, w) }`,
  "ConvGradWeight of few inputs at stride 2 with dilation and an unread edge": `g (float[2,9,2,3] dy, float[2,1,8,8] x, float[9,1,3,3] w) => (float[9,1,3,3] dw) {
    dw = lowbit.ConvGradWeight <strides = [2,2], dilations = [2,1]> (dy, x, w) }`,
  "ConvGradWeight of few inputs in one dimension": `g (float[2,4,7] dy, float[2,1,9] x, float[4,1,3] w) => (float[4,1,3] dw) {
    dw = lowbit.ConvGradWeight (dy, x, w) }`,
  "ConvGradWeight at stride 2 with dilated rows, uneven pads and an unread edge": `g (float[3,4,2,4] dy, float[3,5,8,9] x, float[4,5,3,3] w) => (float[4,5,3,3] dw) {
    dw = lowbit.ConvGradWeight <strides = [2,2], dilations = [2,1], pads = [0,1,0,0]> (dy, x, w) }`,
  "ConvGradWeight with dilated columns": `g (float[3,4,6,5] dy, float[3,5,6,7] x, float[4,5,3,2] w) => (float[4,5,3,2] dw) {
    dw = lowbit.ConvGradWeight <dilations = [1,2], pads = [1,0,1,0]> (dy, x, w) }`,
  "ConvGradWeight of a 1x1 kernel at stride 2": `g (float[3,40,2,2] dy, float[3,30,3,3] x, float[40,30,1,1] w) => (float[40,30,1,1] dw) {
    dw = lowbit.ConvGradWeight <strides = [2,2]> (dy, x, w) }`,
  "ConvGradWeight with more weights than activations": `g (float[2,20,2,2] dy, float[2,20,2,2] x, float[20,20,3,3] w) => (float[20,20,3,3] dw) {
    dw = lowbit.ConvGradWeight <pads = [1,1,1,1]> (dy, x, w) }`,
  "ConvGradWeight of a depthwise convolution": `g (float[2,3,4,4] dy, float[2,3,8,8] x, float[3,1,3,3] w) => (float[3,1,3,3] dw) {
    dw = lowbit.ConvGradWeight <group = 3, pads = [1,1,0,0], strides = [2,2]> (dy, x, w) }`,
  "Conv per channel over small planes": `g (float[2,3,4,5] x, float[3,1,3,2] w, float[3] b) => (float[2,3,2,4] y) {
    y = Conv <group = 3, pads = [1,0,0,0], strides = [2,1]> (x, w, b) }`,
  "Conv per channel over large planes": `g (float[1,3,8,8] x, float[3,1,3,3] w) => (float[1,3,8,8] y) {
    y = Conv <group = 3, pads = [1,1,1,1]> (x, w) }`,
  "ConvGradInput per channel at stride 2": `g (float[2,3,2,2] dy, float[3,1,3,3] w, float[2,3,4,4] x) => (float[2,3,4,4] dx) {
    dx = lowbit.ConvGradInput <group = 3, pads = [1,1,0,0], strides = [2,2]> (dy, w, x) }`,
  "ConvGradInput per channel of large planes": `g (float[1,3,8,8] dy, float[3,1,3,3] w, float[1,3,8,8] x) => (float[1,3,8,8] dx) {
    dx = lowbit.ConvGradInput <group = 3, pads = [1,1,1,1]> (dy, w, x) }`,
  "ConvGradWeight per channel of large planes": `g (float[2,3,8,8] dy, float[2,3,8,8] x, float[3,1,3,3] w) => (float[3,1,3,3] dw) {
    dw = lowbit.ConvGradWeight <group = 3, pads = [1,1,1,1]> (dy, x, w) }`,
  "ConvGradWeight per channel with dilation": `g (float[2,3,2,3] dy, float[2,3,4,5] x, float[3,1,2,2] w) => (float[3,1,2,2] dw) {
    dw = lowbit.ConvGradWeight <group = 3, dilations = [2,2]> (dy, x, w) }`,
  "ConvGradWeight with two groups": `g (float[2,4,4,4] dy, float[2,6,4,4] x, float[4,3,3,3] w) => (float[4,3,3,3] dw) {
    dw = lowbit.ConvGradWeight <group = 2, pads = [1,1,1,1]> (dy, x, w) }`,
  "ConvGradWeight in three dimensions": `g (float[2,2,3,3,3] dy, float[2,3,4,4,4] x, float[2,3,2,2,2] w) => (float[2,3,2,2,2] dw) {
    dw = lowbit.ConvGradWeight (dy, x, w) }`,
  "AveragePoolGrad with overlap and padding": `g (float[2,3,3,3] dy, float[2,3,6,6] x) => (float[2,3,6,6] dx) {
    dx = lowbit.AveragePoolGrad <kernel_shape = [3,3], strides = [2,2], pads = [1,1,0,0]> (dy, x) }`,
  "AveragePoolGrad that counts padding": `g (float[2,3,3,3] dy, float[2,3,4,4] x) => (float[2,3,4,4] dx) {
    dx = lowbit.AveragePoolGrad <kernel_shape = [2,2], strides = [2,2], pads = [1,1,1,1], count_include_pad = 1> (dy, x) }`,
  "AveragePoolGrad whose last windows reach beyond the padding that counts": `g (float[1,1,3,3] dy, float[1,1,6,5] x) => (float[1,1,6,5] dx) {
    dx = lowbit.AveragePoolGrad <kernel_shape = [3,3], strides = [2,2], pads = [1,0,0,1], ceil_mode = 1, count_include_pad = 1> (dy, x) }`,
  "FakeQuantize with the whole range of uint8": `g (float[2,3,4] x) => (float[2,3,4] y) <float scale = {0.01}, uint8 zero = {100}> {
    y = lowbit.FakeQuantize <qmin = 0, qmax = 255> (x, scale, zero) }`,
  "FakeQuantize in 7 bits clips": `g (float[2,3,4] x) => (float[2,3,4] y) <float scale = {0.01}, uint8 zero = {30}> {
    y = lowbit.FakeQuantize <qmin = 0, qmax = 127> (x, scale, zero) }`,
  "FakeQuantize per channel in 4 bits": `g (float[2,3] x) => (float[2,3] y) <float[3] scale = {0.05, 0.2, 0.1}, int4[3] zero = {0, 0, 0}> {
    y = lowbit.FakeQuantize <qmin = -7, qmax = 7, axis = 1> (x, scale, zero) }`,
  "FakeQuantizeGrad masks what was clipped": `g (float[2,3,4] dy, float[2,3,4] x) => (float[2,3,4] dx) <float scale = {0.003}, uint8 zero = {100}> {
    dx = lowbit.FakeQuantizeGrad <qmin = 0, qmax = 255> (dy, x, scale, zero) }`,
  "FakeQuantizeGrad of a learned scale per channel": `g (float[2,3,4] dy, float[2,3,4] x) => (float[2,3,4] dx, float[3] ds, float[3] dz)
    <float[3] scale = {0.003, 0.02, 0.1}, int8[3] zero = {0, 5, -9}> {
    dx, ds, dz = lowbit.FakeQuantizeGrad <qmin = -128, qmax = 127, axis = 1> (dy, x, scale, zero) }`,
  "ObserveRange of the current tensor per channel": `g (float[2,3,4] x) => (float[3] low, float[3] high) {
    low, high = lowbit.ObserveRange <mode = "current", axis = 1> (x) }`,
  "ObserveRange with a moving average": `g (float[2,3,4] x) => (float low, float high) <float a = {-0.1}, float b = {0.7}> {
    low, high = lowbit.ObserveRange <averaging_constant = 0.25> (x, a, b) }`,
  "ObserveRange of a large tensor": `g (float[8,33,32,16] x) => (float low, float high) {
    low, high = lowbit.ObserveRange <mode = "current"> (x) }`,
  "ObserveRange that has seen nothing yet": `g (float[2,3,4] x, float a, float b) => (float low, float high) {
    inf = Constant <value_float = 1e38> ()
    ten = Constant <value_float = 10.0> ()
    nothing = Mul(inf, ten)
    minus = Neg(nothing)
    low, high = lowbit.ObserveRange (x, nothing, minus) }`,
  "QuantizationParameters of an asymmetric range": `g (float[5] low, float[5] high) => (float[5] scale, uint8[5] zero) {
    scale, zero = lowbit.QuantizationParameters <qmin = 0, qmax = 255, dtype = "uint8"> (low, high) }`,
  "QuantizationParameters of a symmetric range": `g (float[5] low, float[5] high) => (float[5] scale, int8[5] zero) {
    scale, zero = lowbit.QuantizationParameters <qmin = -127, qmax = 127, symmetric = 1, dtype = "int8"> (low, high) }`,
  "BatchNormalizationGrad of small planes": `g (float[4,3,5,5] dy, float[4,3,5,5] x, float[3] scale) => (float[4,3,5,5] dx, float[3] ds, float[3] db) {
    dx, ds, db = lowbit.BatchNormalizationGrad <epsilon = 0.001> (dy, x, scale) }`,
  "BatchNormalizationGrad of large planes": `g (float[2,3,16,16] dy, float[2,3,16,16] x, float[3] scale) => (float[2,3,16,16] dx, float[3] ds, float[3] db) {
    dx, ds, db = lowbit.BatchNormalizationGrad (dy, x, scale) }`,
  "BatchNormalizationGrad before a convolution that takes the scale over": `g (float[8,4,12,12] dy, float[8,4,12,12] y, float[4] scale, float[4,2,3,3] w, float[8,2,12,12] x)
    => (float[8,2,12,12] dx, float[4,2,3,3] dw) {
    dz, ds, db = lowbit.BatchNormalizationGrad (dy, y, scale)
    dx = lowbit.ConvGradInput <pads = [1,1,1,1]> (dz, w, x)
    dw = lowbit.ConvGradWeight <pads = [1,1,1,1]> (dz, x, w) }`,
  "BatchNormalizationGrad before a depthwise convolution over a sequence": `g (float[3,4,160] dy, float[3,4,160] y, float[4] scale, float[4,1,3] w, float[3,4,160] x)
    => (float[3,4,160] dx, float[4,1,3] dw) {
    dz, ds, db = lowbit.BatchNormalizationGrad (dy, y, scale)
    dx = lowbit.ConvGradInput <group = 4, pads = [1,1]> (dz, w, x)
    dw = lowbit.ConvGradWeight <group = 4, pads = [1,1]> (dz, x, w) }`,
  "BatchNormalizationGrad before weights larger than activations": `g (float[2,4,2,2] dy, float[2,4,2,2] y, float[4] scale, float[4,2,3,3] w, float[2,2,2,2] x)
    => (float[2,2,2,2] dx, float[4,2,3,3] dw) {
    dz, ds, db = lowbit.BatchNormalizationGrad (dy, y, scale)
    dx = lowbit.ConvGradInput <pads = [1,1,1,1]> (dz, w, x)
    dw = lowbit.ConvGradWeight <pads = [1,1,1,1]> (dz, x, w) }`,
  "BatchNormalizationGrad without positions": `g (float[6,3] dy, float[6,3] x, float[3] scale) => (float[6,3] dx, float[3] ds, float[3] db) {
    dx, ds, db = lowbit.BatchNormalizationGrad (dy, x, scale) }`,
  "FakeQuantizeGrad of a clamped activation": `g (float[2,3,4] dy, float[2,3,4] x) => (float[2,3,4] dx) <float scale = {0.003}, uint8 zero = {0}> {
    dx = lowbit.FakeQuantizeGrad <qmin = 0, qmax = 255, lower = 0.0, upper = 0.7> (dy, x, scale, zero) }`,
  "ObserveRange of a clamped activation": `g (float[2,3,4] x) => (float low, float high) <float a = {0.1}, float b = {0.7}> {
    low, high = lowbit.ObserveRange <averaging_constant = 0.25, lower = 0.0, upper = 0.5> (x, a, b) }`,
  "BatchNormalization in training": `g (float[4,3,5,5] x, float[3] scale, float[3] bias, float[3] mean, float[3] var)
    => (float[4,3,5,5] y, float[3] new_mean, float[3] new_var) {
    y, new_mean, new_var = BatchNormalization <training_mode = 1, epsilon = 0.001, momentum = 0.8> (x, scale, bias, mean, var) }`,
};

test.each(Object.entries(cases))("%s", async (_, text) => {
  const { ops, error } = await legalized(text);
  expect(ops.filter((op) => op.startsWith("lowbit"))).toHaveLength(0);
  expect(error).toBeLessThan(2e-5);
});

test.each([
  ["sums over all positions are taken of dY", "2,3", 0, "dy"],
  ["sums over the batch too", "0,2,3", 0, "dy"],
  ["sums over some positions are not", "0,3", 0, "dx"],
  ["nor are sums that keep their axes", "2,3", 1, "dx"],
])("the positions that MaxPoolGrad sends to: %s", async (_, axes, keepdims, summed) => {
  const text = `g (float[2,3,6,6] x, float[2,3,3,3] dy) => (sum) <int64[${axes.split(",").length}] axes = {${axes}}> {
    y = MaxPool <kernel_shape = [2,2], strides = [2,2]> (x)
    dx = lowbit.MaxPoolGrad <kernel_shape = [2,2], strides = [2,2]> (dy, x, y)
    sum = ReduceSum <keepdims = ${keepdims}> (dx, axes) }`;
  const graph = parseGraph(text);
  legalize(graph);
  expect(graph.outputs[0]!.producer!.input === graph.value("dy")).toBe(summed === "dy");
  expect((await legalized(text)).error).toBeLessThan(2e-5);
});

test("MaxPoolGrad takes the positions from the forward MaxPool", async () => {
  const graph = parseGraph(`g (float[2,3,6,6] x, float[2,3,2,2] dy) => (float[2,3,2,2] y, float[2,3,6,6] dx) {
    y = MaxPool <kernel_shape = [3,3], strides = [3,3]> (x)
    dx = lowbit.MaxPoolGrad <kernel_shape = [3,3], strides = [3,3]> (dy, x, y) }`);
  const inputs = inputsOf(graph);
  const expected = evaluate(graph, inputs);
  legalize(graph);
  const session = await Session.create(newModel(graph), { optimization: "disabled" });
  const actual = await session.run(Object.fromEntries(inputs));
  await session.release();
  expect(actual.dx!.floats()).toEqual(expected.get("dx")!.floats());
});
