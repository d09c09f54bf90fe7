"""Prints train/optimizer_lamb_test.go: three steps of LAMB in float64, as MindSpore writes it down (its operation runs on NPUs and GPUs only) and as timm has
it, which knows no limit of the ratio and puts eps beside the root in its norm too.

    torch/bin/python testdata/golden/make_lamb.py | gofmt > train/optimizer_lamb_test.go    # pip install timm"""
import numpy as np
import torch
from timm.optim import Lamb

B1, B2, EPS, LR, DECAY = 0.9, 0.999, 1e-6, 0.1, 0.01
CASES = {"ordinary": ([1.0, -2.0, 0.5], [0.3, -0.2, 0.1]), "limit": ([100.0, -200.0, 50.0], [0.3, -0.2, 0.1]), "no weight": ([0.0, 0.0, 0.0], [0.3, -0.2, 0.1]), "no gradient": ([1.0, -2.0, 0.5], [0.0, 0.0, 0.0])}


def mindspore(w, g):
    w, g, m, v, rows = np.array(w), np.array(g), np.zeros(3), np.zeros(3), []
    for t in range(1, 4):
        gt = g * t
        m, v = B1 * m + (1 - B1) * gt, B2 * v + (1 - B2) * gt * gt
        mm, vv = m / (1 - B1**t), v / (1 - B2**t)
        w_norm, g_norm = np.linalg.norm(w), np.linalg.norm(gt)
        g_norm_hat = np.linalg.norm(mm / np.sqrt(vv + EPS) + DECAY * w)
        ratio = w_norm / g_norm_hat if w_norm > 0 and g_norm > 0 else 1.0
        w = w - min(max(ratio, 0), 10) * LR * (mm / (np.sqrt(vv) + EPS) + DECAY * w)
        rows.append(w)
    return rows


def timm(w, g):
    w, rows = torch.nn.Parameter(torch.tensor(w, dtype=torch.float64)), []
    optimizer = Lamb([w], lr=LR, betas=(B1, B2), eps=EPS, weight_decay=DECAY, max_grad_norm=None)
    for t in range(1, 4):
        w.grad = torch.tensor(g, dtype=torch.float64) * t
        optimizer.step()
        rows.append(w.detach().numpy().copy())
    return rows


def go(rows):
    return "[3][]float64{%s}" % ", ".join("{%s}" % ", ".join(repr(float(x)) for x in row) for row in rows)


print("""package train

// lambSteps are steps of LAMB: where it starts, the gradient of the first step, the weights after each step by MindSpore's formula, and timm's.
var lambSteps = map[string]struct {
	start, gradient []float64
	want            [3][]float64
	timm            [3][]float64
}{""")
for name, (w, g) in CASES.items():
    print(f'\t"{name}": {{[]float64{{{", ".join(map(repr, w))}}}, []float64{{{", ".join(map(repr, g))}}}, {go(mindspore(w, g))}, {go(timm(w, g)) if name == "ordinary" else "[3][]float64{}"}}},')
print("}")
