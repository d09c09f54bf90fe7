"""Writes erasing.json: what MindSpore's RandomErasing makes of pictures, with the random numbers that it drew.

Run in this folder with MindSpore's Python. The operation is MindSpore's own, as MindCV's recipes use it: on normalised numbers, channels first.
"""
import json
import random

import numpy as np
from mindspore.dataset import vision

import generator

MEAN, STD = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])


def recorded(seed):
    """Draw as before, and keep every number on its way. Places are kept as they are, the rest as numbers between 0 and 1."""
    drawn, source, noise = {"unit": [], "place": [], "noise": []}, random.Random(seed), np.random.RandomState(seed)

    def unit():
        drawn["unit"].append(source.random())
        return drawn["unit"][-1]

    def place(lo, hi):
        drawn["place"].append([source.randint(lo, hi), hi - lo + 1])
        return drawn["place"][-1][0]

    def normal(loc, scale, size):
        values = np.round(noise.normal(loc, scale, size), 4)  # four digits keep the file small
        drawn["noise"] += values.transpose(1, 2, 0).reshape(-1).tolist()
        return values

    random.random, random.randint, np.random.normal = unit, place, normal
    random.uniform = lambda lo, hi: lo + (hi - lo) * unit()
    return drawn


def cases():
    """Yield pictures of several shapes with every kind of filling, and rectangles that seldom or never fit."""
    usual = dict(prob=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), max_attempts=10)
    large = dict(prob=1.0, scale=(0.6, 1.0), ratio=(0.2, 5.0), max_attempts=3)
    never = dict(prob=1.0, scale=(0.9, 1.0), ratio=(3.0, 3.3), max_attempts=2)
    fillings = [0, 2, (1, 0, 2)]
    seed = 0
    for settings, times in ((usual, 12), (large, 8), (never, 1)):
        for width, height in ((16, 16), (21, 13)):
            for value in fillings:
                for _ in range(times):
                    seed += 1
                    yield settings, width, height, value, seed
    for seed in range(900, 906):
        yield dict(usual, prob=1.0), 16, 12, "random", seed


def main():
    """Write the cases, each with its result: the box that changed and what stands in it."""
    out = []
    for settings, width, height, value, seed in cases():
        pixels = generator.images("erasing", 1, 24)[0][:height, :width].astype(np.float64)
        before = ((pixels - MEAN) / STD).transpose(2, 0, 1)
        drawn = recorded(seed)
        after = vision.RandomErasing(value=value, **settings)(before)
        rows, columns = np.nonzero((after != before).any(axis=0))
        case = dict(settings, width=width, height=height, value=str(value) if isinstance(value, str) else list(np.broadcast_to(value, 3).astype(float)), **drawn)
        if len(rows):
            y, x, h, w = int(rows.min()), int(columns.min()), int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
            case["box"] = [x, y, w, h]
            inside = after[:, y:y + h, x:x + w].transpose(1, 2, 0).reshape(-1, 3)
            case["inside"] = inside[:1].tolist() if (inside == inside[0]).all() else inside.tolist()
        out.append(case)
    with open("erasing.json", "w") as f:
        f.write("[" + ",\n".join(json.dumps(c) for c in out) + "]\n")


if __name__ == "__main__":
    main()
