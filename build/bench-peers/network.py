"""MobileNetV2 for PyTorch, with torchvision's names and layers, so that torchvision need not be installed."""
import torch
from torch import nn


def conv(i, o, k=1, stride=1, groups=1):
    return nn.Sequential(nn.Conv2d(i, o, k, stride, k // 2, groups=groups, bias=False), nn.BatchNorm2d(o), nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    def __init__(self, i, o, stride, expand):
        super().__init__()
        hidden = i * expand
        layers = [] if expand == 1 else [conv(i, hidden)]
        layers += [conv(hidden, hidden, 3, stride, hidden), nn.Conv2d(hidden, o, 1, bias=False), nn.BatchNorm2d(o)]
        self.conv = nn.Sequential(*layers)
        self.residual = stride == 1 and i == o

    def forward(self, x):
        return x + self.conv(x) if self.residual else self.conv(x)


def channels(n):
    """The multiple of 8 nearest to n, but never more than a tenth below it."""
    near = max(8, int(n + 4) // 8 * 8)
    return near + 8 if near < 0.9 * n else near


class MobileNetV2(nn.Module):
    def __init__(self, classes=1000, width=1.0):
        super().__init__()
        c, last = channels(32 * width), channels(1280 * max(1.0, width))
        layers = [conv(3, c, 3, 2)]
        for expand, o, n, stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
            o = channels(o * width)
            for i in range(n):
                layers.append(InvertedResidual(c, o, stride if i == 0 else 1, expand))
                c = o
        self.features = nn.Sequential(*layers, conv(c, last))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(last, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean([2, 3]))


def random_weights(path):
    """Writes weights for which no layer's output vanishes: He initialisation, batch norm near its usual start."""
    torch.manual_seed(0)
    net = MobileNetV2()
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode="fan_in")
        elif isinstance(m, nn.BatchNorm2d):
            nn.init.uniform_(m.weight, 0.8, 1.2)
            nn.init.uniform_(m.bias, -0.2, 0.6)
            nn.init.uniform_(m.running_mean, -0.2, 0.2)
            nn.init.uniform_(m.running_var, 0.8, 1.2)
    torch.save(net.state_dict(), path)


def load(path):
    net = MobileNetV2()
    net.load_state_dict(torch.load(path, weights_only=True))
    return net
