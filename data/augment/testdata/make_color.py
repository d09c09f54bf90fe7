"""Writes color.json: checksums of what OpenCV makes of all colours of a grid, with the formulas of MindSpore's operators.

Made with Python 3.11, opencv-python-headless 4.6.0.66 and NumPy 1.26. Run in this folder: python make_color.py
"""
import json, sys, zlib
import cv2
import numpy as np

f32 = np.float32


def cube(step):
    """All colours whose components are multiples of step, as one picture; red changes slowest."""
    v = np.arange(0, 256, step, dtype=np.uint8)
    return np.ascontiguousarray(np.stack(np.meshgrid(v, v, v, indexing="ij"), -1).reshape(len(v), -1, 3))


def brightness(img, alpha):
    return cv2.convertScaleAbs(img, alpha=float(f32(alpha)))  # values are positive: the same as convertTo


def weighted(base, img, alpha):
    a = float(f32(alpha))
    return cv2.addWeighted(base, 1 - a, img, a, 0)


def contrast(img, alpha):
    mean = int(cv2.mean(cv2.cvtColor(img, cv2.COLOR_RGB2GRAY))[0] + 0.5)
    return weighted(np.full_like(img, mean), img, alpha)


def saturation(img, alpha):
    grey = cv2.cvtColor(cv2.cvtColor(img, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return weighted(grey, img, alpha)


def hue(img, h):
    hsv = cv2.cvtColor(img, cv2.COLOR_RGB2HSV_FULL)
    hsv[:, :, 0] += np.uint8(int(f32(h) * f32(255)) % 256)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL)


def cases(step):
    img = cube(step)
    for op, factors in [
        (brightness, [0, 0.6, 0.87654, 1, 1.2345, 1.4, 2]),
        (contrast, [0, 0.6, 0.87654, 1, 1.2345, 1.4, 2]),
        (saturation, [0, 0.6, 0.87654, 1, 1.2345, 1.4, 2]),
        (hue, [-0.5, -0.25, -0.1, 0, 0.05, 0.2, 0.5]),
    ]:
        for factor in factors:
            yield op.__name__, factor, op(img, factor)


if __name__ == "__main__":
    if len(sys.argv) > 1:  # whole pictures, to look for differences
        for name, factor, out in cases(5):
            out.tofile(f"{sys.argv[1]}/{name}{factor}.rgb")
    out = [{"op": n, "factor": f, "step": s, "crc32": zlib.crc32(o.tobytes())} for s in (5,) for n, f, o in cases(s)]
    with open("color.json", "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c) for c in out) + "\n]\n")
