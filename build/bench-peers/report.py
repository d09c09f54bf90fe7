"""Writes docs/benchmarks.md from what compare.py measured."""
import os
import platform
import statistics


def write(a, cells):
    c = cells[0]["conditions"]
    versions = {k: v for cell in cells for k, v in cell["versions"].items()}
    missing = sorted({m for cell in cells for m in cell["missing"]})
    preload = os.path.basename(os.environ.get("PEERS_PRELOAD", "")) or "the C library's allocator"
    differences = [d for cell in cells for d in cell["differences"].values()]
    lines = [
        "# Benchmarks", "",
        "Written by `make bench-peers` (`build/bench-peers`). The programs run in turn, in short rounds, on the same float32 weights with",
        "the same number of threads; in inference their outputs are compared first. A ratio is a peer's time divided by mnv2's in the same",
        "round: above 1 mnv2 is faster, below 1 it loses. The table gives the median of the rounds' ratios and their range. Memory is the",
        "largest resident set of the program's process, its runtime included.", "",
        f"- mnv2 {c['version']} ({c['go']}, kernels {c['kernels']}, {c['os']}/{c['arch']}); peers: " +
        ", ".join(f"{k} {v}" for k, v in versions.items()),
        f"- {c['model']}, {os.cpu_count()} processors, Python {platform.python_version()}; PyTorch with {preload}",
        f"- weights: {a.weights or 'random, from a fixed seed'}",
    ]
    if differences:
        lines.append(f"- logits differ from mnv2's by at most {max(differences):.1e} of the largest logit")
    lines += ["- torch and torch channels_last run eagerly, batch norm not folded; torch compiled is torch.compile, channels last, in",
              "  inference with its weights frozen; ncnn takes one image at a time; litert computes with XNNPACK"]
    if a.note:
        lines.append(f"- {a.note}")
    lines += ["", "| case | threads | program | median ms | best ms | ratio to mnv2 | range | rounds | peak MiB |",
              "|---|---|---|---|---|---|---|---|---|"]
    for cell in cells:
        lines += rows(cell)
    lines += ["", "Not measured: oneDNN alone (OpenVINO and PyTorch compute with it); the input pipeline against",
              "Pillow-SIMD and torchvision."]
    if missing:
        lines.append("Did not start here and are left out: " + ", ".join(missing) + ".")
    text = "\n".join(lines) + "\n"
    with open(a.out + ".new", "w") as f:
        f.write(text)
    os.replace(a.out + ".new", a.out)


def rows(cell):
    ours = cell["rounds"]["mnv2"]
    out = []
    for program, rounds in cell["rounds"].items():
        ratios = [theirs[0] / own[0] for theirs, own in zip(rounds, ours)]
        spread = "" if program == "mnv2" else f"{min(ratios):.2f} to {max(ratios):.2f}"
        ratio = "" if program == "mnv2" else f"{statistics.median(ratios):.2f}"
        c = cell["cell"]
        busy = ", one core busy" if c.busy else ""
        out.append(f"| {c.kind} {c.size} px, batch {c.batch}{busy} | {c.threads} | {program} | "
                   f"{1000 * statistics.median(r[0] for r in rounds):.1f} | {1000 * min(r[1] for r in rounds):.1f} | {ratio} | {spread} | "
                   f"{len(rounds)} | {max(r[2] for r in rounds) / 2**20:.0f} |")
    return out
