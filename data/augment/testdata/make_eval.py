"""Writes eval.json: checksums of evaluation pictures, by torchvision's arithmetic on Pillow and MindSpore's on OpenCV.

torchvision's Resize and CenterCrop are restated from torchvision 0.2x (transforms/functional.py), MindSpore's from its C++
operators Resize and CenterCrop. Made with Python 3.11, opencv-python-headless 4.6.0.66, Pillow 9.5.0, NumPy 1.26.
Run in this folder: python make_eval.py
"""
import json, math, zlib
import cv2
import numpy as np
from PIL import Image

f32 = np.float32


def pattern(w, h):
    """Colour value (37x + 91y + 13xy + 50c) mod 256."""
    y, x, c = np.mgrid[0:h, 0:w, 0:3]
    return ((37 * x + 91 * y + 13 * x * y + 50 * c) % 256).astype(np.uint8)


def torchvision(img, size, pct, filter):
    img, short = Image.fromarray(img), math.floor(size / pct)
    w, h = img.size
    new_short, new_long = short, int(short * max(w, h) / min(w, h))
    new = (new_short, new_long) if w <= h else (new_long, new_short)
    img = img.resize(new, filter)
    w, h = new
    if size > w or size > h:
        left, top = (size - w) // 2 if size > w else 0, (size - h) // 2 if size > h else 0
        padded = Image.new("RGB", (max(size, w), max(size, h)))
        padded.paste(img, (left, top))
        img, (w, h) = padded, padded.size
    top, left = int(round((h - size) / 2.0)), int(round((w - size) / 2.0))
    return np.asarray(img.crop((left, top, left + size, top + size)))


def mindspore(img, size, pct):
    h, w = img.shape[:2]
    short = math.floor(size / pct)
    rounded = lambda a, b: int(math.floor(float(f32(a) / f32(b) * f32(short)) + 0.5))
    new = (rounded(w, h), short) if h < w else (short, rounded(h, w))
    img = cv2.resize(img, new, interpolation=cv2.INTER_LINEAR)
    h, w = img.shape[:2]
    top, left = max(size - h, 0), max(size - w, 0)
    img = np.pad(img, ((top // 2 + top % 2, top // 2), (left // 2 + left % 2, left // 2), (0, 0)))
    h, w = img.shape[:2]
    top, left = (h - size) // 2, (w - size) // 2
    return img[top:top + size, left:left + size]


cases = []
for w, h in [(500, 375), (375, 500), (333, 500), (400, 257), (61, 60), (60, 61), (97, 13), (8, 77), (224, 224)]:
    for size, pct in [(224, 0.875), (160, 0.875), (96, 1.0), (45, 1.7)]:
        src = pattern(w, h)
        for name, out in [
            ("cv2-linear", mindspore(src, size, pct)),
            ("pil-bilinear", torchvision(src, size, pct, Image.BILINEAR)),
            ("pil-bicubic", torchvision(src, size, pct, Image.BICUBIC)),
        ]:
            crc = zlib.crc32(np.ascontiguousarray(out).tobytes())
            cases.append({"w": w, "h": h, "size": size, "crop_pct": pct, "filter": name, "crc32": crc})
with open("eval.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
