"""Prints train/optimizer_mindspore_test.go: three steps of the optimizers that MindSpore and MindCV have, in float32 on the CPU.

    ms/bin/python testdata/golden/make_optimizers_mindspore.py | gofmt > train/optimizer_mindspore_test.go"""
import contextlib
import io

import numpy as np

with contextlib.redirect_stdout(io.StringIO()):
    import mindspore as ms
    from mindspore import Parameter, Tensor, nn
    from mindcv.optim.lion import Lion

ms.set_context(mode=ms.PYNATIVE_MODE, device_target="CPU")
COMMON = {"learning_rate": 0.1, "weight_decay": 0.01}
CASES = {
    "adam": ('Optimizer{Name: "adam"}', lambda p: nn.Adam(p, **COMMON)),
    "adam with Nesterov": ('Optimizer{Name: "adam", Nesterov: true}', lambda p: nn.Adam(p, use_nesterov=True, **COMMON)),
    "rmsprop": ('Optimizer{Name: "rmsprop", Momentum: 0.9, Eps: 1e-10}', lambda p: nn.RMSProp(p, momentum=0.9, epsilon=1e-10, **COMMON)),
    "adagrad": ('Optimizer{Name: "adagrad"}', lambda p: nn.Adagrad(p, **COMMON)),
    "lion": ('Optimizer{Name: "lion"}', lambda p: Lion(p, **COMMON)),
    "lamb": ('Optimizer{Name: "lamb"}', lambda p: nn.Lamb(p, **COMMON)),
}


def steps(make):
    w = Parameter(Tensor(np.array([1.0, -2.0, 0.5], np.float32)), name="a.weight")
    optimizer, rows = make([w]), []
    for t in range(1, 4):
        optimizer((Tensor(np.array([0.3, -0.2, 0.1], np.float32) * t),))
        rows.append("{" + ", ".join(repr(float(x)) for x in w.asnumpy()) + "}")
    return ", ".join(rows)


print("""package train

// mindsporeSteps are optimizers as MindSpore and MindCV have them, and the weights after each step, in float32.
var mindsporeSteps = map[string]struct {
	optimizer Optimizer
	want      [3][]float64
}{""")
for name, (expression, make) in CASES.items():
    try:
        print(f'\t"{name}": {{{expression}, [3][]float64{{{steps(make)}}}}},')
    except Exception as e:  # a version without this optimizer
        print(f"\t// {name}: {type(e).__name__}: {str(e).splitlines()[0]}")
print("}")
