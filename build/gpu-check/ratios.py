"""The table of ratios: ratios.py MNV2.json TORCH.json. Both hold a line of JSON for each case: of `mnv2 bench --format json`, and of
torch_bench.py, of whose modes the best one counts. It prints how many times as fast mnv2 is, beside what is aimed at."""
import json
import sys

# The least and the aim, of issue "On real hardware": images a second by PyTorch's, or its latency by ours.
WANT = {"train": (2.0, 4.0), "infer": (2.5, 0), "latency": (2.0, 0)}


def lines(path):
    with open(path) as f:
        for line in f:
            if line.startswith("{"):
                yield json.loads(line)


def ours(path):
    """Results by (kind, batch, dtype)."""
    results = {}
    for r in lines(path):
        if "case" in r and ":" in r["case"]:
            results[r["kind"][:5], r["batch"], r["dtype"]] = r
    return {({"train": "train", "infer": "infer"}[k], b, t): r for (k, b, t), r in results.items()}


def theirs(path):
    """The best mode of each, by the same key."""
    best = {}
    for r in lines(path):
        if "images_per_sec" not in r:
            continue
        key = r["kind"], r["batch"], r["dtype"]
        if key not in best or r["images_per_sec"] > best[key]["images_per_sec"]:
            best[key] = r
    return best


def table(mine, other):
    yield f"{'case':<20}{'mnv2 img/s':>12}{'PyTorch img/s':>15}  {'its mode':<9}{'ratio':>7}  {'wanted':<8}{'memory':>8}"
    for key in sorted(mine, key=lambda k: (k[0] != "train", k[2] != "bf16", k[2], k[1])):
        r, kind = mine[key], "latency" if key[0] == "infer" and key[1] == 1 else key[0]
        name, rate = f"{key[0]} {key[1]} {key[2]}", r["images_per_sec"]
        if key not in other:
            yield f"{name:<20}{rate:>12.0f}{'-':>15}"
            continue
        p = other[key]
        memory = f"{r['device_bytes'] / p['peak_bytes']:.2f}" if r.get("device_bytes") and p.get("peak_bytes") else "-"
        yield (f"{name:<20}{rate:>12.0f}{p['images_per_sec']:>15.0f}  {p['mode']:<9}{rate / p['images_per_sec']:>6.2f}x"
               f"  {'>= %.1fx' % WANT[kind][0]:<8}{memory:>8}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print("\n".join(table(ours(sys.argv[1]), theirs(sys.argv[2]))))
