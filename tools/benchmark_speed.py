"""Measurements of speed, each beside what it is to be compared with, in one run.

python tools/benchmark_speed.py pipeline [--video CLIP.mp4] [--json FILE]
python tools/benchmark_speed.py reid [--threads 2] [--peer FILE.onnx] [--json FILE]
"""

import json as jsonlib
import tempfile
import time
from pathlib import Path

import av
import numpy as np
import onnxruntime
import tyro

from tracker.config import TrackSettings
from tracker.pipeline import Pipeline
from tracker.recording import RunRecorder
from tracker.video import VideoSettings, cameras_of_paths, open_source, ticks


def pipeline(
    video: Path | None = None, people: int = 12, repeats: int = 5, json: Path | None = None
) -> None:
    """What a 1080p frame costs beside decoding: track, identify, write.

    Detections come from a file, appearance is the colour histogram. The whole pipeline and
    decoding alone run in turn; the quickest run of each counts.

    Args:
        video: A 1920x1080 clip; made if it isn't given.
        people: People in each frame of the file of detections, which is made.
        repeats: Runs of each.
        json: File for the numbers.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        clip = video or make_clip(folder / "made.mp4", frames=125)
        frames, _ = decode(clip)
        detections = make_detections(folder / "detections.txt", frames, people)
        bare, whole = [], []
        for repeat in range(repeats):
            bare.append(decode(clip)[1] / frames * 1e3)
            whole.append(track(clip, detections, folder / f"run{repeat}") / frames * 1e3)
    numbers = {
        "frames": frames,
        "decode_ms": round(min(bare), 3),
        "pipeline_ms": round(min(whole), 3),
        "beside_decoding_ms": round(min(whole) - min(bare), 3),
    }
    print(f"{frames} frames, up to {people} people in each; milliseconds a frame")
    print(f"  decoding alone      {numbers['decode_ms']:7.2f}")
    print(f"  the whole pipeline  {numbers['pipeline_ms']:7.2f}")
    print(f"  beside decoding     {numbers['beside_decoding_ms']:7.2f}")
    if json:
        json.write_text(jsonlib.dumps(numbers, indent=2) + "\n")


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


def decode(video: Path) -> tuple[int, float]:
    """Frames of a clip, and the seconds that it takes to read them all."""
    source = open_source(cameras_of_paths([str(video)])[0], VideoSettings())
    begin = time.perf_counter()
    frames = sum(len(tick) for tick in ticks([source]))
    return frames, time.perf_counter() - begin


def track(video: Path, detections: Path, folder: Path) -> float:
    """Seconds from the first frame to the last file written."""
    folder.mkdir()
    settings = TrackSettings(detector=str(detections), reid="histogram")
    run = Pipeline(cameras_of_paths([str(video)]), settings)
    begin = time.perf_counter()
    with RunRecorder(folder, run, settings) as recorder:
        for moment in run:
            recorder.write(moment)
    return time.perf_counter() - begin


def make_detections(path: Path, frames: int, people: int) -> Path:
    """A file of people who cross the picture at their own speeds, with jitter and misses."""
    rng = np.random.default_rng(0)
    start = rng.uniform([0, 100], [1800, 700], (people, 2))
    speed = rng.uniform(-6, 6, people)
    rows = []
    for frame in range(1, frames + 1):
        for person in np.flatnonzero(rng.uniform(size=people) > 0.1):
            left, top = start[person] + [speed[person] * frame, 0] + rng.normal(0, 2, 2)
            rows.append(f"{frame},-1,{left % 1800:.1f},{top:.1f},90,260,{rng.uniform(0.6, 1):.3f}")
    path.write_text("\n".join(rows) + "\n")
    return path


def make_clip(path: Path, frames: int) -> Path:
    """A 1920x1080 clip of a textured picture that drifts."""
    rng = np.random.default_rng(0)
    texture = np.kron(rng.integers(0, 255, (160, 270, 3), np.uint8), np.ones((8, 8, 1), np.uint8))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        stream.options = {"preset": "ultrafast"}
        for shift in range(frames):
            image = np.ascontiguousarray(texture[shift : shift + 1080, shift : shift + 1920])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return path


if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict({"pipeline": pipeline, "reid": reid}, description=__doc__)
