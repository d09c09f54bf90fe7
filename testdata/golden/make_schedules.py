"""Writes testdata/golden/schedules.json: learning rates of every scheduler of MindCV, step by step.

    ms/bin/python testdata/golden/make_schedules.py"""
import contextlib
import io
import json
import pathlib

with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    from mindcv.scheduler import create_scheduler

CASES = []


def case(steps, **o):
    o = {"lr": 0.4, "min_lr": 1e-6, "warmup_epochs": 3, "warmup_factor": 0.0, "decay_epochs": 6, "decay_rate": 0.7, "milestones": [2, 5], "num_epochs": 11,
         "num_cycles": 1, "cycle_decay": 1.0, "lr_epoch_stair": False, **o}
    CASES.append({"steps_per_epoch": steps, **o, "rates": list(map(float, create_scheduler(steps, **o)))})


for stair in [False, True]:
    for name in ["cosine_decay", "exponential_decay", "polynomial_decay", "step_decay", "multi_step_decay", "constant"]:
        for warmup, factor in [(0, 0.0), (3, 0.0), (4, 0.25)]:
            case(7, scheduler=name, lr_epoch_stair=stair, warmup_epochs=warmup, warmup_factor=factor)
    case(5, scheduler="cosine_decay", lr_epoch_stair=stair, decay_epochs=3, num_cycles=2, cycle_decay=0.5, warmup_epochs=2)
    case(5, scheduler="cosine_decay", lr_epoch_stair=stair, decay_epochs=12, min_lr=0.01)
for name in ["one_cycle", "cyclic"]:
    for cycles in [1, 2, 3]:
        case(7, scheduler=name, warmup_epochs=0, min_lr=1e-3, num_cycles=cycles)
(pathlib.Path(__file__).parent / "schedules.json").write_text("[\n" + ",\n".join(map(json.dumps, CASES)) + "\n]\n")
