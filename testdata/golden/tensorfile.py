"""A safetensors writer and reader of twenty lines, so that golden files depend on no library.

Layout: little-endian u64 header length; JSON {name: {dtype, shape, data_offsets}, "__metadata__": {text: text}}, padded
with spaces to a multiple of 8; the data.
"""
import gzip
import json
import struct

import numpy as np

DTYPES = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32, "I8": np.int8,
          "U8": np.uint8}
NAMES = {np.dtype(t): name for name, t in DTYPES.items()}


def write(path, tensors, meta=None):
    """Write {name: array} in the given order; meta is {text: text or JSON value}. A path in .gz is compressed."""
    header = {}
    if meta:
        header["__metadata__"] = {k: v if isinstance(v, str) else json.dumps(v) for k, v in meta.items()}
    at, blobs = 0, []
    for name, a in tensors.items():
        a = np.asarray(a)
        blob = a.astype(a.dtype.newbyteorder("<")).tobytes()
        header[name] = {"dtype": NAMES[a.dtype], "shape": list(a.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    content = struct.pack("<Q", len(text)) + text + b"".join(blobs)
    if str(path).endswith(".gz"):
        content = gzip.compress(content, 9, mtime=0)
    with open(path, "wb") as f:
        f.write(content)
    print(f"{path}: {len(tensors)} tensors, {len(content)} bytes")


def read(path):
    """Return ({name: array}, meta) of a file that write made."""
    with open(path, "rb") as f:
        content = f.read()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + size])
    meta = header.pop("__metadata__", {})
    data = content[8 + size:]
    return {name: np.frombuffer(data[slice(*h["data_offsets"])], DTYPES[h["dtype"]]).reshape(h["shape"])
            for name, h in header.items()}, meta
