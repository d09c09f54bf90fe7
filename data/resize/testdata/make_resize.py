"""Writes resize.json: checksums of a pattern resized by OpenCV and Pillow between many sizes.

Made with Python 3.11, opencv-python-headless 4.6.0.66, Pillow 9.5.0, NumPy 1.26. Run in this folder: python make_resize.py
"""
import json, random, zlib
import cv2
import numpy as np
from PIL import Image


def pattern(w, h):
    """Colour value (37x + 91y + 13xy + 50c) mod 256."""
    y, x, c = np.mgrid[0:h, 0:w, 0:3]
    return ((37 * x + 91 * y + 13 * x * y + 50 * c) % 256).astype(np.uint8)


def pillow(filter):
    return lambda img, size: np.asarray(Image.fromarray(img).resize(size, filter))


FILTERS = {
    "cv2-linear": lambda img, size: cv2.resize(img, size, interpolation=cv2.INTER_LINEAR),
    "pil-bilinear": pillow(Image.BILINEAR),
    "pil-bicubic": pillow(Image.BICUBIC),
}


def sizes():
    yield from [((1, 1), (5, 3)), ((2, 2), (1, 1)), ((1, 90), (40, 7)), ((64, 48), (32, 24)), ((28, 28), (224, 224))]
    yield from [((32, 32), (224, 224)), ((500, 375), (341, 256)), ((300, 200), (300, 77)), ((300, 200), (77, 200))]
    r = random.Random(1)
    for _ in range(31):
        yield (r.randint(1, 400), r.randint(1, 300)), (r.randint(1, 260), r.randint(1, 260))


cases = []
for src, dst in sizes():
    out = {"src": src, "dst": dst}
    for name, resize in FILTERS.items():
        out[name] = zlib.crc32(np.ascontiguousarray(resize(pattern(*src), dst)).tobytes())
    cases.append(out)
with open("resize.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
