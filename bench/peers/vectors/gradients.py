"""Gradients of composite ops as PyTorch computes them, in float64 from float32 operands.

Run: python bench/peers/vectors/gradients.py   (needs torch; writes packages/autodiff/src/gradients.vectors.json)
"""

from pathlib import Path

import torch
import torch.nn.functional as F

from store import write

torch.manual_seed(11)
cases = {}


def real(*shape, scale=1.5):
    """Numbers that float32 holds exactly, in float64."""
    return (scale * torch.randn(shape)).float().double()


def case(name, graph, operands, function, **settings):
    """One graph in ONNX text, whose inputs are the operands in order, and PyTorch's function of them."""
    inputs = {key: value.requires_grad_() if value.is_floating_point() else value for key, value in operands.items()}
    result = function(*inputs.values())
    cotangent = real(*result.shape, scale=1)
    wanted = {key: value for key, value in inputs.items() if value.requires_grad}
    grads = torch.autograd.grad(result, list(wanted.values()), cotangent)
    types = ", ".join(f"{dtype(value)}[{','.join(map(str, value.shape))}] {key}" for key, value in inputs.items())
    tensors = {**inputs, "cotangent": cotangent, "result": result}
    tensors |= {f"{key}_grad": grad for key, grad in zip(wanted, grads)}
    cases[name] = (tensors, {"graph": f"({types.replace('[]', '')}) => (result) {graph}", **settings})


def dtype(value):
    return "double" if value.is_floating_point() else str(value.dtype).removeprefix("torch.")


# Normalizations.
affine = {"g": real(3), "b": real(3)}
shapes = {"2-D": (4, 3, 2, 3), "1-D": (3, 3, 4), "3-D": (2, 3, 2, 2, 2), "without spatial axes": (6, 3)}
for title, shape in shapes.items():
    case(
        f"BatchNormalization, training, {title}",
        "<double[3] m = {0, 0, 0}, double[3] v = {1, 1, 1}> "
        "{ result, rm, rv = BatchNormalization <training_mode = 1, epsilon = 0.001> (x, g, b, m, v) }",
        {"x": real(*shape), **affine},
        lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True, eps=0.001),
    )


def frozen(x, *per_channel):
    g, b, m, v = (each[:, None, None] for each in per_channel)
    return (x - m) / (v + 0.001).sqrt() * g + b


case(
    "BatchNormalization, frozen",
    "{ result = BatchNormalization <epsilon = 0.001> (x, g, b, m, v) }",
    {"x": real(2, 3, 2, 3), **affine, "m": real(3), "v": real(3).abs() + 0.5},
    frozen,
)
case(
    "LayerNormalization, one axis",
    "{ result = LayerNormalization (x, g, b) }",
    {"x": real(2, 3, 5), "g": real(5), "b": real(5)},
    lambda x, g, b: F.layer_norm(x, (5,), g, b),
)
case(
    "LayerNormalization, two axes",
    "{ result = LayerNormalization <axis = 1, epsilon = 0.01> (x, g, b) }",
    {"x": real(2, 3, 5), "g": real(3, 5), "b": real(3, 5)},
    lambda x, g, b: F.layer_norm(x, (3, 5), g, b, eps=0.01),
)
case(
    "InstanceNormalization",
    "{ result = InstanceNormalization (x, g, b) }",
    {"x": real(2, 3, 3, 3), **affine},
    lambda x, g, b: F.instance_norm(x, weight=g, bias=b),
)
case(
    "GroupNormalization",
    "{ result = GroupNormalization <num_groups = 2> (x, g, b) }",
    {"x": real(2, 4, 3, 2), "g": real(4), "b": real(4)},
    lambda x, g, b: F.group_norm(x, 2, g, b),
)
case(
    "RMSNormalization",
    "{ result = RMSNormalization <epsilon = 0.01> (x, g) }",
    {"x": real(2, 3, 5), "g": real(5)},
    lambda x, g: F.rms_norm(x, (5,), g, eps=0.01),
    opset=23,
)

# Losses and activations; the rows of kinks hold the places where a derivative is a choice.
labels = torch.tensor([3, 0, 0, 2, 1])
for reduction in ("mean", "sum"):
    case(
        f"softmax and cross-entropy, {reduction}",
        f'{{ p = LogSoftmax (x) result = NegativeLogLikelihoodLoss <reduction = "{reduction}"> (p, t) }}',
        {"x": real(5, 4), "t": labels},
        lambda x, t: F.cross_entropy(x, t, reduction=reduction),
    )
case(
    "cross-entropy with class weights and an ignored label",
    "<double[4] w = {0.5, 2, 1, 0.25}> { result = SoftmaxCrossEntropyLoss <ignore_index = 2> (x, t, w) }",
    {"x": real(5, 4), "t": labels},
    lambda x, t: F.cross_entropy(x, t, torch.tensor([0.5, 2, 1, 0.25]).double(), ignore_index=2),
)
case("Softmax, an inner axis", "{ result = Softmax <axis = 1> (x) }", {"x": real(2, 4, 3)}, lambda x: x.softmax(1))
kinks = torch.tensor([-6.0, -3.0, -2.5, -1.0, -0.5, 0.0, 0.5, 1.0, 2.5, 3.0, 6.0]).double()
activations = {
    "Gelu": ("Gelu (x)", F.gelu),
    "Gelu, tanh": ('Gelu <approximate = "tanh"> (x)', lambda x: F.gelu(x, approximate="tanh")),
    "Mish": ("Mish (x)", F.mish),
    "HardSwish": ("HardSwish (x)", F.hardswish),
    "HardSigmoid": ("HardSigmoid <alpha = 0.16666666666666666> (x)", F.hardsigmoid),
    "Relu": ("Relu (x)", F.relu),
    "LeakyRelu": ("LeakyRelu <alpha = 0.25> (x)", lambda x: F.leaky_relu(x, 0.25)),
    "Elu": ("Elu <alpha = 0.5> (x)", lambda x: F.elu(x, 0.5)),
    "Selu": ("Selu (x)", F.selu),
    "Celu": ("Celu <alpha = 0.5> (x)", lambda x: F.celu(x, 0.5)),
    "Softplus": ("Softplus (x)", F.softplus),
    "Softsign": ("Softsign (x)", F.softsign),
    "ThresholdedRelu": ("ThresholdedRelu <alpha = 0.5> (x)", lambda x: F.threshold(x, 0.5, 0.0)),
    "Shrink, hard": ("Shrink <lambd = 0.5> (x)", lambda x: F.hardshrink(x, 0.5)),
    "Shrink, soft": ("Shrink <lambd = 0.5, bias = 0.5> (x)", lambda x: F.softshrink(x, 0.5)),
    "Abs": ("Abs (x)", torch.abs),
}
for title, (graph, function) in activations.items():
    case(f"activation: {title}", f"{{ result = {graph} }}", {"x": kinks.clone()}, function)
case("activation: SiLU", "{ s = Sigmoid (x) result = Mul (x, s) }", {"x": kinks.clone()}, F.silu)
case(
    "activation: ReLU6 as Clip",
    "<double low = {0}, double high = {6}> { result = Clip (x, low, high) }",
    {"x": kinks.clone()},
    lambda x: x.clamp(0, 6),
)
case(
    "activation: HardSwish as Add, Clip, Mul, Div",
    "<double three = {3}, double low = {0}, double six = {6}> "
    "{ a = Add (x, three) c = Clip (a, low, six) m = Mul (x, c) result = Div (m, six) }",
    {"x": kinks.clone()},
    lambda x: x * (x + 3).clamp(0, 6) / 6,
)
case(
    "activation: PRelu per channel",
    "{ result = PRelu (x, s) }",
    {"x": real(2, 3, 4), "s": real(3, 1)},
    lambda x, s: F.prelu(x, s.flatten()),
)
ties = torch.tensor([[1.0, 2.0, 2.0, 0.0], [3.0, -1.0, 3.0, 3.0]]).double()
case(
    "ties of ReduceMax",
    "<int64[1] axes = {1}> { result = ReduceMax <keepdims = 0> (x, axes) }",
    {"x": ties.clone()},
    lambda x: x.amax(1),
)
case("ties of Max", "{ result = Max (a, b) }", {"a": ties.clone(), "b": ties.flip(1)}, torch.maximum)
case(
    "ReduceLogSumExp",
    "<int64[1] axes = {1}> { result = ReduceLogSumExp <keepdims = 0> (x, axes) }",
    {"x": real(3, 4)},
    lambda x: x.logsumexp(1),
)

# Resize as torch.nn.functional.interpolate has it; its antialiasing leaves out what lies outside the image.
asymmetric = 'coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"'
corners = 'coordinate_transformation_mode = "align_corners"'
for title, mode, attributes, shape, size, more in [
    ("nearest, doubled", "nearest", f'mode = "nearest", {asymmetric}', (1, 2, 3, 2), (6, 4), {}),
    ("nearest, to any size", "nearest", f'mode = "nearest", {asymmetric}', (1, 1, 4, 5), (6, 3), {}),
    ("bilinear", "bilinear", 'mode = "linear"', (1, 2, 3, 4), (5, 7), {}),
    ("bilinear, smaller", "bilinear", 'mode = "linear"', (1, 1, 5, 6), (3, 2), {}),
    ("bilinear, align_corners", "bilinear", f'mode = "linear", {corners}', (1, 1, 3, 4), (5, 7), {"align_corners": True}),
    (
        "bilinear, antialias",
        "bilinear",
        'mode = "linear", antialias = 1, exclude_outside = 1',
        (1, 1, 6, 8),
        (3, 3),
        {"antialias": True},
    ),
    ("linear, 1-D", "linear", 'mode = "linear"', (1, 2, 5), (8,), {}),
    ("trilinear, 3-D", "trilinear", 'mode = "linear"', (1, 1, 2, 3, 2), (3, 4, 4), {}),
    ("bicubic", "bicubic", 'mode = "cubic"', (1, 1, 4, 5), (7, 8), {}),
    ("bicubic, align_corners", "bicubic", f'mode = "cubic", {corners}', (1, 1, 4, 5), (7, 8), {"align_corners": True}),
]:
    sizes = ", ".join(map(str, (*shape[:2], *size)))
    case(
        f"Resize, {title}",
        f"<int64[{len(shape)}] s = {{{sizes}}}> {{ result = Resize <{attributes}> (x, , , s) }}",
        {"x": real(*shape)},
        lambda x: F.interpolate(x, size, mode=mode, **more),
    )

# Convolutions. ONNX has the pads of the beginnings first.
for title, x, w, settings, attributes in [
    ("1-D, groups, dilation", (2, 4, 9), (6, 2, 3), {"groups": 2, "dilation": 2}, "group = 2, dilations = [2]"),
    ("2-D, pads", (2, 3, 4, 5), (4, 3, 3, 3), {"padding": 1}, "pads = [1,1,1,1]"),
    (
        "2-D, strides of two kinds",
        (1, 3, 7, 6),
        (2, 3, 3, 2),
        {"stride": (3, 2), "padding": (1, 0)},
        "strides = [3,2], pads = [1,0,1,0]",
    ),
    (
        "2-D, depthwise, dilation",
        (1, 3, 6, 6),
        (6, 1, 3, 3),
        {"groups": 3, "dilation": 2, "padding": 2},
        "group = 3, dilations = [2,2], pads = [2,2,2,2]",
    ),
    (
        "3-D",
        (1, 2, 3, 4, 3),
        (2, 2, 2, 3, 2),
        {"stride": (1, 2, 1), "padding": (0, 1, 1)},
        "strides = [1,2,1], pads = [0,1,1,0,1,1]",
    ),
]:
    convolve = {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}[len(x)]
    case(
        f"Conv, {title}",
        f"{{ result = Conv <{attributes}> (x, w, b) }}",
        {"x": real(*x), "w": real(*w), "b": real(w[0])},
        lambda x, w, b: convolve(x, w, b, **settings),
    )
case(
    "Conv, one-sided pads",
    "{ result = Conv <pads = [0,1,2,1], strides = [2,1]> (x, w, b) }",
    {"x": real(1, 2, 5, 4), "w": real(3, 2, 3, 3), "b": real(3)},
    lambda x, w, b: F.conv2d(F.pad(x, (1, 1, 0, 2)), w, b, stride=(2, 1)),
)
for title, x, w, outputs, settings, attributes in [
    (
        "1-D, output_padding",
        (2, 2, 4),
        (2, 3, 3),
        3,
        {"stride": 2, "padding": 1, "output_padding": 1},
        "strides = [2], pads = [1,1], output_padding = [1]",
    ),
    (
        "2-D, groups",
        (1, 4, 3, 2),
        (4, 2, 3, 3),
        4,
        {"groups": 2, "stride": (2, 1), "padding": 1},
        "group = 2, strides = [2,1], pads = [1,1,1,1]",
    ),
    (
        "2-D, dilation, output_padding of a stride",
        (1, 2, 3, 3),
        (2, 2, 2, 2),
        2,
        {"dilation": (3, 2), "stride": (2, 1), "output_padding": (2, 1)},
        "dilations = [3,2], strides = [2,1], output_padding = [2,1]",
    ),
    ("3-D", (1, 2, 2, 3, 2), (2, 2, 2, 2, 3), 2, {"stride": (1, 2, 2)}, "strides = [1,2,2]"),
]:
    convolve = {3: F.conv_transpose1d, 4: F.conv_transpose2d, 5: F.conv_transpose3d}[len(x)]
    case(
        f"ConvTranspose, {title}",
        f"{{ result = ConvTranspose <{attributes}> (x, w, b) }}",
        {"x": real(*x), "w": real(*w), "b": real(outputs)},
        lambda x, w, b: convolve(x, w, b, **settings),
    )

# Pooling, and attention for two products of activations.
for title, op, function, shape, kernel, settings, attributes in [
    (
        "overlapping",
        "MaxPool",
        F.max_pool2d,
        (1, 2, 6, 6),
        3,
        {"stride": 2, "padding": 1},
        "strides = [2,2], pads = [1,1,1,1]",
    ),
    (
        "ceil_mode, dilation",
        "MaxPool",
        F.max_pool2d,
        (1, 1, 7, 8),
        2,
        {"stride": 2, "dilation": 3, "ceil_mode": True},
        "strides = [2,2], dilations = [3,3], ceil_mode = 1",
    ),
    (
        "3-D, ceil_mode",
        "MaxPool",
        F.max_pool3d,
        (1, 1, 3, 4, 5),
        2,
        {"stride": 2, "ceil_mode": True},
        "strides = [2,2,2], ceil_mode = 1",
    ),
    ("1-D", "AveragePool", F.avg_pool1d, (1, 2, 7), 3, {"stride": 2, "count_include_pad": False}, "strides = [2]"),
    (
        "overlapping, pads not counted",
        "AveragePool",
        F.avg_pool2d,
        (1, 2, 5, 5),
        3,
        {"stride": 2, "padding": 1, "count_include_pad": False},
        "strides = [2,2], pads = [1,1,1,1]",
    ),
    (
        "ceil_mode, pads counted",
        "AveragePool",
        F.avg_pool2d,
        (1, 1, 6, 5),
        3,
        {"stride": 2, "padding": 1, "ceil_mode": True},
        "strides = [2,2], pads = [1,1,1,1], ceil_mode = 1, count_include_pad = 1",
    ),
    (
        "ceil_mode, pads not counted",
        "AveragePool",
        F.avg_pool2d,
        (1, 1, 6, 5),
        3,
        {"stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False},
        "strides = [2,2], pads = [1,1,1,1], ceil_mode = 1",
    ),
    ("3-D", "AveragePool", F.avg_pool3d, (1, 1, 3, 4, 3), 2, {"stride": 1}, "strides = [1,1,1]"),
]:
    window = ",".join([str(kernel)] * (len(shape) - 2))
    case(
        f"{op}, {title}",
        f"{{ result = {op} <kernel_shape = [{window}], {attributes}> (x) }}",
        {"x": real(*shape)},
        lambda x: function(x, kernel, **settings),
    )
case(
    "attention",
    "<double scale = {0.5}> { kt = Transpose <perm = [0,1,3,2]> (k) s = MatMul (q, kt) m = Mul (s, scale) "
    "p = Softmax (m) result = MatMul (p, v) }",
    {"q": real(1, 2, 3, 4), "k": real(1, 2, 5, 4), "v": real(1, 2, 5, 4)},
    lambda q, k, v: F.scaled_dot_product_attention(q, k, v),
)

# Fake quantization: PyTorch's own (straight through; scale and zero point learned), and the papers' formulas in autograd.
x = torch.tensor([-2.0, -0.3, 0.26, 0.9, 5.0, 0.1, 0.74, -0.51]).double()


def rounded(value):
    """Straight through: the value is rounded, the gradient is not."""
    return value + (value.round() - value).detach()


def lsq(value, scale, low, high):
    return rounded((value / scale).clamp(low, high)) * scale


def fake(zero_point):
    return f"<int8 z = {{{zero_point}}}> {{ result = lowbit.FakeQuantize <qmin = -2, qmax = 3> (x, s, z) }}"


scale = torch.tensor(0.5).double()
start = torch.tensor([0.5, 0.25])
case(
    "fake quantization, straight through",
    "<double s = {0.5}, int8 z = {1}> { result = lowbit.FakeQuantize <qmin = -2, qmax = 3> (x, s, z) }",
    {"x": x.clone()},
    lambda x: torch.fake_quantize_per_tensor_affine(x.float(), 0.5, 1, -2, 3).double(),
)
case(
    "fake quantization, straight through, per channel",
    "<double[2] s = {0.5, 0.25}, int8[2] z = {0, 1}> "
    "{ result = lowbit.FakeQuantize <qmin = -4, qmax = 3, axis = 0> (x, s, z) }",
    {"x": x.clone().reshape(2, 4)},
    lambda x: torch.fake_quantize_per_channel_affine(x.float(), start, torch.tensor([0, 1]).int(), 0, -4, 3).double(),
)


def learnable(x, s, zero_point=1):
    z = torch.tensor([float(zero_point)])
    return torch._fake_quantize_learnable_per_tensor_affine(x.float(), s.float().reshape(1), z, -2, 3, 1.0).double()


case("fake quantization, learned scale (PyTorch's learnable)", fake(1), {"x": x.clone(), "s": scale.clone()}, learnable)
case(
    "LSQ (Esser et al. 2020, equation 3)",
    fake(0),
    {"x": x.clone(), "s": scale.clone()},
    lambda x, s: lsq(x, s, -2, 3),
)
case(
    "LSQ, a scale per channel learned as its logarithm",
    "<double[2] start = {0.5, 0.25}, int8[2] z = {0, 0}> "
    "{ e = Exp (r) s = Mul (start, e) result = lowbit.FakeQuantize <qmin = -4, qmax = 3, axis = 0> (x, s, z) }",
    {"x": x.clone().reshape(2, 4), "r": torch.tensor([0.25, -0.5]).double()},
    lambda x, r: lsq(x, (start * r.exp())[:, None], -4, 3),
)
# LSQ+ learns an offset beta, where lowbit has a zero point -beta / scale.
offset = torch.tensor(-0.5).double().requires_grad_()
s = scale.clone().requires_grad_()
leaf = x.clone().requires_grad_()
result = rounded(((leaf - offset) / s).clamp(-2, 3)) * s + offset
cotangent = real(*result.shape, scale=1)
grads = torch.autograd.grad(result, (leaf, s, offset), cotangent)
cases["LSQ+ (Bhalgat et al. 2020)"] = (
    {"x": leaf, "s": s, "cotangent": cotangent, "x_grad": grads[0], "s_grad": grads[1], "offset_grad": grads[2]},
    {},
)

write(Path(__file__).parents[3] / "packages/autodiff/src/gradients.vectors.json", cases)
