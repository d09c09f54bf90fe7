"""Writes testdata/golden/layer_decay.json: the share of the learning rate and whether weights decay, of every parameter of MobileNetV2 by MindCV's
param_groups_layer_decay(layer_decay 0.5), for a network that says which layer is its classifier (MindCV's own does not).

    ms/bin/python testdata/golden/make_layer_decay.py"""
import contextlib
import io
import json
import pathlib

with contextlib.redirect_stdout(io.StringIO()):
    import mindspore as ms
    from mindcv.models import create_model
    from mindcv.optim.optim_factory import param_groups_layer_decay

ms.set_context(mode=ms.PYNATIVE_MODE, device_target="CPU")
net = create_model("mobilenet_v2_035_224", num_classes=10)
net.pretrained_cfg = {"classifier": "classifier"}
out = {}
for group in param_groups_layer_decay(net, lr=[1.0], weight_decay=0.1, layer_decay=0.5):
    for p in group["params"]:
        out[p.name] = [group["lr"][0], group["weight_decay"] > 0]
path = pathlib.Path(__file__).parent / "layer_decay.json"
path.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in out.items()) + "\n}\n")
