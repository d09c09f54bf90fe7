"""Compares input pipelines on one core: JPEG file to a random crop of 224 x 224 pixels, mirrored half the time, as bytes. The programs take
turns; the table has the median rate of each and its ratio to the first.

  pipeline.py --data DIR --mnv2 bin/mnv2 [--mnv2-cgo bin/mnv2-cgo] [--python NAME=PYTHON ...] [--rounds 5] [--seconds 3]

DIR has train/CLASS/*.JPEG. --python runs the cases that its packages allow in another Python:
pillow (or Pillow-SIMD), cv2, torchvision. Photographs only: files that are no RGB JPEG are left out by all.
"""
import argparse
import json
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time


def crop(rng, w, h):
    """The rectangle of Inception training: area 0.08 to 1, ratio 3/4 to 4/3."""
    for _ in range(10):
        area = w * h * rng.uniform(0.08, 1)
        ratio = math.exp(rng.uniform(math.log(0.75), math.log(4 / 3)))
        cw, ch = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < cw <= w and 0 < ch <= h:
            return rng.randint(0, w - cw), rng.randint(0, h - ch), cw, ch
    return 0, 0, w, h


def with_cv2(rng):
    import cv2
    cv2.setNumThreads(1)

    def one(path):
        image = cv2.imread(path, cv2.IMREAD_COLOR_RGB)
        x, y, w, h = crop(rng, image.shape[1], image.shape[0])
        out = cv2.resize(image[y : y + h, x : x + w], (224, 224), interpolation=cv2.INTER_LINEAR)
        return cv2.flip(out, 1) if rng.random() < 0.5 else out

    return one


def with_pillow(rng):
    import numpy
    from PIL import Image

    def one(path):
        with Image.open(path) as image:
            image = image.convert("RGB")
        x, y, w, h = crop(rng, *image.size)
        out = image.resize((224, 224), Image.BILINEAR, box=(x, y, x + w, y + h))
        return numpy.asarray(out.transpose(Image.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else out)

    return one


def with_torchvision(rng, antialias):
    import torch
    from torchvision.io import ImageReadMode, decode_jpeg, read_file
    from torchvision.transforms.v2 import functional as F
    torch.set_num_threads(1)

    def one(path):
        image = decode_jpeg(read_file(path), mode=ImageReadMode.RGB)
        x, y, w, h = crop(rng, image.shape[2], image.shape[1])
        out = F.resized_crop(image, y, x, h, w, [224, 224], antialias=antialias)
        return F.horizontal_flip(out) if rng.random() < 0.5 else out

    return one


CASES = {"cv2": with_cv2, "pillow": with_pillow, "torchvision": lambda rng: with_torchvision(rng, False),
         "torchvision antialias": lambda rng: with_torchvision(rng, True)}


def measure(case, data, seconds):
    """Runs in a process of its own; prints the rate in pictures a second."""
    rng = random.Random(1)
    one = CASES[case](rng)
    files = sorted(str(p) for p in pathlib.Path(data).glob("train/*/*"))
    files = [f for f in files if open(f, "rb").read(3) == b"\xff\xd8\xff"]
    rng.shuffle(files)
    for f in files[:50]:
        one(f)
    n, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        one(files[n % len(files)])
        n += 1
    print(n / (time.perf_counter() - start))


def mnv2_rate(binary, data, seconds, jpeg):
    command = [binary, "bench", "--cases", "input", "--threads", "1", "--seconds", str(seconds), "--format", "json", "--device", "cpu",
               "--data_dir", data, "--color_jitter", "None"]
    out = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "MNV2_JPEG": jpeg, "GOMAXPROCS": "1"}).stdout
    return json.loads(out.strip().splitlines()[-1])["images_per_sec"]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", required=True)
    p.add_argument("--mnv2", required=True)
    p.add_argument("--mnv2-cgo")
    p.add_argument("--python", action="append", default=[], help="NAME=PYTHON, besides this one")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=3)
    p.add_argument("--measure", help=argparse.SUPPRESS)
    o = p.parse_args()
    if o.measure:
        measure(o.measure, o.data, o.seconds)
        return
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    programs = {"mnv2, pure Go": lambda: mnv2_rate(o.mnv2, o.data, o.seconds, "go")}
    if o.mnv2_cgo:
        programs["mnv2, libjpeg-turbo"] = lambda: mnv2_rate(o.mnv2_cgo, o.data, o.seconds, "turbo")
    for name, python in [("", sys.executable)] + [v.split("=", 1) for v in o.python]:
        for case in CASES:
            def run(python=python, case=case):
                command = [python, __file__, "--data", o.data, "--mnv2", "-", "--seconds", str(o.seconds), "--measure", case]
                return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            try:
                run()
            except subprocess.CalledProcessError as e:
                print(f"left out: {case} {name}: {e.stderr.strip().splitlines()[-1]}", file=sys.stderr)
                continue
            programs[f"{case} {name}".strip()] = run
    rates = {name: [] for name in programs}
    for _ in range(o.rounds):
        for name, run in programs.items():
            rates[name].append(run())
    first = next(iter(rates))
    print(f"{'pipeline':28} {'median img/s':>12} {'lowest':>8} {'highest':>8} {'ratio to ' + first:>24}")
    for name, list_ in rates.items():
        ratio = statistics.median(a / b for a, b in zip(list_, rates[first]))
        print(f"{name:28} {statistics.median(list_):12.0f} {min(list_):8.0f} {max(list_):8.0f} {ratio:24.2f}")


if __name__ == "__main__":
    main()
