"""Makes the PyTorch files in this folder. Run once per PyTorch: make_pytorch.py FOLDER

zip-1.13.pth, legacy-1.13.pth, training-1.13.pth: PyTorch 1.13.0a0 (Debian 12 package python3-torch), Python 3.11
zip-2.15.pth, legacy-2.15.pth, training-2.15.pth, protocol4-2.15.pth: PyTorch 2.15.0, Python 3.11
The values follow from the code below; the Go tests spell out what must be read.
"""
import collections
import os
import sys

import torch

folder = sys.argv[1]
version = ".".join(torch.__version__.split(".")[:2])
base = torch.arange(24, dtype=torch.float32)


def every_kind():
    d = collections.OrderedDict()
    d["whole"] = base.view(4, 6)
    d["transposed"] = base.view(4, 6).t()
    d["offset"] = base[5:11]
    d["every_third"] = base[2:20:3]
    d["expanded"] = base[3:4].expand(2, 3)
    d["channels_last"] = base.view(1, 2, 3, 4).contiguous(memory_format=torch.channels_last)
    d["scalar"] = torch.tensor(-2.5)
    d["empty"] = torch.zeros(0, 3)
    d["parameter"] = torch.nn.Parameter(torch.tensor([0.5, 1.5]))
    small = [0, 1, 2, 100]
    for t in "float16 bfloat16 float64 int8 uint8 int16 int32 int64 bool".split():
        d[t] = torch.tensor(small).to(getattr(torch, t))
    return d


def training():
    """What a training script saves: weights in a container, optimizer state and plain values beside them."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    with torch.no_grad():
        net[0].weight.copy_(base[:6].view(3, 2))
    opt = torch.optim.SGD(net.parameters(), lr=0.25, momentum=0.9)
    net(base[:4].view(2, 2)).sum().backward()
    opt.step()
    with torch.no_grad():
        net[0].weight.copy_(base[:6].view(3, 2))
    state = collections.OrderedDict(("module." + k, v) for k, v in net.state_dict().items())
    return {"epoch": 3, "best": 0.5, "arch": "tiny", "done": True, "none": None,
            "model": state, "optimizer": opt.state_dict()}


kinds = every_kind()
torch.save(kinds, os.path.join(folder, f"legacy-{version}.pth"), _use_new_zipfile_serialization=False)
if hasattr(torch, "uint16"):
    for t in "uint16 uint32 uint64".split():
        kinds[t] = torch.tensor([0, 1, 2, 100]).to(getattr(torch, t))
    torch.save({"w": base[:3], "n": 2**40}, os.path.join(folder, f"protocol4-{version}.pth"), pickle_protocol=4)
torch.save(kinds, os.path.join(folder, f"zip-{version}.pth"))
torch.save(training(), os.path.join(folder, f"training-{version}.pth"))
