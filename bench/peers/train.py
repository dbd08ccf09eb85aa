"""One training with PyTorch, driven line by line like bench/src/train/worker.ts.

Arguments: model, mode (float, qat or frozen), folder with setting.json and setting.bin (weights and batches).
QAT is FX graph mode with the x86 mapping, eager, as torch.ao.quantization documents it.
"""

import json
import resource
import sys
import time

import numpy
import torch
from torch import nn
from torch.ao.quantization import disable_observer, get_default_qat_qconfig_mapping
from torch.ao.quantization.quantize_fx import prepare_qat_fx


def conv(inputs, outputs, kernel=3, stride=1, group=1, bias=False):
    return nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=group, bias=bias)


class ConvBn(nn.Module):
    """Its parameters have the names of our layers: `<name>.weight` and `<name>.bn.*`."""

    def __init__(self, inputs, outputs, activation=None, **options):
        super().__init__()
        self.conv = conv(inputs, outputs, **options)
        self.bn = nn.BatchNorm2d(outputs)
        self.activation = activation

    def forward(self, x):
        y = self.bn(self.conv(x))
        return y if self.activation is None else self.activation(y)


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = ConvBn(inputs, outputs, nn.ReLU(), stride=stride)
        self.conv2 = ConvBn(outputs, outputs)
        self.shortcut = None if inputs == outputs else ConvBn(inputs, outputs, kernel=1, stride=stride)
        self.relu = nn.ReLU()

    def forward(self, x):
        around = x if self.shortcut is None else self.shortcut(x)
        return self.relu(self.conv2(self.conv1(x)) + around)


class ResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvBn(3, 64, nn.ReLU(), kernel=7, stride=2)
        self.pool = nn.MaxPool2d(3, 2, 1)
        channels = 64
        for stage, width in enumerate([64, 128, 256, 512]):
            stride = 1 if stage == 0 else 2
            layer = nn.Sequential(BasicBlock(channels, width, stride), BasicBlock(width, width, 1))
            setattr(self, f"layer{stage + 1}", layer)
            channels = width
        self.fc = nn.Linear(512, 10)

    def forward(self, x):
        x = self.pool(self.stem(x))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1))


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        self.expand = None if expansion == 1 else ConvBn(inputs, hidden, nn.ReLU6(), kernel=1)
        self.depthwise = ConvBn(hidden, hidden, nn.ReLU6(), stride=stride, group=hidden)
        self.project = ConvBn(hidden, outputs, kernel=1)
        self.around = stride == 1 and inputs == outputs

    def forward(self, x):
        y = x if self.expand is None else self.expand(x)
        y = self.project(self.depthwise(y))
        return x + y if self.around else y


class MobileNetV2(nn.Module):
    groups = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]

    def __init__(self):
        super().__init__()
        self.stem = ConvBn(3, 32, nn.ReLU6(), stride=2)
        channels, self.count = 32, 0
        for expansion, width, repeats, first in self.groups:
            for repeat in range(repeats):
                block = InvertedResidual(channels, width, first if repeat == 0 else 1, expansion)
                setattr(self, f"block{self.count}", block)
                channels, self.count = width, self.count + 1
        self.head = ConvBn(channels, 1280, nn.ReLU6(), kernel=1)
        self.fc = nn.Linear(1280, 10)

    def forward(self, x):
        x = self.stem(x)
        for index in range(self.count):
            x = getattr(self, f"block{index}")(x)
        return self.fc(nn.functional.adaptive_avg_pool2d(self.head(x), 1).flatten(1))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(784, 100), nn.Linear(100, 100), nn.Linear(100, 10)
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()

    def forward(self, x):
        return self.fc3(self.relu2(self.fc2(self.relu1(self.fc1(x)))))


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = conv(1, 16, bias=True), conv(16, 32, bias=True)
        self.relu1, self.relu2, self.pool = nn.ReLU(), nn.ReLU(), nn.MaxPool2d(2)
        self.fc = nn.Linear(32 * 14 * 14, 10)

    def forward(self, x):
        x = self.pool(self.relu1(self.conv1(x)))
        return self.fc(self.relu2(self.conv2(x)).flatten(1))


MODELS = {"mlp": Mlp, "cnn": Cnn, "resnet18": ResNet18, "mobilenet_v2": MobileNetV2}


def load(model, index, data):
    """Fills every parameter and statistic from the shared numbers; a missing name is an error."""
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            entry = index["parameters"][name.replace(".conv.", ".")]
            size = int(numpy.prod(entry["dims"]))
            tensor.copy_(torch.from_numpy(data[entry["offset"] : entry["offset"] + size].reshape(entry["dims"])))


def main():
    name, mode, folder = sys.argv[1:4]
    torch.set_num_threads(2)
    index = json.load(open(f"{folder}/setting.json"))
    data = numpy.fromfile(f"{folder}/setting.bin", numpy.float32)
    shape = index["inputShape"]
    size = int(numpy.prod(shape))
    batches = [
        (torch.from_numpy(data[b["x"] : b["x"] + size].reshape(shape).copy()), torch.tensor(b["labels"]))
        for b in index["batches"]
    ]
    model = MODELS[name]()
    load(model, index, data)
    model.train()
    if mode != "float":
        model = prepare_qat_fx(model, get_default_qat_qconfig_mapping("x86"), (batches[0][0],))
    optimizer = torch.optim.SGD(model.parameters(), lr=index["learningRate"], momentum=0.9)
    done = 0

    def run(steps):
        nonlocal done
        losses = []
        started = time.perf_counter()
        for _ in range(steps):
            x, labels = batches[done % len(batches)]
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
            done += 1
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "losses": [loss.item() for loss in losses]}

    if mode == "frozen":
        # The first batches set the observers, as calibration does on the other side.
        with torch.no_grad():
            for x, _ in batches:
                model(x)
        model.apply(disable_observer)
        model.apply(torch.ao.nn.intrinsic.qat.freeze_bn_stats)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(run(int(line))), flush=True)
    print(json.dumps({"peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)


main()
