"""Writes policy.json: what MindCV's policies, mixing and samplers decide, with chance taken out.

Run in this folder with MindSpore's Python, with the path of MindCV's folder mindcv/data (main of July 2025) as argument.
"""
import importlib.util
import json
import random
import sys

import numpy as np

import generator


def load(name):
    """Load one file of MindCV without its package, which wants more than this needs."""
    spec = importlib.util.spec_from_file_location(name, f"{sys.argv[1]}/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def levels(aa):
    """Yield the argument of every operation at magnitudes, for both signs."""
    situations = {"plain": {}, "wide": {"trivialaugwide": True, "magnitude_max": 31}, "augmix": {"translate_pct": 0.3}}
    for situation, hparams in situations.items():
        top = 31 if situation == "wide" else 10
        for name, level in aa.LEVEL_TO_ARG.items():
            if level is None:
                continue
            for part in (0, 0.1, 0.33, 0.5, 0.71, 0.9, 1):
                pair = []
                for draw in (0.0, 0.9):  # _randomly_negate negates above 0.5
                    random.random = lambda: draw
                    pair.append(level(part * top, hparams)[0])
                yield {"situation": situation, "name": name, "magnitude": part * top, "plus": pair[0], "minus": pair[1]}


def tables(aa):
    """The steps of every policy."""
    def step(op):
        return [op.name, op.prob, op.magnitude]
    out = {}
    for text in ("autoaug", "autoaugr", "3a"):
        out[text] = [[step(op) for op in sub] for sub in aa.auto_augment_transform(text, {"img_mean": (1, 2, 3)}).policy]
    for text in ("randaug-m7-n3-mstd0.5-inc1", "randaug-w0", "randaug"):
        made = aa.rand_augment_transform(text, {})
        out[text] = [[step(op) for op in made.ops], made.num_layers, None if made.choice_weights is None else list(made.choice_weights)]
    out["trivialaugwide"] = [step(op) for op in aa.trivial_augment_wide_transform("trivialaugwide", {}).ops]
    made = aa.augment_and_mix_transform("augmix-m5-w4-d2", {})
    out["augmix-m5-w4-d2"] = [[step(op) for op in made.ops], made.width, made.depth, made.alpha]
    return out


def mixed(aa):
    """AugMix with given weights and operations that need no chance."""
    made = aa.augment_and_mix_transform("augmix", {})
    weights, part = [0.5, 0.2, 0.3], 0.7
    chains = [["Invert"], ["Equalize", "Invert"], ["AutoContrast"]]
    turn = iter(chains)
    np.random.dirichlet = lambda a: np.array(weights)
    np.random.beta = lambda a, b: part
    np.random.choice = lambda ops, n, replace: [lambda img, f=aa.NAME_TO_OP[name]: f(img) for name in next(turn)]
    picture = generator.images("augment", 1, 64)[0]
    return {"weights": weights, "part": part, "chains": chains, "picture": made(picture).astype(np.float64).reshape(-1)[:600].tolist()}


def batches(mx):
    """Mixup and cutmix of a batch, with the ratio and the box given."""
    def run(images, labels, lam, cut):
        m = mx.Mixup(mixup_alpha=0.0 if cut else 1.0, cutmix_alpha=1.0 if cut else 0.0, prob=1.0, label_smoothing=0.0, num_classes=5)
        np.random.rand, np.random.beta = (lambda: 0.0), (lambda a, b: lam)
        centre = iter((cut or (0, 0)))
        np.random.randint = lambda lo, hi, size=None: next(centre)
        x, t = m(images.transpose(0, 3, 1, 2).astype(np.float32).copy(), labels)
        return x.transpose(0, 2, 3, 1), t
    images, labels = generator.images("mix", 4, 12), np.array([0, 3, 2, 1])
    for lam, cut in ((0.7, None), (0.25, None), (1.0, None), (0.6, (5, 6)), (0.6, (0, 11)), (0.05, (11, 3)), (0.97, (4, 4))):
        x, t = run(images, labels, lam, cut)
        yield {"lam": lam, "centre": cut, "pixels": np.float32(x).reshape(-1).tolist() if cut is None else x.astype(int).reshape(-1).tolist(), "targets": t.tolist()}


def orders(ds):
    """The order of repeated augmentation, without shuffling."""
    for n, ranks, repeats in ((10, 1, 3), (10, 2, 3), (7, 3, 2), (8, 4, 1)):
        yield {"n": n, "ranks": ranks, "repeats": repeats, "indices": [
            list(map(int, ds.RepeatAugSampler(n, num_shards=ranks, rank_id=r, shuffle=False, num_repeats=repeats, selected_round=0))) for r in range(ranks)]}


def main():
    ds, mx, aa = load("distributed_sampler"), load("mixup"), load("auto_augment")
    out = {"levels": list(levels(aa)), "tables": tables(aa), "orders": list(orders(ds)), "augmix": mixed(aa), "batches": list(batches(mx))}
    with open("policy.json", "w") as f:
        f.write("{" + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in out.items()) + "}\n")


if __name__ == "__main__":
    main()
