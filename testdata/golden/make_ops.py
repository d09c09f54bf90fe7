"""Writes ops/*.safetensors: what PyTorch computes in float64 for the operations of this network.

Run from the repository root: python testdata/golden/make_ops.py
Inputs are float32 numbers (stored as F32), results are F64. Hyper-parameters are float32 numbers, widened, so that a
program that keeps them in float32 computes with the very same values. Every file's metadata has one key per case with
its sizes as JSON, and "made_by". Tensors are called CASE/NAME; all are NCHW.
"""
import os

import numpy as np
import torch
from torch.nn import functional as F

import generator
import tensorfile

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ops")
EPS, MOMENTUM = float(np.float32(1e-5)), float(np.float32(0.1))


class Cases:
    """Collects the tensors and sizes of one operation's cases."""

    def __init__(self, op):
        self.op, self.tensors, self.meta = op, {}, {"made_by": f"make_ops.py, PyTorch {torch.__version__}, float64"}

    def input(self, case, name, shape, scale=2.0, offset=0.0):
        """Return a generated leaf tensor in float64 and store it as F32."""
        values = generator.fill(f"{self.op}/{case}/{name}", shape, scale, offset)
        return self.given(case, name, values)

    def given(self, case, name, values):
        """The same for float32 values made elsewhere."""
        self.tensors[f"{case}/{name}"] = values
        return torch.from_numpy(values.astype(np.float64)).requires_grad_()

    def result(self, case, **named):
        """Store results as F64."""
        for name, t in named.items():
            assert t.dtype == torch.float64
            self.tensors[f"{case}/{name}"] = t.detach().numpy().copy()

    def labels(self, case, values):
        """Store class numbers as I64."""
        self.tensors[f"{case}/labels"] = values

    def save(self):
        os.makedirs(OUT, exist_ok=True)
        tensorfile.write(os.path.join(OUT, self.op + ".safetensors"), self.tensors, self.meta)


def conv2d():
    #  name                 N  H  W  C  K  R stride pad groups bias
    cases = [
        ("pointwise",        2, 5, 4, 6, 7, 1, 1, 0, 1, False),
        ("pointwise_1x1",    1, 1, 1, 9, 5, 1, 1, 0, 1, False),
        ("dense",            3, 1, 1, 8, 5, 1, 1, 0, 1, True),
        ("3x3",              1, 5, 6, 3, 4, 3, 1, 1, 1, False),
        ("3x3_bias",         2, 4, 4, 3, 4, 3, 1, 1, 1, True),
        ("3x3_1x1map",       2, 1, 1, 3, 4, 3, 1, 1, 1, False),
        ("3x3_s2_even",      2, 6, 8, 3, 8, 3, 2, 1, 1, False),
        ("3x3_s2_odd",       1, 7, 5, 3, 8, 3, 2, 1, 1, False),
        ("depthwise",        1, 5, 6, 9, 9, 3, 1, 1, 9, False),
        ("depthwise_bias",   2, 3, 3, 5, 5, 3, 1, 1, 5, True),
        ("depthwise_1x1map", 2, 1, 1, 9, 9, 3, 1, 1, 9, False),
        ("depthwise_2x2map", 1, 2, 2, 8, 8, 3, 1, 1, 8, False),
        ("depthwise_s2_even", 2, 6, 4, 8, 8, 3, 2, 1, 8, False),
        ("depthwise_s2_odd", 2, 7, 5, 8, 8, 3, 2, 1, 8, False),
        ("depthwise_s2_1x1map", 1, 1, 1, 8, 8, 3, 2, 1, 8, False),
        ("grouped",          1, 4, 5, 6, 4, 3, 1, 1, 2, False),
    ]
    op = Cases("conv2d")
    for name, n, h, w, c, k, r, stride, pad, groups, bias in cases:
        x = op.input(name, "x", (n, c, h, w))
        weight = op.input(name, "w", (k, c // groups, r, r))
        b = op.input(name, "b", (k,)) if bias else None
        y = F.conv2d(x, weight, b, stride, pad, 1, groups)
        dy = op.input(name, "dy", tuple(y.shape))
        y.backward(dy)
        op.result(name, y=y, dx=x.grad, dw=weight.grad, **({"db": b.grad} if bias else {}))
        op.meta[name] = dict(N=n, H=h, W=w, C=c, K=k, R=r, S=r, Stride=stride, Pad=pad, Groups=groups, Bias=bias)
    op.save()


def batchnorm():
    op = Cases("batchnorm")
    for name, n, h, w, c, spread, shift in [("map", 2, 3, 4, 5, 2, 0), ("batch1", 1, 4, 4, 3, 2, 0),
                                            ("1x1map", 4, 1, 1, 6, 2, 0), ("two_values", 2, 1, 1, 3, 2, 0),
                                            ("far_mean", 2, 3, 3, 4, 0.5, 50), ("tiny_variance", 2, 3, 3, 2, 1e-3, 0)]:
        x = op.input(name, "x", (n, c, h, w), spread, shift)
        gamma, beta = op.input(name, "gamma", (c,), 1.0, 1.0), op.input(name, "beta", (c,))
        mean, var = op.input(name, "runmean", (c,)), op.input(name, "runvar", (c,), 1.0, 1.0)
        infer = F.batch_norm(x, mean.detach(), var.detach(), gamma, beta, False, MOMENTUM, EPS)
        newmean, newvar = mean.detach().clone(), var.detach().clone()
        y = F.batch_norm(x, newmean, newvar, gamma, beta, True, MOMENTUM, EPS)
        dy = op.input(name, "dy", (n, c, h, w))
        y.backward(dy)
        m = x.detach().mean((0, 2, 3))
        invstd = (x.detach().var((0, 2, 3), unbiased=False) + EPS).rsqrt()
        op.result(name, infer=infer, y=y, mean=m, invstd=invstd, newmean=newmean, newvar=newvar,
                  dx=x.grad, dgamma=gamma.grad, dbeta=beta.grad)
        op.meta[name] = dict(N=n, H=h, W=w, C=c, Eps=EPS, Momentum=MOMENTUM)
    op.save()


def relu6():
    op = Cases("relu6")
    x = generator.fill("relu6/map/x", (2, 5, 3, 4), 20.0, 3.0)
    edges = [0.0, -0.0, 6.0, np.nextafter(np.float32(6), np.float32(0)), np.nextafter(np.float32(6), np.float32(9)),
             1e-45, -1e-45, 1e30, -1e30, 3.0]
    x.reshape(-1)[:len(edges)] = edges
    x = op.given("map", "x", x)
    y = F.relu6(x)
    y.backward(op.input("map", "dy", (2, 5, 3, 4)))
    op.result("map", y=y, dx=x.grad)
    op.meta["map"] = dict(N=2, H=3, W=4, C=5)
    op.save()


def globalavgpool():
    op = Cases("globalavgpool")
    for name, n, c, h, w in [("7x7", 2, 5, 7, 7), ("1x1map", 3, 6, 1, 1), ("3x5", 1, 9, 3, 5)]:
        x = op.input(name, "x", (n, c, h, w))
        y = x.mean((2, 3))
        y.backward(op.input(name, "dy", (n, c)))
        op.result(name, y=y, dx=x.grad)
        op.meta[name] = dict(N=n, H=h, W=w, C=c)
    op.save()


def softmaxcrossentropy():
    """Loss per sample, and the gradient of Scale * sum of losses (Scale = 1/N is the mean that training uses)."""
    op = Cases("softmaxcrossentropy")
    for smoothing in (0.0, 0.1):
        for soft in (False, True):
            for size, n, c, scale in (("small", 3, 5, 6.0), ("far", 4, 11, 200.0)):
                case = f"{size}_{'soft' if soft else 'index'}_{'smooth' if smoothing else 'plain'}"
                smooth = float(np.float32(smoothing))
                logits = op.input(case, "logits", (n, c), scale)
                if soft:
                    t = generator.uniform(f"softmaxcrossentropy/{case}/t", n * c).reshape(n, c)
                    target = op.given(case, "targets", (t / t.sum(1, keepdims=True)).astype(np.float32)).detach()
                    op.meta[case] = dict(N=n, C=c, Smoothing=smooth, Soft=True, Scale=1 / n)
                else:
                    labels = generator.labels(f"softmaxcrossentropy/{case}/labels", n, c)
                    op.labels(case, labels)
                    target = F.one_hot(torch.from_numpy(labels), c).double()
                    op.meta[case] = dict(N=n, C=c, Smoothing=smooth, Soft=False, Scale=1 / n)
                losses = -((target * (1 - smooth) + smooth / c) * F.log_softmax(logits, 1)).sum(1)
                given = target if soft else torch.from_numpy(labels)
                own = F.cross_entropy(logits, given, reduction="none", label_smoothing=smooth)
                assert torch.allclose(losses, own, rtol=1e-13, atol=1e-13), "the formula is not PyTorch's"
                own.mean().backward()
                op.result(case, loss=own, probs=F.softmax(logits, 1), dlogits=logits.grad)
    op.save()



def update():
    """Three steps of torch.optim.SGD; gradients g0, g1, g2 are inputs, w and v after each step are results."""
    op = Cases("update")
    for name, decay, nesterov, momentum in [("plain", 0.0, False, 0.0), ("momentum", 0.0, False, 0.9),
                                            ("decay", 4e-5, False, 0.9), ("nesterov", 1e-2, True, 0.9)]:
        rates = [float(np.float32(lr)) for lr in (0.1, 0.05, 0.2)]
        decay, momentum = float(np.float32(decay)), float(np.float32(momentum))
        w = op.input(name, "w", (13,)).detach().requires_grad_()
        sgd = torch.optim.SGD([w], lr=rates[0], momentum=momentum, weight_decay=decay, nesterov=nesterov)
        for step, lr in enumerate(rates):
            sgd.param_groups[0]["lr"] = lr
            w.grad = op.input(name, f"g{step}", (13,), 0.5).detach()
            sgd.step()
            op.result(name, **{f"w{step + 1}": w})
            if momentum:
                op.result(name, **{f"v{step + 1}": sgd.state[w]["momentum_buffer"]})
        op.meta[name] = dict(LR=rates, Momentum=momentum, WeightDecay=decay, Nesterov=nesterov)
    op.save()


if __name__ == "__main__":
    for make in (conv2d, batchnorm, relu6, globalavgpool, softmaxcrossentropy, update):
        make()
