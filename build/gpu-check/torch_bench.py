"""How fast PyTorch trains and runs MobileNetV2 (width 1.0, 224 px) on this GPU: a line of JSON for each case, the important ones first.

torch_bench.py [--device cuda:0] [--seconds 2] [--budget 240]

Inputs are random and lie on the GPU already. Modes: "eager", "graph" (a whole step captured as a CUDA graph) and "compile" (torch.compile,
which captures graphs itself). All are channels-last; half precision is autocast with float32 weights, and a loss scale for float16.
Cases that no longer fit into the budget are named and left out."""
import argparse
import json
import sys
import time

import torch

from network import MobileNetV2

CLASSES, SIZE = 1000, 224
DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def say(**line):
    print(json.dumps(line), flush=True)


def cases():
    for batch in [256, 128, 512, 64, 1024]:
        for dtype in ["bf16", "f16", "f32"] if batch == 256 else ["bf16"]:
            for mode in ["eager", "graph", "compile"]:
                if not (dtype == "f16" and mode == "graph"):  # the loss scale's check needs the host
                    yield "train", batch, dtype, mode
        if batch == 256:
            for b in [256, 1]:
                for dtype in ["f16", "bf16", "f32"]:
                    for mode in ["eager", "graph", "compile"]:
                        yield "infer", b, dtype, mode
    for b in [8, 32, 64, 1024]:
        for mode in ["graph", "compile"]:
            yield "infer", b, "f16", mode


def training(net, batch, dtype, mode, device):
    net.train()
    x = torch.rand(batch, 3, SIZE, SIZE, device=device).to(memory_format=torch.channels_last)
    y = torch.randint(CLASSES, (batch,), device=device)
    loss = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9, weight_decay=4e-5, foreach=True)
    scaler = torch.amp.GradScaler(device.type, enabled=dtype == "f16")
    if mode == "compile":
        net = torch.compile(net)

    def step():
        optimizer.zero_grad(set_to_none=mode != "graph")
        with torch.autocast(device.type, DTYPES[dtype], enabled=dtype != "f32"):
            value = loss(net(x), y)
        if dtype != "f16":
            value.backward()
            optimizer.step()
            return
        scaler.scale(value).backward()
        scaler.step(optimizer)
        scaler.update()
    return step


def inference(net, batch, dtype, mode, device):
    net.eval()
    x = torch.rand(batch, 3, SIZE, SIZE, device=device).to(memory_format=torch.channels_last)
    if dtype != "f32":
        net, x = net.to(DTYPES[dtype]), x.to(DTYPES[dtype])
    if mode == "compile":
        net = torch.compile(net, mode="max-autotune-no-cudagraphs" if batch > 64 else "reduce-overhead")

    @torch.inference_mode()
    def run():
        net(x)
    return run


def captured(step):
    """step as a CUDA graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def measure(step, seconds, wait):
    """Seconds of one step at the median of about ten rounds."""
    for _ in range(5):
        step()
    wait()
    began = time.perf_counter()
    step()
    wait()
    repeat = max(1, int(seconds / 10 / max(time.perf_counter() - began, 1e-5)))
    rounds, began = [], time.perf_counter()
    while len(rounds) < 3 or time.perf_counter() - began < seconds:
        start = time.perf_counter()
        for _ in range(repeat):
            step()
        wait()
        rounds.append((time.perf_counter() - start) / repeat)
    return sorted(rounds)[len(rounds) // 2]


def run(kind, batch, dtype, mode, device, seconds):
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    on_gpu = device.type == "cuda"
    if on_gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    net = MobileNetV2(CLASSES).to(device).to(memory_format=torch.channels_last)
    step = {"train": training, "infer": inference}[kind](net, batch, dtype, mode, device)
    if mode == "graph":
        step = captured(step)
    took = measure(step, seconds, torch.cuda.synchronize if on_gpu else lambda: None)
    memory = torch.cuda.max_memory_allocated(device) if on_gpu else 0
    say(kind=kind, batch=batch, dtype=dtype, mode=mode, ms=1e3 * took, images_per_sec=batch / took, peak_bytes=memory)
    torch._dynamo.reset()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--budget", type=float, default=240)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    args = parser.parse_args()
    device = torch.device(args.device)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    say(torch=torch.__version__, cuda=torch.version.cuda, cudnn=torch.backends.cudnn.version() or 0,
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu")
    began, left_out = time.perf_counter(), []
    for kind, batch, dtype, mode in cases():
        name = f"{kind}{SIZE}x{batch}:{dtype} {mode}"
        if args.only not in name:
            continue
        if time.perf_counter() - began > args.budget:
            left_out.append(name)
            continue
        try:
            run(kind, batch, dtype, mode, device, args.seconds)
        except Exception as e:  # out of memory, or a mode that this version does not have: the others still count
            say(kind=kind, batch=batch, dtype=dtype, mode=mode, error=f"{type(e).__name__}: {e}".splitlines()[0][:200])
    if left_out:
        print("left out, the time was up: " + ", ".join(left_out), file=sys.stderr)


if __name__ == "__main__":
    main()
