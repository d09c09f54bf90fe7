"""Trains MobileNetV2 in PyTorch on an image folder with the settings of `mnv2 train`, for curves beside mnv2's: a JSON line per
epoch with the mean training loss, validation accuracy and seconds. Needs torch, numpy and opencv-python-headless.

  curves.py --data cifar10 --size 32 --epochs 10 --batch 64 --lr 0.05 --seed 1 --out torch-1.jsonl
"""
import argparse
import json
import math
import pathlib
import time

import cv2
import numpy as np
import torch
from torch import nn

from network import MobileNetV2


def pictures(folder):
    """All pictures of FOLDER/CLASS/* as RGB bytes, decoded once, and their labels in the order of the class names."""
    classes = sorted(p.name for p in folder.iterdir())
    images, labels = [], []
    for label, name in enumerate(classes):
        for file in sorted((folder / name).iterdir()):
            images.append(cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB))
            labels.append(label)
    return images, np.array(labels), classes


def random_resized_crop(image, size, scale, rng):
    """The crop of Inception training (area within scale, ratio 3/4 to 4/3), resized bilinearly, mirrored half the time."""
    h, w = image.shape[:2]
    for _ in range(10):
        area = h * w * rng.uniform(*scale)
        ratio = math.exp(rng.uniform(math.log(0.75), math.log(4 / 3)))
        cw, ch = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < cw <= w and 0 < ch <= h:
            top, left = rng.integers(0, h - ch + 1), rng.integers(0, w - cw + 1)
            break
    else:
        top, left, ch, cw = 0, 0, h, w
    out = cv2.resize(image[top : top + ch, left : left + cw], (size, size), interpolation=cv2.INTER_LINEAR)
    return out[:, ::-1] if rng.random() < 0.5 else out


def initialise(net):
    """MindCV's start: He over fan-out for convolutions, deviation 0.01 for the classifier. PyTorch's model has the same."""
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode="fan_out")
        elif isinstance(m, nn.Linear):
            nn.init.normal_(m.weight, 0, 0.01)
            nn.init.zeros_(m.bias)


def start(options, classes):
    net = MobileNetV2(classes, options.width)
    initialise(net)
    if options.weights:
        state = {k: v for k, v in torch.load(options.weights, weights_only=True).items() if not k.startswith("classifier")}
        missing, unexpected = net.load_state_dict(state, strict=False)
        assert not unexpected and all(k.startswith("classifier") for k in missing), (missing, unexpected)
    return net.to(memory_format=torch.channels_last)


def batch_of(options, images, mean, std):
    x = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()
    return ((x - mean) / std).contiguous(memory_format=torch.channels_last)


def evaluate(options, net, images, labels, mean, std):
    net.eval()
    right, loss = 0, 0.0
    with torch.no_grad():
        for i in range(0, len(images), 250):
            part = [cv2.resize(im, (options.size, options.size), interpolation=cv2.INTER_LINEAR) for im in images[i : i + 250]]
            y = torch.from_numpy(labels[i : i + 250])
            z = net(batch_of(options, part, mean, std))
            right += (z.argmax(1) == y).sum().item()
            loss += nn.functional.cross_entropy(z, y, reduction="sum").item()
    net.train()
    return 100 * right / len(images), loss / len(images)


def rate(options, epoch):
    """The learning rate at a (broken) number of epochs: a line up, then a cosine down to the end."""
    if epoch < options.warmup:
        return options.lr * epoch / options.warmup
    done = (epoch - options.warmup) / (options.epochs - options.warmup)
    return options.min_lr + (options.lr - options.min_lr) * (1 + math.cos(math.pi * done)) / 2


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", type=pathlib.Path, required=True)
    p.add_argument("--weights")
    p.add_argument("--out", required=True)
    p.add_argument("--size", type=int, default=32)
    p.add_argument("--epochs", type=int, default=10)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--opt", choices=["momentum", "adamw"], default="momentum")
    p.add_argument("--width", type=float, default=1.0)
    p.add_argument("--lr", type=float, default=0.05)
    p.add_argument("--head-lr", type=float, help="learning rate of the classifier; the others' if absent")
    p.add_argument("--min-lr", type=float, default=0.0)
    p.add_argument("--warmup", type=int, default=0, help="epochs in which the learning rate rises from 0")
    p.add_argument("--decay", type=float, default=4e-5)
    p.add_argument("--smoothing", type=float, default=0.1)
    p.add_argument("--scale", type=float, nargs=2, default=(0.5, 1.0))
    p.add_argument("--mean", type=float, nargs=3, default=(123.675, 116.28, 103.53))
    p.add_argument("--std", type=float, nargs=3, default=(58.395, 57.12, 57.375))
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=2)
    options = p.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (options.mean, options.std))
    images, labels, classes = pictures(options.data / "train")
    val_images, val_labels, _ = pictures(options.data / "val")
    net = start(options, len(classes))
    head = set(net.classifier.parameters())
    groups = [dict(params=[p for p in net.parameters() if p not in head], share=1), dict(params=list(head), share=(options.head_lr or options.lr) / options.lr)]
    if options.opt == "adamw":
        optimizer = torch.optim.AdamW(groups, lr=options.lr, weight_decay=options.decay)
    else:
        optimizer = torch.optim.SGD(groups, lr=options.lr, momentum=0.9, weight_decay=options.decay)
    steps = len(images) // options.batch
    with open(options.out, "w") as out:
        for epoch in range(options.epochs):
            order, total, began = rng.permutation(len(images)), 0.0, time.time()
            for step in range(steps):
                for group in optimizer.param_groups:
                    group["lr"] = group["share"] * rate(options, epoch + step / steps)
                chosen = order[step * options.batch : (step + 1) * options.batch]
                x = batch_of(options, [random_resized_crop(images[i], options.size, options.scale, rng) for i in chosen], mean, std)
                loss = nn.functional.cross_entropy(net(x), torch.from_numpy(labels[chosen]), label_smoothing=options.smoothing)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.item()
            seconds = time.time() - began
            top1, val_loss = evaluate(options, net, val_images, val_labels, mean, std)
            line = dict(epoch=epoch + 1, loss=total / steps, top1=top1, val_loss=val_loss, seconds=round(seconds, 1))
            print(json.dumps(line), file=out, flush=True)


if __name__ == "__main__":
    main()
