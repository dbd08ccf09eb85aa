"""Writes what PyTorch's quantization computes on seeded data, for a test of packages/quantize.

python bench/peers/pytorch_vectors.py > packages/quantize/src/observers/pytorch-vectors.testing.json   (needs torch 2.13)
"""

import json

import torch
from torch.ao.quantization import observer as observers

generator = torch.Generator().manual_seed(5)


def normal(*shape):
    return torch.randn(*shape, generator=generator)


def floats(tensor):
    return [float(value) for value in tensor.flatten().double()]


def integers(tensor):
    return [int(value) for value in tensor.flatten()]


def parameters(observer, batches):
    for batch in batches:
        observer(batch)
    scale, zero_point = observer.calculate_qparams()
    return {"scale": floats(scale), "zeroPoint": integers(zero_point)}


data = {
    "normal": [normal(8, 32) for _ in range(3)],
    "rectified": [normal(8, 32).relu() * 3 for _ in range(3)],
    "negative": [-normal(8, 32).abs() - 0.5 for _ in range(3)],
    "outlier": [torch.cat([normal(8, 31), torch.full((8, 1), 25.0 + i)], 1) for i in range(3)],
    "tiny": [normal(8, 32) * 1e-9 for _ in range(3)],
}

affine = {"dtype": torch.quint8, "qscheme": torch.per_tensor_affine}
symmetric = {"dtype": torch.qint8, "qscheme": torch.per_tensor_symmetric}
cases = []
for name, batches in data.items():
    case = {"name": name, "shape": [8, 32], "batches": [floats(batch) for batch in batches], "observers": {}}
    found = case["observers"]
    found["min-max affine"] = parameters(observers.MinMaxObserver(**affine), batches)
    found["min-max symmetric"] = parameters(observers.MinMaxObserver(**symmetric), batches)
    found["moving-average affine"] = parameters(observers.MovingAverageMinMaxObserver(**affine), batches)
    per_channel = observers.PerChannelMinMaxObserver(ch_axis=0, dtype=torch.qint8, qscheme=torch.per_channel_symmetric)
    found["per-channel symmetric"] = parameters(per_channel, batches)
    if name != "tiny":
        found["histogram affine"] = parameters(observers.HistogramObserver(**affine), batches)
    scale = found["min-max affine"]["scale"][0] * 0.8
    zero_point = found["min-max affine"]["zeroPoint"][0]
    x = batches[0]
    quantized = torch.quantize_per_tensor(x, scale, zero_point, torch.quint8)
    case["quantize"] = {"scale": scale, "zeroPoint": zero_point, "codes": integers(quantized.int_repr())}
    leaf = x.clone().requires_grad_()
    fake = torch.fake_quantize_per_tensor_affine(leaf, scale, zero_point, 0, 255)
    fake.sum().backward()
    case["fakeQuantize"] = {"values": floats(fake.detach()), "gradient": integers(leaf.grad)}
    rows = found["per-channel symmetric"]
    by_row = torch.quantize_per_channel(x, torch.tensor(rows["scale"]), torch.tensor(rows["zeroPoint"]), 0, torch.qint8)
    case["quantizePerChannel"] = {"codes": integers(by_row.int_repr())}
    cases.append(case)

# Values almost halfway between two codes, where x * (1 / s) and x / s round apart.
halfway_scale = 0.0021485486
halfway = torch.tensor([(code + 0.5) * halfway_scale for code in range(255)])
codes = integers(torch.quantize_per_tensor(halfway, halfway_scale, 0, torch.quint8).int_repr())
halfway_case = {"scale": halfway_scale, "values": floats(halfway), "codes": codes}

print(json.dumps({"torch": torch.__version__.split("+")[0], "cases": cases, "halfway": halfway_case}, separators=(",", ":")))
