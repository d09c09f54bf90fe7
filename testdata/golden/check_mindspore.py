"""Loads a .ckpt into MindCV's network with the real MindSpore and prints one JSON object: parameters that the file lacks
("missing"), entries that the network does not take ("unexpected"), and logits for a generated input.

  python testdata/golden/check_mindspore.py FILE.ckpt [--model mobilenet_v2_100] [--classes 1000] [--stream inference] [--size 224]
         [--optimizer] [--logits FILE.safetensors]

--optimizer also loads the file into a momentum optimizer and lists what that lacks. Exit status 1 if anything is missing.
"""
import argparse
import json
import sys

import mindcv
import mindspore as ms
import numpy as np
from mindspore import Tensor, nn

import generator


def main():
    p = argparse.ArgumentParser()
    p.add_argument("file")
    p.add_argument("--model", default="mobilenet_v2_100")
    p.add_argument("--classes", type=int, default=1000)
    p.add_argument("--stream", default="inference", help="generated pictures: generator.images(STREAM, 1, SIZE)")
    p.add_argument("--size", type=int, default=224)
    p.add_argument("--optimizer", action="store_true")
    p.add_argument("--logits", help="pictures and expected logits to compare with: tensors input (F32 NCHW) and logits")
    a = p.parse_args()
    ms.set_context(mode=ms.PYNATIVE_MODE)
    ms.set_device("CPU")
    net = mindcv.create_model(a.model, num_classes=a.classes)
    names = {q.name for q in net.get_parameters()}
    content = ms.load_checkpoint(a.file)
    missing, unexpected = ms.load_param_into_net(net, content)
    out = dict(file=a.file, tensors=len(content), missing=sorted(set(missing) | (names - set(content))), unexpected=sorted(unexpected))
    if a.optimizer:
        rate = content["learning_rate"].asnumpy().tolist() if "learning_rate" in content else 0.1
        optimizer = nn.Momentum(net.trainable_params(), learning_rate=rate, momentum=0.9)
        out["optimizer_missing"] = sorted(ms.load_param_into_net(optimizer, content)[0])
        if "global_step" in content:
            out["global_step"] = content["global_step"].asnumpy().tolist()
    net.set_train(False)
    if a.logits:
        import tensorfile
        given = tensorfile.read(a.logits)[0]
        got = net(Tensor(given["input"])).asnumpy()
        out["largest_difference"] = float(np.abs(got - given["logits"]).max())
        out["spread"] = float(got.std())
    else:
        got = net(Tensor(generator.normalised(generator.images(a.stream, 1, a.size)))).asnumpy()
    out["logits"] = [float(v) for v in got[0]]
    print(json.dumps(out))
    return 1 if out["missing"] or out.get("optimizer_missing") else 0


if __name__ == "__main__":
    sys.exit(main())
