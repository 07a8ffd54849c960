"""What a crop costs in Robust-ReID: the `reid` command of `benchmark_speed.py`."""

import json as jsonlib
import time
from pathlib import Path

import numpy as np
import onnxruntime


def reid(
    batch: int = 8,
    threads: int = 2,
    rounds: int = 20,
    peer: Path | None = None,
    json: Path | None = None,
) -> None:
    """What a crop costs in Robust-ReID 1x: exported as torch does it, and with folded shuffles.

    All networks run in turn, so that a busy machine slows all of them; the quickest and the
    middle round of each count. Weights are random.

    Args:
        batch: Crops a run.
        threads: Processor threads.
        rounds: Runs of each.
        peer: Another embedder's ONNX file, to compare with.
        json: File for the numbers.
    """
    sessions = {name: _session(model, threads) for name, model in _reid_exports().items()}
    if peer:
        sessions["peer"] = _session(peer.read_bytes(), threads)
    times: dict[str, list[float]] = {name: [] for name in sessions}
    for _ in range(rounds + 1):
        for name, session in sessions.items():
            entry = session.get_inputs()[0]
            images = np.zeros((batch, *entry.shape[1:]), np.float32)
            begin = time.perf_counter()
            session.run(None, {entry.name: images})
            times[name].append((time.perf_counter() - begin) / batch * 1e3)
    numbers = {
        name: {"best_ms": round(min(t[1:]), 2), "median_ms": round(float(np.median(t[1:])), 2)}
        for name, t in times.items()
    }
    print(f"milliseconds a crop of 160x64, {batch} at a time, {threads} threads: best, median")
    for name, figures in numbers.items():
        print(f"  {name:28s}{figures['best_ms']:8.2f}{figures['median_ms']:8.2f}")
    if json:
        json.write_text(jsonlib.dumps(numbers, indent=2) + "\n")


def _reid_exports() -> dict[str, bytes]:
    """The networks as ONNX files."""
    # Only this measurement needs torch, which takes seconds to load.
    import torch

    from reid.models import ModelSettings, create_model
    from reid.training.export import onnx_model

    class Descriptor(torch.nn.Module):
        """The model as an exporter wants it: what is exported is its forward."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.model.embed(images)

    model = create_model(ModelSettings()).eval()
    hacnn = create_model(ModelSettings(network="hacnn")).eval()
    program = torch.onnx.export(
        Descriptor().eval(),
        (torch.zeros(2, 3, 160, 64),),
        dynamo=True,
        opset_version=18,
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        verbose=False,
    )
    assert program is not None
    traced = program.model_proto.SerializeToString()
    return {
        "Robust-ReID 1x, torch's export": traced,
        "Robust-ReID 1x, reid-export": onnx_model(model, (160, 64), {}).SerializeToString(),
        "HA-CNN, reid-export": onnx_model(hacnn, (160, 64), {}).SerializeToString(),
    }


def _session(model: bytes, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options)
