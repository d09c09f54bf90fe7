"""Writes inference.safetensors: logits of trained MobileNetV2 1.0 weights on real pictures and on a generated input, by PyTorch
in float64 and float32 and by ONNX Runtime.

Run from the repository root: python testdata/golden/make_inference.py [--all] [folder of shared data]
--all also measures top-1, top-5 and cross-entropy over all pictures. README.md ("Inference") says what is in the file.
"""
import glob
import hashlib
import io
import json
import os
import sys
import zlib

import numpy as np
import onnxruntime
import PIL
import torch
from PIL import Image

import generator
import tensorfile
import torchnet

HERE = os.path.dirname(os.path.abspath(__file__))
PICTURES = ["n01440764", "n01601694", "n02091831", "n02493793", "n03028079", "n07747607"]  # or the next folder that exists
KEPT = 32


def crop(path):
    """Return uint8 [224, 224, 3]: shorter side to 256 by Pillow's bilinear (long side cut to an integer), centre."""
    with Image.open(path) as image:
        image = image.convert("RGB")
    w, h = image.size
    size = (256, int(256 * h / w)) if w <= h else (int(256 * w / h), 256)
    image = image.resize(size, Image.Resampling.BILINEAR)
    left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
    return np.asarray(image.crop((left, top, left + 224, top + 224)))


def single_onnx(net):
    """Return an ONNX Runtime session of net."""
    buffer = io.BytesIO()
    torch.onnx.export(net, torch.zeros(1, 3, 224, 224), buffer, input_names=["input"], output_names=["logits"], dynamo=False)
    return onnxruntime.InferenceSession(buffer.getvalue(), providers=["CPUExecutionProvider"])


def find(shared):
    """Return {class folder: (index, picture)} for all pictures."""
    with open(os.path.join(shared, "imagenet-sample", "imagenet_class_index.json")) as f:
        index = {v[0]: int(k) for k, v in json.load(f).items()}
    files = sorted(glob.glob(os.path.join(shared, "imagenet-sample", "val", "*", "*")))
    return {os.path.basename(os.path.dirname(f)): (index[os.path.basename(os.path.dirname(f))], f) for f in files}


def logits_of(exact, single, session, x):
    """Return float64, float32 and ONNX Runtime logits of one float32 NCHW picture."""
    with torch.no_grad():
        a = exact(torch.from_numpy(x).double())[0].numpy()
        b = single(torch.from_numpy(x))[0].numpy()
    c = session.run(None, {"input": x})[0][0]
    spread = a.std()
    print(f"  spread {spread:.3f}, float32 off by {np.abs(b - a).max() / spread:.1e}, ONNX Runtime by "
          f"{np.abs(c - a).max() / spread:.1e} of it", flush=True)
    return a, b, c


def measure(single, found):
    """Print top-1, top-5 and mean cross-entropy over all pictures."""
    top1 = top5 = loss = 0
    for label, path in found.values():
        with torch.no_grad():
            out = single(torch.from_numpy(generator.normalised(crop(path)[None])))[0].double()
        best = out.topk(5).indices.tolist()
        top1, top5 = top1 + (best[0] == label), top5 + (label in best)
        loss += -torch.log_softmax(out, 0)[label].item()
    n = len(found)
    print(f"{n} pictures: top-1 {100 * top1 / n:.2f} %, top-5 {100 * top5 / n:.2f} %, cross-entropy {loss / n:.4f}")
    return dict(images=n, top1=100 * top1 / n, top5=100 * top5 / n, loss=loss / n)


def main(arguments):
    folders = [a for a in arguments if a != "--all"]
    shared = folders[0] if folders else os.path.join(HERE, "..", "..", "..", "shared", "data")
    file = os.path.join(shared, "weights", "mobilenet_v2_100-imagenet.pth")
    weights = torch.load(file, map_location="cpu")
    single = torchnet.MobileNetV2(1.0, 1000)
    single.load_state_dict(weights)
    exact = torchnet.MobileNetV2(1.0, 1000).double()
    exact.load_state_dict(weights)
    single.eval(), exact.eval()
    session, found = single_onnx(single), find(shared)
    out, pictures = {}, []
    folder_names = sorted(found)
    for i, wanted in enumerate(PICTURES):
        label, path = found[next(f for f in folder_names if f >= wanted)]
        pixels = crop(path)
        print(os.path.basename(path))
        a, b, c = logits_of(exact, single, session, generator.normalised(pixels[None]))
        at = np.arange(1000) if i == 0 else np.unique(np.concatenate([np.argsort(-a)[:5], np.arange(KEPT) * 31]))
        pictures.append(dict(file=os.path.relpath(path, shared).replace(os.sep, "/"), label=label, crc32=zlib.crc32(pixels.tobytes()),
                             first=pixels[0, 0].tolist(), top5=np.argsort(-a)[:5].tolist(), spread=float(a.std()), mean=float(a.mean())))
        out.update({f"{i}.index": at.astype(np.int64), f"{i}.f64": a[at], f"{i}.f32": b[at], f"{i}.ort": c[at]})
    print("generated input")
    a, b, c = logits_of(exact, single, session, generator.normalised(generator.images("inference", 1, 224)))
    out.update({"generated.f64": a, "generated.f32": b, "generated.ort": c})
    meta = dict(made_by=f"make_inference.py, PyTorch {torch.__version__}, ONNX Runtime {onnxruntime.__version__}, Pillow {PIL.__version__}",
                pictures=pictures, generated=dict(stream="inference", size=224, spread=float(a.std())))
    with open(file, "rb") as f:
        meta["weights"] = dict(file="weights/mobilenet_v2_100-imagenet.pth", sha256=hashlib.sha256(f.read()).hexdigest())
    if "--all" in arguments:
        meta["all"] = measure(single, found)
    tensorfile.write(os.path.join(HERE, "inference.safetensors"), out, meta)


if __name__ == "__main__":
    main(sys.argv[1:])
