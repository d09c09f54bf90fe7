"""One program to compare with, in a process of its own: peer.py PROGRAM KIND SIZE BATCH THREADS FOLDER.

It prints a line of JSON when it is ready (the logits of the first image, its version), then for each line read, a number of
seconds, works for that long and prints the duration of every batch. The end of the input ends it."""
import json
import sys
import time

import numpy as np


def peak_bytes():
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith("VmHWM"))


def use_onnxruntime(batch, threads, folder, x):
    import onnxruntime as ort
    o = ort.SessionOptions()
    o.intra_op_num_threads, o.inter_op_num_threads = threads, 1
    session = ort.InferenceSession(f"{folder}/batch{batch}.onnx", o, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": x})[0], ort.__version__


def use_openvino(batch, threads, folder, x):
    import openvino as ov
    config = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1}
    model = ov.Core().compile_model(f"{folder}/batch{batch}.onnx", "CPU", config)
    request = model.create_infer_request()
    return lambda: request.infer([x], share_inputs=True)[0], ov.__version__


def use_ncnn(threads, folder, x):
    import ncnn
    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_bf16_storage = False
    net.load_param(f"{folder}/net.ncnn.param")
    net.load_model(f"{folder}/net.ncnn.bin")
    images = [ncnn.Mat(np.ascontiguousarray(image)) for image in x]

    def infer():  # it takes one image at a time
        rows = []
        for image in images:
            extractor = net.create_extractor()
            extractor.input("in0", image)
            rows.append(np.array(extractor.extract("out0")[1]))
        return np.stack(rows)
    return infer, ncnn.__version__


def use_litert(batch, threads, folder, x):
    from importlib.metadata import version
    from ai_edge_litert.interpreter import Interpreter
    net = Interpreter(model_path=f"{folder}/batch{batch}.tflite", num_threads=threads)
    net.allocate_tensors()
    source, result = net.get_input_details()[0]["index"], net.get_output_details()[0]["index"]
    x = np.ascontiguousarray(x.transpose(0, 2, 3, 1))

    def infer():
        net.set_tensor(source, x)
        net.invoke()
        return net.get_tensor(result)
    return infer, version("ai-edge-litert")


def use_torch(program, kind, batch, threads, folder, x):
    import torch
    from network import load
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    form = torch.contiguous_format if program == "torch" else torch.channels_last
    net = load(f"{folder}/weights.pth").to(memory_format=form)
    x = torch.from_numpy(x).to(memory_format=form)
    if kind == "inference":
        net.eval()
        if program == "torch compiled":
            torch._inductor.config.freezing = True
            net = torch.compile(net)

        def infer():
            with torch.inference_mode():
                return net(x).numpy()
        return infer, torch.__version__
    if program == "torch compiled":
        net = torch.compile(net)
    y = torch.randint(0, 1000, (batch,))
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9, weight_decay=4e-5)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach().numpy()
    return step, torch.__version__


def main():
    program, kind, size, batch, threads, folder = sys.argv[1:]
    size, batch, threads = int(size), int(batch), int(threads)
    pixels = np.fromfile(f"{folder}/image{size}.raw", np.uint8).reshape(1, size, size, 3).astype(np.float32)
    pixels = (pixels - np.float32([123.675, 116.28, 103.53])) / np.float32([58.395, 57.12, 57.375])
    x = np.ascontiguousarray(np.repeat(pixels.transpose(0, 3, 1, 2), batch, 0))
    if program == "onnxruntime":
        run, version = use_onnxruntime(batch, threads, folder, x)
    elif program == "openvino":
        run, version = use_openvino(batch, threads, folder, x)
    elif program == "ncnn":
        run, version = use_ncnn(threads, folder, x)
    elif program == "litert":
        run, version = use_litert(batch, threads, folder, x)
    else:
        run, version = use_torch(program, kind, batch, threads, folder, x)
    first = run()
    print(json.dumps({"version": version, "logits": first[0].tolist() if kind == "inference" else None}), flush=True)
    for line in sys.stdin:
        seconds, times, start = float(line), [], time.perf_counter()
        while not times or time.perf_counter() - start < seconds:
            began = time.perf_counter()
            run()
            times.append(time.perf_counter() - began)
        print(json.dumps({"times": times, "peak": peak_bytes()}), flush=True)


main()
