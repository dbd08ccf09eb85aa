"""Losses and their gradients as PyTorch computes them, in float64 from float32 scores.

Run: python bench/peers/vectors/losses.py   (needs torch; writes packages/train/src/loss/losses.vectors.json)
"""

from pathlib import Path

import torch
import torch.nn.functional as F

from store import write

torch.manual_seed(4)
cases = {}


def case(name, shape, target, function, **settings):
    scores = (3 * torch.randn(shape)).double().requires_grad_()
    value = function(scores, target)
    (grad,) = torch.autograd.grad(value, scores)
    cases[name] = ({"scores": scores, "target": target, "loss": value, "grad": grad}, settings)


def distribution(shape):
    return F.softmax(torch.randn(shape), 1)


WEIGHTS = [0.5, 2.0, 1.0, 0.25]
weights = torch.tensor(WEIGHTS, dtype=torch.float64)
labels = torch.tensor([3, 0, 0, 2, 1])
pixels = torch.randint(0, 4, (2, 3, 3))
soft = distribution((5, 4))
softpixels = distribution((2, 4, 3, 3))
shapes = {"rows": ((5, 4), labels, soft), "pixels": ((2, 4, 3, 3), pixels, softpixels)}

for place, (shape, index, share) in shapes.items():
    for smoothing in (0.0, 0.1):
        for weighted in (False, True):
            settings = {"labelSmoothing": smoothing, **({"classWeights": WEIGHTS} if weighted else {})}
            title = f"{place}, smoothing {smoothing}{', weighted' if weighted else ''}"

            def loss(x, t):
                t = t.double() if t.is_floating_point() else t
                return F.cross_entropy(x, t, weight=weights if weighted else None, label_smoothing=smoothing)

            case(f"cross-entropy, labels, {title}", shape, index, loss, loss="cross-entropy", **settings)
            case(f"cross-entropy, soft, {title}", shape, share, loss, loss="cross-entropy", labels="soft", **settings)

real = torch.randn(4, 3)
case("mse", (4, 3), real, lambda x, t: F.mse_loss(x, t.double()), loss="mse")
case("l1", (4, 3), real, lambda x, t: F.l1_loss(x, t.double()), loss="l1")
case("huber", (4, 3), real, lambda x, t: F.huber_loss(x, t.double(), delta=0.75), loss="huber", delta=0.75)
probabilities = torch.rand(4, 3)
case(
    "binary cross-entropy",
    (4, 3),
    probabilities,
    lambda x, t: F.binary_cross_entropy_with_logits(x, t.double()),
    loss="bce",
)
case(
    "binary cross-entropy of scores that overflow an exponential",
    (4, 3),
    probabilities,
    lambda x, t: F.binary_cross_entropy_with_logits(x * 100, t.double()),
    loss="bce",
    scale=100,
)
teacher = 3 * torch.randn(5, 4)


def divergence(x, temperature):
    student = F.log_softmax(x / temperature, 1)
    wanted = F.log_softmax(teacher.double() / temperature, 1)
    return F.kl_div(student, wanted, reduction="batchmean", log_target=True) * temperature**2


for share in (0.0, 0.3):
    case(
        f"distillation, task share {share}",
        (5, 4),
        labels,
        lambda x, t: (1 - share) * divergence(x, 3.0) + share * F.cross_entropy(x, t),
        loss="distill",
        temperature=3.0,
        taskShare=share,
        teacher=teacher.flatten().tolist(),
    )

write(Path(__file__).parents[3] / "packages/train/src/loss/losses.vectors.json", cases)
