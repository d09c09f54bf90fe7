"""Writes training_075.safetensors.gz and training_100.safetensors.gz: five training steps in float64 PyTorch, and how far
float32 PyTorch is from them, tensor by tensor.

Run from the repository root: python testdata/golden/make_training.py [--search] [width ...]
README.md ("Training") says what is in the files. Batches are chosen so that no pre-activation lies within float32's error
of ReLU6's two corners, where one element more or less changes all gradients by a percent: see search. Without --search
the batches named in the present files are kept.
"""
import json
import math
import os
import sys

import numpy as np
import torch
from torch.nn import functional as F

import generator
import tensorfile
import torchnet

HERE = os.path.dirname(os.path.abspath(__file__))
SIZE, BATCH, CLASSES, STEPS, CANDIDATES = 40, 8, 10, 5, 32
FULL, SAMPLES = 1280, 512
SMOOTHING, MOMENTUM = float(np.float32(0.1)), float(np.float32(0.9))
RUNS = {  # float32 numbers, widened
    "steady": dict(lr=float(np.float32(1e-3)), weight_decay=float(np.float32(0.05))),
    "fast": dict(lr=float(np.float32(0.05)), weight_decay=float(np.float32(4e-5))),
}
VARIANTS = [  # ways of computing the same in float32
    dict(threads=1), dict(threads=2), dict(threads=1, mkldnn=False), dict(threads=2, mkldnn=False),
    dict(threads=1, channels_last=True), dict(threads=1, mkldnn=False, channels_last=True),
    dict(threads=1, reverse=True), dict(threads=1, mkldnn=False, reverse=True),
    dict(threads=1, divide_first=True), dict(threads=1, mkldnn=False, divide_first=True),
]


def batch(stream, dtype):
    """Return pictures (normalised, NCHW) and labels of a stream."""
    x = torch.from_numpy(generator.normalised(generator.images(stream, BATCH, SIZE)))
    return x.to(dtype), torch.from_numpy(generator.labels(stream + ".labels", BATCH, CLASSES))


def named(net):
    """Return the state without the batch counters."""
    return {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}


def corners(net, x):
    """Return what goes into every ReLU6 in a training forward pass; the moving statistics are left as they were."""
    seen, keep = [], {k: v.clone() for k, v in net.state_dict().items()}
    hooks = [m.register_forward_pre_hook(lambda _, a: seen.append(a[0].detach().double()))
             for m in net.modules() if isinstance(m, torch.nn.ReLU6)]
    with torch.no_grad():
        net(x)
    for h in hooks:
        h.remove()
    net.load_state_dict(keep)
    return seen


def safety(exact, single, stream):
    """Return the least, over all layers, of (distance of a pre-activation from 0 or 6) / (float32's rms error in that layer)."""
    pairs = zip(corners(exact, batch(stream, torch.float64)[0]), corners(single, batch(stream, torch.float32)[0]))
    return min((torch.minimum(a.abs(), (a - 6).abs()).min() / (a - b).square().mean().sqrt()).item() for a, b in pairs)


def search(width):
    """Return for each step the stream whose batch is the safest of CANDIDATES, all runs considered, and how safe.

    Every run is trained in float64 and in float32 side by side, so that the error of the weights counts too."""
    torch.set_num_threads(1)
    nets = [[network(width, t) for t in (torch.float64, torch.float32)] for _ in RUNS]
    rules = [[torch.optim.SGD(n.parameters(), momentum=MOMENTUM, **RUNS[r]) for n in pair] for pair, r in zip(nets, RUNS)]
    streams, found = [], []
    for step in range(STEPS):
        names = [f"training.{width:.2f}.step{step}.{i}" for i in range(CANDIDATES)]
        safe = [min(safety(*pair, name) for pair in (nets if step else nets[:1])) for name in names]
        best = int(np.argmax(safe))
        streams, found = streams + [names[best]], found + [safe[best]]
        print(f"{names[best]}: nearest corner {safe[best]:.2f} float32 errors away", flush=True)
        for pair, rule in zip(nets, rules):
            for net, sgd, dtype in zip(pair, rule, (torch.float64, torch.float32)):
                update(net, sgd, *batch(names[best], dtype))
    return streams, found


def update(net, sgd, x, y):
    """Take one step and return the loss before it."""
    loss = F.cross_entropy(net(x), y, label_smoothing=SMOOTHING)
    sgd.zero_grad()
    loss.backward()
    sgd.step()
    return loss.item()


def network(width, dtype, channels_last=False):
    net = torchnet.MobileNetV2(width, CLASSES).generate().to(dtype).train()
    net.width = width
    return net.to(memory_format=torch.channels_last) if channels_last else net


def train(width, run, streams, dtype=torch.float64, threads=1, mkldnn=True, channels_last=False, reverse=False,
          divide_first=False):
    """Train STEPS steps. Return losses, gradients of step 1 (SGD leaves them as they are) and the state after the last."""
    torch.set_num_threads(threads)
    net = network(width, dtype, channels_last)
    sgd = torch.optim.SGD(net.parameters(), momentum=MOMENTUM, **RUNS[run])
    losses, first = [], None
    for stream in streams:
        x, y = batch(stream, dtype)
        if reverse:  # the same mathematics, another order of sums
            x, y = x.flip(0), y.flip(0)
        if divide_first:  # x/std - mean/std, as MindSpore normalises: rounds twice, exact in float64
            x = (x * 127.5 + 127.5).round() / 127.5 - 1
        if channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        with torch.backends.mkldnn.flags(enabled=mkldnn):
            losses.append(update(net, sgd, x, y))
        first = first or {k: p.grad.detach().clone() for k, p in net.named_parameters()}
    return losses, plain(first), plain(named(net))


def plain(tensors):
    """Return copies as float64 arrays."""
    return {k: v.detach().double().numpy().copy() for k, v in tensors.items()}


def stride(n):
    """Return the sampling step of a tensor with n elements: 1 up to FULL; else coprime with n, about n/SAMPLES."""
    if n <= FULL:
        return 1
    k = -(-n // SAMPLES)
    while math.gcd(k, n) != 1:
        k += 1
    return k


def sample(a):
    return a.reshape(-1)[::stride(a.size)]


def fingerprint(name, a):
    """Return L2 norm, four projections on random signs, and the first eight elements (zeros beyond the end)."""
    a = a.reshape(-1)
    head = np.zeros(8)
    head[:min(8, a.size)] = a[:8]
    sides = [float(a @ generator.signs(f"{name}.signs{i}", a.size)) for i in range(4)]
    return np.concatenate([[np.linalg.norm(a)], sides, head])


def spread(name, exact, rounded):
    """Return float32's distance over the samples (median, largest), over the whole tensor (median, largest), and the largest
    of the channels-last variants over the samples: their batch norm is several times less exact, so they set no standard."""
    last = np.array([bool(v.get("channels_last")) for v in VARIANTS])
    parts = np.array([np.linalg.norm(sample(r[name]) - sample(exact[name])) for r in rounded])
    whole = np.array([np.linalg.norm(r[name] - exact[name]) for r in rounded])[~last]
    usual = parts[~last]
    return np.array([np.median(usual), usual.max(), np.median(whole), whole.max(), parts[last].max()])


def store(out, group, exact, rounded, dtype=np.float32):
    """Add samples (in float64 where float32's error is no larger than a rounding), fingerprints and the spread of float32's distances of one group of tensors."""
    for k in exact:
        out[f"{group}/{k}"] = sample(exact[k]).astype(dtype)
        out[f"{group}.print/{k}"] = fingerprint(k, exact[k])
        out[f"{group}.distance/{k}"] = spread(k, exact, rounded)
    relative = [out[f"{group}.distance/{k}"][2] / max(np.linalg.norm(exact[k]), 1e-300) for k in exact]
    print(f"  {group}: float32's relative distance, median over variants: median tensor {np.median(relative):.2e}, "
          f"90% {np.quantile(relative, .9):.2e}", flush=True)


def make(width, fresh):
    out = {}
    meta = dict(made_by=f"make_training.py, PyTorch {torch.__version__}", width=width, classes=CLASSES, size=SIZE,
                batch=BATCH, steps=STEPS, smoothing=SMOOTHING, momentum=MOMENTUM, variants=VARIANTS, runs=RUNS)
    path = os.path.join(HERE, f"training_{round(width * 100):03d}.safetensors.gz")
    if fresh:
        streams, meta["corner_distances"] = search(width)
    else:
        kept = tensorfile.read(path)[1]
        streams, meta["corner_distances"] = json.loads(kept["streams"]), json.loads(kept["corner_distances"])
    for run in RUNS:
        losses, grads, state = train(width, run, streams)
        single = [train(width, run, streams, torch.float32, **v) for v in VARIANTS]
        print(f"width {width} {run}: losses {losses}")
        errors = np.abs(np.array([s[0] for s, v in zip(single, VARIANTS) if not v.get("channels_last")]) - losses)
        print("  float32's error, largest:", errors.max(0))
        out[f"{run}.losses"] = np.array(losses)
        out[f"{run}.losses.distance"] = np.stack([np.median(errors, 0), errors.max(0)], 1)
        if run == "steady":  # the first gradients do not depend on the rate
            store(out, "grad", grads, [s[1] for s in single])
        store(out, f"{run}.state", state, [s[2] for s in single], np.float64 if run == "steady" else np.float32)
    tensorfile.write(path, out, dict(meta, streams=streams))


if __name__ == "__main__":
    for w in [a for a in sys.argv[1:] if a != "--search"] or ["0.75", "1.0"]:
        make(float(w), "--search" in sys.argv)
