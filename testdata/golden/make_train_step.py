"""Prints model/train_step_golden_test.go: steps of MindCV's TrainStep (averages of weights, limit of the norm, accumulation, fixed loss scale) and of
MindSpore's dynamic loss scale, in float32 on the CPU.

    ms/bin/python testdata/golden/make_train_step.py | gofmt > model/train_step_golden_test.go"""
import contextlib
import io

import numpy as np

with contextlib.redirect_stdout(io.StringIO()):
    import mindspore as ms
    from mindspore import Parameter, Tensor, nn, ops
    from mindcv.utils.train_step import TrainStep

ms.set_context(mode=ms.GRAPH_MODE, device_target="CPU")
W = np.array([1.0, -2.0, 0.5], np.float32)
# the gradient of step t, whose norm is 0.37*t
G = [np.array([0.3, -0.2, 0.1], np.float32) * t for t in range(1, 7)]


class Linear(nn.Cell):
    """A loss whose gradient is given."""

    def __init__(self):
        super().__init__()
        self.w = Parameter(Tensor(W), name="a.weight")
        self.statistic = Parameter(Tensor(np.array([0.25], np.float32)), name="a.moving_mean", requires_grad=False)

    def construct(self, g):
        return ops.reduce_sum(self.w * g)


def steps(**options):
    net = Linear()
    optimizer = nn.Momentum(net.trainable_params(), learning_rate=0.1, momentum=0.9, weight_decay=0.01)
    step = TrainStep(net, optimizer, scale_sense=Tensor(1024.0, ms.float32), **options).set_train()
    rows = []
    for g in G:
        step(Tensor(g))
        ema = step.ema_weight[0].asnumpy() if options.get("ema") else np.zeros(3)
        rows.append("{%s}" % ", ".join(repr(float(x)) for x in [*net.w.asnumpy(), *ema]))
    return "{" + ", ".join(rows) + "}"


def scales(start, window, overflows):
    cell = nn.DynamicLossScaleUpdateCell(start, 2, window)
    scale, out = Parameter(Tensor(float(start), ms.float32), name="scale"), []
    for overflow in overflows:
        cell(scale, Tensor(bool(overflow)))
        out.append(float(scale.asnumpy()))
    return out


print("""package model

// mindcvSteps are six steps of MindCV's TrainStep around Momentum (lr 0.1, momentum 0.9, decay 0.01, loss scale 1024): the weights, then their averages.
var mindcvSteps = []struct {
	name       string
	average    bool
	clip       float64
	accumulate int
	want       [6][6]float64
}{""")
for name, o in {
    "plain": {},
    "averages": {"ema": True, "ema_decay": 0.99},
    "limit": {"clip_grad": True, "clip_value": 0.8},
    "accumulation": {"gradient_accumulation_steps": 2},
    "all": {"ema": True, "ema_decay": 0.99, "clip_grad": True, "clip_value": 0.8, "gradient_accumulation_steps": 3},
}.items():
    print(f'{{"{name}", {str(o.get("ema", False)).lower()}, {o.get("clip_value", 0)}, {o.get("gradient_accumulation_steps", 1)}, [6][6]float64{steps(**o)}}},')
print("""}

// mindsporeScales are loss scales after each step of MindSpore's DynamicLossScaleUpdateCell, by whether the step overflowed.
var mindsporeScales = []struct {
	start, window int
	overflows     []bool
	want          []float64
}{""")
for start, window, overflows in [(1024, 3, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0]), (2, 2, [1, 1, 1, 0, 0, 0, 0, 1, 0, 0])]:
    print("{%d, %d, []bool{%s}, []float64{%s}}," % (start, window, ", ".join(str(bool(o)).lower() for o in overflows), ", ".join(map(repr, scales(start, window, overflows)))))
print("}")
