"""Runs mnv2 and its peers in turn, in short rounds, on the same weights, and writes docs/benchmarks.md. See run.sh."""
import argparse
import json
import os
import shutil
import statistics
import struct
import subprocess
import sys
import typing
import zlib

import report

HERE = os.path.dirname(os.path.abspath(__file__))
INFERENCE = ["onnxruntime", "openvino", "litert", "ncnn", "torch channels_last", "torch compiled"]
TRAINING = ["torch", "torch channels_last", "torch compiled"]


class Cell(typing.NamedTuple):
    """One case of the comparison."""
    case: str  # as mnv2 bench --cases takes it
    kind: str  # inference or training
    size: int  # pixels
    batch: int
    threads: int
    seconds: float  # of a round
    share: float  # rounds, as a share of --rounds
    busy: bool = False  # another process spins on the first core meanwhile


CELLS = {
    "latency-1": Cell("latency", "inference", 224, 1, 1, 0.5, 1.0),
    "latency-2": Cell("latency", "inference", 224, 1, 2, 0.5, 1.0),
    "throughput-2": Cell("throughput", "inference", 224, 32, 2, 1.0, 0.6),
    "latency-2-busy": Cell("latency", "inference", 224, 1, 2, 1.0, 1.0, True),
    "throughput-2-busy": Cell("throughput", "inference", 224, 32, 2, 1.0, 0.6, True),
    "train32-1": Cell("train32", "training", 32, 64, 1, 1.0, 0.6),
    "train32-2": Cell("train32", "training", 32, 64, 2, 1.0, 0.6),
    "train96-2": Cell("train96", "training", 96, 64, 2, 2.0, 0.4),
    "train224-2": Cell("train224", "training", 224, 32, 2, 4.0, 0.3),
}


def prepare(a):
    """Weights as .pth, an image of each size, and ONNX files for batches of 1 and 32."""
    import numpy as np
    import torch
    import network
    import portable
    path = f"{a.work}/weights.pth"
    if a.weights:
        subprocess.run([a.mnv2, "convert", a.weights, path, "--naming", "torchvision", "--force"], check=True)
    else:
        network.random_weights(path)
    for size in (224, 96, 32):
        pixels = np.random.default_rng(size).integers(0, 256, (size, size, 3), np.uint8)
        pixels.tofile(f"{a.work}/image{size}.raw")
        write_png(f"{a.work}/image{size}.png", pixels)
    net = network.load(path).eval()
    for batch in (1, 32):
        torch.onnx.export(net, torch.zeros(batch, 3, 224, 224), f"{a.work}/batch{batch}.onnx", input_names=["x"], dynamo=False, opset_version=17)
    portable.export_ncnn(a, net)
    portable.export_litert(a, path)


def write_png(path, pixels):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    h, w, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class Peer:
    """A process of peer.py."""

    def __init__(self, a, program, kind, size, batch, threads):
        env = dict(os.environ, OMP_NUM_THREADS=str(threads))
        if program.startswith("torch") and os.environ.get("PEERS_PRELOAD"):
            env["LD_PRELOAD"] = os.environ["PEERS_PRELOAD"]
        self.process = subprocess.Popen([sys.executable, f"{HERE}/peer.py", program, kind, str(size), str(batch), str(threads), a.work],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env)
        self.ready = json.loads(self.process.stdout.readline() or "null")

    def round(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return statistics.median(answer["times"]), min(answer["times"]), answer["peak"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Ours:
    """mnv2, started for every round."""

    def __init__(self, a, case, threads):
        self.command = [a.mnv2, "bench", "--device", "cpu", "--format", "json", "--cases", case, "--threads", str(threads),
                        "--ckpt_path", f"{a.work}/weights.pth", "--model", "mobilenet_v2_100"]

    def round(self, seconds):
        out = subprocess.run(self.command + ["--seconds", str(seconds)], capture_output=True, text=True, check=True).stdout
        self.conditions, r = map(json.loads, out.splitlines())
        return r["median"], r["best"], r["peak_bytes"]

    def close(self):
        pass


def logits(a):
    out = subprocess.run([a.mnv2, "predict", "--device", "cpu", "--format", "json", "--logits", "--dataset", "imagenet", "--crop_pct", "1.0", "--ckpt_path", f"{a.work}/weights.pth",
                          "--model", "mobilenet_v2_100", f"{a.work}/image224.png"], capture_output=True, text=True, check=True).stdout
    return json.loads(out)["logits"]


def difference(ours, theirs):
    """The largest difference as a share of the largest logit."""
    return max(abs(x - y) for x, y in zip(ours, theirs)) / max(map(abs, ours))


def busy_neighbour():
    """A process that takes the first core and never lets go."""
    first = min(os.sched_getaffinity(0))
    return subprocess.Popen([sys.executable, "-c", f"import os\nos.sched_setaffinity(0, {{{first}}})\nwhile True: pass"])


def start(a, cell, expected):
    """Our program and the peers that run here; how far each one's logits are off; which ones are missing."""
    programs, versions, differences, missing = {"mnv2": Ours(a, cell.case, cell.threads)}, {}, {}, []
    for program in INFERENCE if cell.kind == "inference" else TRAINING:
        peer = Peer(a, program, cell.kind, cell.size, cell.batch, cell.threads)
        if peer.ready is None:
            missing.append(program)
            continue
        programs[program], versions[program] = peer, peer.ready["version"]
        if cell.kind == "inference":
            differences[program] = difference(expected, peer.ready["logits"])
            if not differences[program] < 1e-3:
                sys.exit(f"bench-peers: {program}: the outputs differ by {differences[program]:.2g} of the largest; nothing was measured")
    return programs, versions, differences, missing


def measure(a, name, expected):
    cell = CELLS[name]
    programs, versions, differences, missing = start(a, cell, expected)
    neighbour = busy_neighbour() if cell.busy else None
    rounds = {program: [] for program in programs}
    try:
        for _ in range(max(1, round(a.rounds * cell.share))):
            for program, p in programs.items():
                rounds[program].append(p.round(cell.seconds))
    finally:
        if neighbour:
            neighbour.kill()
            neighbour.wait()
        for p in programs.values():
            p.close()
    print(name, {k: [round(1000 * t[0], 1) for t in v] for k, v in rounds.items()}, file=sys.stderr, flush=True)
    return {"name": name, "cell": cell, "rounds": rounds, "versions": versions,
            "differences": differences, "missing": missing, "conditions": programs["mnv2"].conditions}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--mnv2", required=True)
    p.add_argument("--work", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--weights", help="a checkpoint of mobilenet_v2_100; random weights without it")
    p.add_argument("--rounds", type=int, default=10)
    p.add_argument("--cells", default=",".join(CELLS))
    p.add_argument("--note", default="", help="a sentence about the machine for the report")
    a = p.parse_args()
    if not shutil.which(a.mnv2):
        sys.exit(f"bench-peers: {a.mnv2} is not there: run make first")
    prepare(a)
    expected, cells = logits(a), []
    for name in a.cells.split(","):
        cells.append(measure(a, name, expected))
        report.write(a, cells)


main()
