"""The numbers that Python and Go both make: a counter-based generator, specified in README.md.

Element i of the stream called NAME depends on (NAME, i) only: splitmix64 seeded with the FNV-1a hash of the name.
internal/golden/generator.go is the same in Go; its test holds it to the values printed by `python generator.py`.
"""
import numpy as np


def fnv1a(name):
    """Return the 64-bit FNV-1a hash of the UTF-8 bytes of name."""
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


def words(name, n):
    """Return n 64-bit words: output i is the (i+1)-th output of splitmix64 seeded with fnv1a(name)."""
    with np.errstate(over="ignore"):
        z = np.uint64(fnv1a(name)) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def uniform(name, n):
    """Return n float64 in [0, 1): the upper 53 bits of each word times 2^-53."""
    return (words(name, n) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def fill(name, shape, scale, offset=0.0):
    """Return float32(offset + (uniform - 0.5) * scale), computed in float64 and rounded once, in row-major order."""
    n = int(np.prod(shape, dtype=np.int64))
    return (offset + (uniform(name, n) - 0.5) * scale).astype(np.float32).reshape(shape)


def bytes_of(name, shape):
    """Return the upper 8 bits of each word."""
    n = int(np.prod(shape, dtype=np.int64))
    return (words(name, n) >> np.uint64(56)).astype(np.uint8).reshape(shape)


def signs(name, n):
    """Return n float64: -1 where the upper bit of the word is set, else +1."""
    return 1.0 - 2.0 * (words(name, n) >> np.uint64(63)).astype(np.float64)


def labels(name, n, classes):
    """Return n class numbers: (word >> 32) mod classes."""
    return ((words(name, n) >> np.uint64(32)) % np.uint64(classes)).astype(np.int64)


def images(name, n, size):
    """Return n RGB pictures, uint8 [n, size, size, 3]: half fine noise, half 8x8 squares, so that neighbours resemble.

    pixel = (fine[n,y,x,c] + coarse[n,y//8,x//8,c]) // 2, both from bytes_of: NAME.fine and NAME.coarse.
    """
    cells = (size + 7) // 8
    fine = bytes_of(name + ".fine", (n, size, size, 3)).astype(np.uint16)
    coarse = bytes_of(name + ".coarse", (n, cells, cells, 3)).astype(np.uint16)
    at = np.arange(size) // 8
    return ((fine + coarse[:, at][:, :, at]) // 2).astype(np.uint8)


def normalised(pictures):
    """Return float32 NCHW of uint8 NHWC: (x - 127.5) / 127.5, which is one rounding."""
    x = (pictures.astype(np.float32) - np.float32(127.5)) / np.float32(127.5)
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))


if __name__ == "__main__":
    for text in ("", "a", "classifier.1.weight"):
        print(f"{text!r}: fnv1a {fnv1a(text):#018x}, words", " ".join(f"{w:#018x}" for w in words(text, 3)))
    print("fill(classifier.1.weight, 4, 0.1):", " ".join(v.hex() for v in fill("classifier.1.weight", 4, 0.1).astype(float)))
    print("fill(x, 3, 2, 1):", " ".join(v.hex() for v in fill("x", 3, 2.0, 1.0).astype(float)))
    print("bytes_of(x):", bytes_of("x", 8), "signs(x):", signs("x", 8), "labels(x, 10):", labels("x", 8, 10))
    print("images(x, 1, 16)[0, 9, 10]:", images("x", 1, 16)[0, 9, 10])
