"""Writes augment.json: checksums of what MindSpore's image operators make of generated pictures.

Every operator that MindCV's policies use (auto_augment.py), called as they call it, with fixed parameters. Run in this folder
with MindSpore's Python (README.md); an argument names a folder for the pictures themselves, to look for differences.
"""
import json
import sys
import zlib

import mindspore
import numpy as np
from mindspore.dataset import vision
from mindspore.dataset.vision import Inter

import generator

FILL = (124, 116, 104)  # the rounded mean, which MindCV fills with
SIZES = [(64, 48), (37, 53), (7, 9)]
INTER = {"nearest": Inter.NEAREST, "bilinear": Inter.BILINEAR, "bicubic": Inter.BICUBIC, "area": Inter.AREA}


def pictures():
    """Yield name, width, height, uint8 HWC: a lively and a dull picture in every size."""
    for w, h in SIZES:
        whole = generator.images("augment", 1, max(w, h))[0]
        lively = np.ascontiguousarray(whole[:h, :w])
        yield "lively", w, h, lively
        yield "dull", w, h, (60 + lively // 3).astype(np.uint8)


def operators():
    """Yield name, parameter, interpolation, operator."""
    for level in (0.3, -0.17, 0.99, 25.0):
        for name, inter in INTER.items():
            yield "shear_x", level, name, vision.RandomAffine(degrees=0, shear=(-level, -level), resample=inter, fill_value=FILL)
            yield "shear_y", level, name, vision.RandomAffine(degrees=0, shear=(0, 0, level, level), resample=inter, fill_value=FILL)
    for level in (0.45, -0.2213, 0.0):
        for name, inter in INTER.items():
            yield "translate_x", level, name, vision.RandomAffine(degrees=0, translate=(level, level), resample=inter, fill_value=FILL)
            yield "translate_y", level, name, vision.RandomAffine(degrees=0, translate=(0, 0, level, level), resample=inter, fill_value=FILL)
    for level in (27.5, -30.0, 0.0, 131.0):
        for name, inter in INTER.items():
            yield "rotate", level, name, vision.RandomRotation(degrees=(level, level), resample=inter, fill_value=FILL)
    yield "auto_contrast", 0, "", vision.AutoContrast()
    yield "invert", 0, "", vision.Invert()
    yield "equalize", 0, "", vision.Equalize()
    for t in (0, 1, 100, 255):
        yield "solarize", t, "", vision.RandomSolarize(threshold=(t, t))
    for bits in (1, 4, 6, 8):
        yield "posterize", bits, "", vision.RandomPosterize(bits=(bits, bits))
    for f in (0.0, 0.1, 0.5, 0.999, 1.0, 1.37, 1.9):
        yield "contrast", f, "", vision.RandomColorAdjust(contrast=(f, f))
        yield "brightness", f, "", vision.RandomColorAdjust(brightness=(f, f))
        yield "color", f, "", vision.RandomColor(degrees=(f, f))
        yield "sharpness", f, "", vision.RandomSharpness(degrees=(f, f))
    for sigma in (0.1, 0.5, 1.0, 1.7, 2.0):
        yield "blur", sigma, "", vision.GaussianBlur(kernel_size=3, sigma=sigma)


def resized():
    """Yield filter, source and target of every way of resizing, on pictures and on parts of them."""
    shapes = [(64, 48, 32, 32), (64, 48, 33, 21), (37, 53, 64, 64), (37, 53, 12, 20), (48, 48, 24, 24), (64, 48, 16, 12), (63, 63, 21, 21), (60, 40, 61, 39), (40, 30, 20, 31)]
    for name, inter in (("nearest", Inter.NEAREST), ("bicubic", Inter.BICUBIC), ("area", Inter.AREA), ("pilcubic", Inter.PILCUBIC)):
        for shape in shapes:
            yield name, inter, shape


def main(folder):
    out = []
    for op, arg, inter, apply in operators():
        for name, w, h, picture in pictures():
            made = apply(picture.copy())
            assert made.shape == picture.shape and made.dtype == np.uint8, (op, made.shape, made.dtype)
            out.append({"op": op, "arg": arg, "inter": inter, "picture": name, "w": w, "h": h, "crc32": zlib.crc32(made.tobytes())})
            if folder:
                made.tofile(f"{folder}/{op},{arg},{inter},{name},{w}.rgb")
    for name, inter, (w, h, tw, th) in resized():
        whole = generator.images("augment", 1, max(w, h))[0]
        made = vision.Resize((th, tw), inter)(np.ascontiguousarray(whole[:h, :w]))
        out.append({"op": "resize", "inter": name, "w": w, "h": h, "tw": tw, "th": th, "crc32": zlib.crc32(made.tobytes())})
        if folder:
            made.tofile(f"{folder}/resize,{name},{w},{h},{tw},{th}.rgb")
    with open("augment.json", "w") as f:
        f.write(json.dumps({"made_by": f"MindSpore {mindspore.__version__}"})[:-1] + ', "cases": [\n')
        f.write(",\n".join(json.dumps(c) for c in out) + "\n]}\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
