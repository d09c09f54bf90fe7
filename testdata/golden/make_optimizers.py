"""Prints train/optimizer_golden_test.go: three steps of PyTorch's optimizers in float64, for the rules that MindSpore has alike.

    torch/bin/python testdata/golden/make_optimizers.py | gofmt > train/optimizer_golden_test.go"""
import torch

torch.set_default_dtype(torch.float64)
O, COMMON = torch.optim, {"lr": 0.1, "weight_decay": 0.01}
CASES = {
    "momentum": ("Optimizer{Momentum: 0.9}", lambda p: O.SGD(p, momentum=0.9, **COMMON)),
    "nesterov": ('Optimizer{Name: "momentum", Momentum: 0.9, Nesterov: true}', lambda p: O.SGD(p, momentum=0.9, nesterov=True, **COMMON)),
    "sgd without momentum": ('Optimizer{Name: "sgd"}', lambda p: O.SGD(p, **COMMON)),
    "adamw": ('Optimizer{Name: "adamw"}', lambda p: O.AdamW(p, betas=(0.9, 0.999), eps=1e-8, **COMMON)),
    "nadam": ('Optimizer{Name: "nadam"}', lambda p: O.NAdam(p, betas=(0.9, 0.999), eps=1e-8, momentum_decay=0.004, **COMMON)),
}


def steps(make):
    w = torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))
    optimizer, rows = make([w]), []
    for t in range(1, 4):
        w.grad = torch.tensor([0.3, -0.2, 0.1]) * t
        optimizer.step()
        rows.append("{" + ", ".join(repr(x) for x in w.detach().tolist()) + "}")
    return ", ".join(rows)


print("""package train

// followed are optimizers that PyTorch has in the same form, and the weights after each step.
var followed = map[string]struct {
	optimizer Optimizer
	want      [3][]float64
}{""")
for name, (expression, make) in CASES.items():
    print(f'\t"{name}": {{{expression}, [3][]float64{{{steps(make)}}}}},')
print("}")
