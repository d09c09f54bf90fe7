"""Makes types.safetensors with the reference implementation: safetensors 0.8.0, PyTorch 2.15.0. make_safetensors.py FOLDER

Each tensor's bytes count up from 0; the Go test builds the same tensors and must write the same bytes.
"""
import os
import sys

import torch
from safetensors.torch import save_file

names = {"F32": "float32", "F16": "float16", "BF16": "bfloat16", "F64": "float64", "I8": "int8", "U8": "uint8",
         "I16": "int16", "U16": "uint16", "I32": "int32", "U32": "uint32", "I64": "int64", "U64": "uint64"}
tensors = {}
for name, dtype in names.items():
    t = getattr(torch, dtype)
    raw = torch.arange(2 * torch.empty(0, dtype=t).element_size(), dtype=torch.uint8)
    tensors[name] = raw.view(t).reshape(1, 2)
tensors["BOOL"] = torch.tensor([[False, True]])
tensors["scalar"] = torch.tensor(3.0)
tensors["empty"] = torch.zeros(3, 0)
tensors['quo"te/ü'] = torch.tensor([1.0])
save_file(tensors, os.path.join(sys.argv[1], "types.safetensors"), metadata={"format": "pt"})
