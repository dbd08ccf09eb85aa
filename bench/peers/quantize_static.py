"""ONNX Runtime's own static quantization, as its documentation recommends it for x86 CPUs with VNNI.

quantize_static.py MODEL OUT JOB.json; the job names the input and the files of float32 calibration batches.
Needs: pip install onnxruntime onnx numpy sympy
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class Batches(CalibrationDataReader):
    def __init__(self, job):
        self.batches = iter(
            {job["input"]: np.fromfile(b["file"], np.float32).reshape(b["dims"])} for b in job["batches"]
        )

    def get_next(self):
        return next(self.batches, None)


def main():
    model, out, job = sys.argv[1:4]
    with tempfile.TemporaryDirectory() as scratch:
        folded = str(Path(scratch) / "folded.onnx")
        # With skip_symbolic_shape the optimized model, and with it the folded BatchNormalization, would be thrown away.
        quant_pre_process(model, folded, skip_symbolic_shape=False)
        quantize_static(
            folded,
            out,
            Batches(json.loads(Path(job).read_text())),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )


main()
