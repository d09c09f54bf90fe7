"""Writes mindspore/*.ckpt and mindspore/logits.safetensors: MindCV's mobilenet_v2_035_224 with 10 classes and generated
weights, saved by the real MindSpore, and the logits that MindSpore computes.

Run from the repository root with a Python that has mindspore and mindcv: python testdata/golden/make_mindspore.py
README.md ("MindSpore") says what is in each file.
"""
import math
import os
import shutil
import stat
import tempfile

import mindcv
import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn

import generator
import tensorfile

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mindspore")
MODEL, CLASSES, SIZE = "mobilenet_v2_035_224", 10, 64


def generated(name, shape):
    """Return the values of the tensor that MindCV calls name."""
    if len(shape) == 4:
        return generator.fill(name, shape, math.sqrt(24.0 / (shape[1] * shape[2] * shape[3])))
    if name.startswith("classifier."):
        return generator.fill(name, shape, 0.1)
    scale, offset = {"gamma": (0.4, 1.0), "beta": (0.2, 0.0), "moving_mean": (0.2, 0.0),
                     "moving_variance": (0.5, 1.0)}[name.rsplit(".", 1)[1]]
    return generator.fill(name, shape, scale, offset)


def network():
    net = mindcv.create_model(MODEL, num_classes=CLASSES)
    for p in net.get_parameters():
        p.set_data(Tensor(generated(p.name, p.shape)))
    return net.set_train(False)


def save(what, name, **options):
    """Save with MindSpore and tell how: size and mode bits."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name)
        ms.save_checkpoint(what, path, **options)
        print(f"{name}: {os.path.getsize(path)} bytes, mode {stat.S_IMODE(os.stat(path).st_mode):04o}")
        shutil.copyfile(path, os.path.join(OUT, name))


def entry(name, values, dtype=None):
    return {"name": name, "data": Tensor(values, dtype) if dtype else Tensor(values)}


def start_of(net):
    """Return the tensors of the stem and the first block as save_checkpoint takes them."""
    return [entry(p.name, p.asnumpy()) for p in net.get_parameters()
            if p.name.startswith(("features.0.", "features.1.", "features.3."))]


def with_optimizer(net):
    """Train two steps (three are scheduled) with momentum and return a whole training cell as train.py saves it."""
    schedule = [0.1, 0.05, 0.025]
    optimizer = nn.Momentum(net.trainable_params(), learning_rate=schedule, momentum=0.9, weight_decay=4e-5)
    cell = nn.TrainOneStepCell(nn.WithLossCell(net, nn.CrossEntropyLoss(label_smoothing=0.1)), optimizer)
    cell.set_train()
    for step in range(2):
        stream = f"mindspore.step{step}"
        x = generator.normalised(generator.images(stream, 4, SIZE))
        cell(Tensor(x), Tensor(generator.labels(stream + ".labels", 4, CLASSES).astype(np.int32)))
    return cell


def odd():
    """Return one tensor of every kind: types, scalars, empty names' neighbours, text."""
    half = generator.fill("odd", (2, 3), 2.0)
    return [entry("float16", half.astype(np.float16)), entry("float64", half.astype(np.float64)),
            entry("bfloat16", half, ms.bfloat16), entry("int8", np.array([-128, -1, 0, 127], np.int8)),
            entry("uint8", np.array([0, 255], np.uint8)), entry("int32", np.array([-2, 3], np.int32)),
            entry("int64", np.array([1 << 40], np.int64)), entry("bool", np.array([True, False])),
            entry("scalar", np.float32(0.5)), entry("scalar_int", np.int32(7)), entry("one", np.array([0.25], np.float32)),
            entry("1x1x3", np.array([[[1, 2, 3]]], np.float32))]


def main():
    os.makedirs(OUT, exist_ok=True)
    ms.set_context(mode=ms.PYNATIVE_MODE)
    ms.set_device("CPU")
    ms.set_seed(1)
    net = network()
    x = generator.normalised(generator.images("mindspore", 2, SIZE))
    logits = net(Tensor(x)).asnumpy()
    save(net, "mobilenet_v2_035_224.ckpt")
    save(start_of(net), "start_crc.ckpt", crc_check=True)
    save(odd(), "odd.ckpt")
    cell = with_optimizer(net)
    keep = ("features.0.", "features.1.", "classifier.1.bias", "moments.features.0.", "moments.features.1.",
            "moments.classifier.1.bias", "momentum", "global_step", "learning_rate")
    state = {p.name: p for p in cell.get_parameters()}
    print(len(state), "tensors in a training cell; besides the network's:", sorted(k for k in state if not k.startswith(
        ("features.", "classifier.", "moments."))), "scalars:", [k for k, p in state.items() if p.shape == ()])
    kept = {k: p for k, p in state.items() if k.startswith(keep)}
    save([{"name": k, "data": p} for k, p in kept.items()], "training.ckpt")
    tensors = {"logits": logits}
    tensors.update({"training/" + k: p.asnumpy() for k, p in kept.items()})
    tensors.update({"odd/" + e["name"]: e["data"].astype(ms.float32).asnumpy() if e["name"] == "bfloat16" else e["data"].asnumpy()
                    for e in odd() if e["name"] != "bool"})
    meta = dict(made_by=f"make_mindspore.py, MindSpore {ms.__version__}, MindCV {mindcv.__version__}", model=MODEL, classes=CLASSES,
                input=dict(stream="mindspore", batch=2, size=SIZE))
    tensorfile.write(os.path.join(OUT, "logits.safetensors"), tensors, meta)


if __name__ == "__main__":
    main()
