"""Writes cases of named tensors as JSON, the form that `readVectors` of test-models reads."""

import base64
import json

import torch

DTYPES = {torch.float32: "float", torch.float64: "double", torch.int64: "int64", torch.bool: "bool"}


def tensor(value):
    value = value.detach()
    if value.dtype == torch.float64:
        value = value.float()
    data = value.contiguous().numpy().tobytes()
    return {"dtype": DTYPES[value.dtype], "dims": list(value.shape), "data": base64.b64encode(data).decode()}


def write(path, cases):
    """cases: name -> (tensors, settings)"""
    lines = []
    for name, (tensors, settings) in cases.items():
        stored = {key: tensor(value) for key, value in tensors.items()}
        lines.append(json.dumps(name) + ": " + json.dumps({"settings": settings, "tensors": stored}))
    with open(path, "w") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")
