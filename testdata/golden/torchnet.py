"""MobileNetV2 in plain PyTorch: any width, number of classes and input size; torchvision's parameter names.

Written from the paper (Sandler et al. 2018, table 2) and MindCV's channel rule; it shares nothing with the Go code.
"""
import math

import torch
from torch import nn

import generator

STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]


def divisible(v, divisor=8):
    """Round a channel number to a multiple of divisor, never losing more than a tenth."""
    n = max(divisor, int(v + divisor / 2) // divisor * divisor)
    return n + divisor if n < 0.9 * v else n


def conv_bn(cin, cout, kernel, stride=1, groups=1, act=True):
    """Convolution without bias, batch norm and, if act, ReLU6."""
    layers = [nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False),
              nn.BatchNorm2d(cout, eps=1e-5, momentum=0.1)]
    return nn.Sequential(*layers, nn.ReLU6()) if act else layers


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; plus the input where the shapes agree."""

    def __init__(self, cin, cout, stride, expand):
        super().__init__()
        hidden = round(cin * expand)
        self.residual = stride == 1 and cin == cout
        first = [conv_bn(cin, hidden, 1)] if expand != 1 else []
        self.conv = nn.Sequential(*first, conv_bn(hidden, hidden, 3, stride, hidden),
                                  *conv_bn(hidden, cout, 1, act=False))

    def forward(self, x):
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNetV2(nn.Module):
    """Names as in torchvision.models.mobilenet_v2: features.0 … features.18, classifier.1. No dropout."""

    def __init__(self, width=1.0, classes=1000):
        super().__init__()
        cin = divisible(32 * width)
        features = [conv_bn(3, cin, 3, 2)]
        for expand, c, repeat, stride in STAGES:
            cout = divisible(c * width)
            for i in range(repeat):
                features.append(InvertedResidual(cin, cout, stride if i == 0 else 1, expand))
                cin = cout
        last = divisible(1280 * max(1.0, width))
        features.append(conv_bn(cin, last, 1))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Identity(), nn.Linear(last, classes))
        self.initialise()

    def initialise(self):
        """Draw weights as MindCV does: convolutions N(0, sqrt(2/(k*k*out))), classifier N(0, 0.01)."""
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                fan_out = m.kernel_size[0] * m.kernel_size[1] * m.out_channels
                nn.init.normal_(m.weight, 0, math.sqrt(2.0 / fan_out))
            elif isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, 0, 0.01)
                nn.init.zeros_(m.bias)

    def generate(self):
        """Set every tensor from the generator, keyed by its torchvision name (README.md, "Weights")."""
        for name, t in self.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                t.copy_(torch.from_numpy(generated(name, tuple(t.shape))))
        return self

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


def generated(name, shape):
    """Return the float32 values of the tensor called name (torchvision's name): convolutions uniform with the variance
    2/(inputs of one output), everything else spread around its usual start. MindCV's own initialisation would not do: its
    depthwise filters are so small that the first steps of training are chaotic (README.md, "Training")."""
    if len(shape) == 4:
        fan_in = shape[1] * shape[2] * shape[3]
        return generator.fill(name, shape, math.sqrt(24.0 / fan_in))
    if name.startswith("classifier."):
        return generator.fill(name, shape, 0.1)
    leaf = name.rsplit(".", 1)[1]
    if ".conv." in name and name.endswith(".1.bias"):  # ReLU6 follows: few values near its corners
        return generator.fill(name, shape, 0.4, 2.8)
    scale, offset = {"weight": (0.4, 1.0), "bias": (0.2, 0.0), "running_mean": (0.2, 0.0), "running_var": (0.5, 1.0)}[leaf]
    return generator.fill(name, shape, scale, offset)
