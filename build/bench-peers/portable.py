"""Writes the network in the formats of ncnn and LiteRT. A peer whose converter is not there is left out of the comparison.

    portable.py WEIGHTS FOLDER     writes FOLDER/batch1.tflite and batch32.tflite; needs litert-torch"""
import os
import subprocess
import sys


def export_ncnn(a, net):
    """FOLDER/net.ncnn.param and .bin, weights in float32."""
    try:
        import pnnx
        import torch
    except ImportError:
        return
    here = os.getcwd()
    os.chdir(a.work)
    try:
        pnnx.export(net, "net.pt", (torch.zeros(1, 3, 224, 224),), fp16=False)
    finally:
        os.chdir(here)


def export_litert(a, weights):
    """The converter wants a PyTorch of its own choice, so it runs in the Python that PEERS_LITERT names."""
    python = os.environ.get("PEERS_LITERT")
    if python:
        subprocess.run([python, os.path.abspath(__file__), weights, a.work], check=False)


def main(weights, folder):
    import litert_torch
    import torch
    import network
    net = litert_torch.to_channel_last_io(network.load(weights).eval(), args=[0])
    for batch in (1, 32):
        litert_torch.convert(net.eval(), (torch.zeros(batch, 224, 224, 3),)).export(f"{folder}/batch{batch}.tflite")


if __name__ == "__main__":
    main(*sys.argv[1:])
