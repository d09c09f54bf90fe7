"""Makes the .ckpt files in this folder with MindSpore 2.10.0 (CPU, Python 3.11). make_mindspore.py FOLDER

plain-2.10.ckpt      one tensor of each type, a scalar, and text (in every file)
crc-2.10.ckpt        the same with crc_check=True
pieces-2.10.ckpt     a tensor of 600 floats cut into pieces of 1 KiB (MindSpore cuts at 512 MiB; SLICE_SIZE is in KiB)
encrypted-2.10.ckpt  AES-GCM with a key of 16 bytes
The Go test spells out what must be read.
"""
import os
import sys

import mindspore as ms
import numpy as np
from mindspore.train import serialization

folder = sys.argv[1]


def save(name, items, **kw):
    path = os.path.join(folder, name)
    ms.save_checkpoint([{"name": k, "data": v} for k, v in items], path, append_dict={"text": "hü"}, **kw)
    os.chmod(path, 0o644)


small = [0, 1, 2, 100]
types = "float32 float16 bfloat16 float64 int8 uint8 int16 uint16 int32 uint32 int64 uint64 bool_".split()
items = [(t, ms.Tensor(small, getattr(ms, t))) for t in types]
items += [("matrix", ms.Tensor(np.arange(6, dtype=np.float32).reshape(2, 3))),
          ("scalar", ms.Tensor(0.5, ms.float32)), ("one", ms.Tensor([7], ms.int32))]
save("plain-2.10.ckpt", items)
save("crc-2.10.ckpt", items, crc_check=True)
save("encrypted-2.10.ckpt", items[:1], enc_key=b"0123456789ABCDEF")
serialization.SLICE_SIZE = 1
save("pieces-2.10.ckpt", [("before", ms.Tensor([1.0])), ("long", ms.Tensor(np.arange(600, dtype=np.float32))),
                          ("after", ms.Tensor([2.0]))])
