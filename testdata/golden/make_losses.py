"""Writes testdata/golden/losses.json: MindCV's losses and their gradients, in float32 on the CPU, and timm's Jensen-Shannon loss in float64.

    ms/bin/python testdata/golden/make_losses.py mindcv; torch/bin/python testdata/golden/make_losses.py timm    # pip install timm"""
import contextlib
import io
import json
import pathlib
import sys

import numpy as np

PATH = pathlib.Path(__file__).parent / "losses.json"
rng = np.random.default_rng(7)
LOGITS = (rng.standard_normal((6, 5)) * 3).astype(np.float32)
LABELS = np.array([0, 4, 2, 0, 4, 2], np.int32)  # the same in each third, as splits have them
SOFT = rng.dirichlet(np.ones(5), 6).astype(np.float32)
SMOOTHING = [0.0, 0.1]


def mindcv():
    with contextlib.redirect_stdout(io.StringIO()):
        import mindspore as ms
        from mindspore import Tensor, ops
        from mindcv.loss import create_loss
    split = ops.split
    ops.split = lambda x, axis, count: split(x, x.shape[axis] // count, axis)  # MindCV calls it as MindSpore 1.x had it
    ms.set_context(mode=ms.PYNATIVE_MODE, device_target="CPU")
    onehot = np.eye(5, dtype=np.float32)[LABELS]
    for name, target, reductions in [("BCE", LABELS, ["mean", "sum"]), ("BCE", SOFT, ["mean", "sum"]), ("CE", LABELS, ["mean", "sum"]), ("CE", SOFT, ["mean", "sum"]),
                                     ("asl_single_label", LABELS, ["mean"]), ("asl_multi_label", onehot, ["sum"]), ("asl_multi_label", SOFT, ["sum"]), ("jsd", LABELS, ["mean", "sum"])]:
        for smoothing in SMOOTHING:
            for reduction in reductions:
                loss = create_loss(name, reduction=reduction, label_smoothing=smoothing)
                loss.set_train()
                value, grad = ms.value_and_grad(lambda x: loss(x, Tensor(target)))(Tensor(LOGITS))
                yield {"loss": name, "smoothing": smoothing, "reduction": reduction, "soft": target is SOFT, "value": float(value.asnumpy()), "grad": grad.asnumpy().astype(float).tolist()}


def timm():
    import torch
    from timm.loss import JsdCrossEntropy

    for smoothing in SMOOTHING:
        x = torch.tensor(LOGITS, dtype=torch.float64, requires_grad=True)
        value = JsdCrossEntropy(num_splits=3, alpha=12, smoothing=smoothing)(x, torch.tensor(LABELS, dtype=torch.long))
        value.backward()
        yield {"loss": "timm jsd", "smoothing": smoothing, "reduction": "mean", "soft": False, "value": value.item(), "grad": x.grad.tolist()}


old = json.loads(PATH.read_text())["cases"] if PATH.exists() else []
new = list(globals()[sys.argv[1]]())
names = {c["loss"] for c in new}
PATH.write_text(json.dumps({"logits": LOGITS.astype(float).tolist(), "labels": LABELS.tolist(), "targets": SOFT.astype(float).tolist(),
                            "cases": [c for c in old if c["loss"] not in names] + new}, indent=1) + "\n")
