"""Measurements of speed, each beside what it is to be compared with, in one run.

python tools/benchmark_speed.py pipeline [--video CLIP.mp4] [--json FILE]
python tools/benchmark_speed.py tracker [--detections DET.TXT] [--peer-python PYTHON] [--json FILE]
python tools/benchmark_speed.py reid [--threads 2] [--peer FILE.onnx] [--json FILE]
"""

import json as jsonlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import tyro
from benchmark_reid import reid

from tracker.camera_tracker import CameraTracker
from tracker.config import TrackSettings
from tracker.motchallenge import read_detections
from tracker.pipeline import Pipeline
from tracker.recording import RunRecorder
from tracker.types import Detections
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


def tracker(
    detections: Path | None = None,
    peer_python: Path | None = None,
    repeats: int = 7,
    json: Path | None = None,
) -> None:
    """Frames a second of tracking alone on one camera, beside roboflow's ByteTrackTracker.

    Detections are in memory, one process and thread each, default settings of both. They run in
    turn; the quickest run of each counts. Then what a frame costs with 10 to 1,000 boxes in it.

    Args:
        detections: A det.txt of MOTChallenge; people made up, as many as MOT17-04-FRCNN's 27 boxes
            in each of 1,050 frames, if it isn't given.
        peer_python: An interpreter with the extra `peers`, such as peers/bin/python after
            `python -m venv peers && peers/bin/pip install trackers==2.6.1`.
        repeats: Runs of each.
        json: File for the numbers.
    """
    frames = detections_of_file(detections) if detections else made_frames(1050, 27)
    times: dict[str, list[float]] = {"": [], "peer_": []}
    with _peer(frames, peer_python) as peer_seconds:
        for _ in range(repeats):
            times[""].append(seconds_of_tracking(frames))
            if peer_seconds:
                times["peer_"].append(peer_seconds())
    numbers: dict[str, object] = {
        f"{name}fps": round(len(frames) / min(seconds), 1)
        for name, seconds in times.items()
        if seconds
    }
    if times["peer_"]:
        numbers["ratio"] = round(min(times["peer_"]) / min(times[""]), 3)
    sizes = (10, 30, 100, 300, 1000)
    curve = {n: 1e6 * _best_seconds_of_tracking(made_frames(40, n), 3) / 40 for n in sizes}
    numbers["microseconds_by_boxes"] = {str(n): round(cost, 1) for n, cost in curve.items()}
    boxes = np.mean([len(frame) for frame in frames])
    print(f"{detections or 'made up'}: {len(frames)} frames, {boxes:.1f} boxes in each")
    print(f"  ours       {numbers['fps']:>8} frames/s")
    if times["peer_"]:
        print(f"  ByteTrack  {numbers['peer_fps']:>8} frames/s; ratio {numbers['ratio']}")
    else:
        print("  ByteTrack was not run: give an interpreter that has it by --peer-python")
    for n, cost in curve.items():
        print(f"  {n:5d} boxes  {cost:9.0f} microseconds a frame, {cost / n:6.1f} a box")
    if json:
        json.write_text(jsonlib.dumps(numbers, indent=2) + "\n")


def seconds_of_tracking(frames: list[Detections]) -> float:
    """Seconds that a new tracker of default settings takes for all frames, 30 a second."""
    camera = CameraTracker("camera")
    begin = time.perf_counter()
    for index, found in enumerate(frames):
        camera.update(index, index / 30, found)
    return time.perf_counter() - begin


def _best_seconds_of_tracking(frames: list[Detections], repeats: int) -> float:
    return min(seconds_of_tracking(frames) for _ in range(repeats))


@contextmanager
def _peer(frames: list[Detections], python: Path | None) -> Iterator[Callable[[], float] | None]:
    """A function that runs the peer once in its interpreter and returns the seconds."""
    if python is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "detections.npz"
        np.savez(
            path,
            boxes=np.concatenate([frame.boxes for frame in frames]),
            scores=np.concatenate([frame.scores for frame in frames]),
            counts=[len(frame) for frame in frames],
        )
        command = [str(python), str(Path(__file__).with_name("bytetrack_peer.py")), str(path)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        ) as process:
            sending, answers = process.stdin, process.stdout
            if sending is None or answers is None or answers.readline().strip() != "ready":
                raise SystemExit(f"{python} can't run the peer; it needs trackers==2.6.1")

            def seconds() -> float:
                sending.write("again\n")
                return float(answers.readline())

            yield seconds
            sending.close()


def detections_of_file(path: Path) -> list[Detections]:
    """One `Detections` for each frame of a det.txt, up to its last row's."""
    rows = read_detections(path)
    splits = np.searchsorted(rows.frames, np.arange(2, rows.frames.max(initial=1) + 1))
    boxes, scores = np.split(rows.boxes, splits), np.split(rows.scores, splits)
    return [Detections(b, s) for b, s in zip(boxes, scores, strict=True)]


def made_frames(count: int, boxes: int) -> list[Detections]:
    """Detections of people who walk in a square as crowded as MOT17-04: a tenth is missed in each
    frame, a tenth is faint, and a tenth of what is found is nobody. About `boxes` in each frame.
    """
    rng = np.random.default_rng(0)
    side = 1500 * np.sqrt(boxes / 27)  # pixels: the same crowd on any area
    place = rng.uniform(0, side, (boxes, 2))
    speed = rng.normal(0, 2, (boxes, 2))
    height = rng.uniform(80, 240, boxes)
    frames = []
    for index in range(count):
        seen = rng.uniform(size=boxes) > 0.1
        lost = np.count_nonzero(~seen)
        corner = (place + index * speed)[seen] % side + rng.normal(0, 2, (boxes - lost, 2))
        corner = np.concatenate([corner, rng.uniform(0, side, (lost, 2))])
        tall = np.concatenate([height[seen], rng.uniform(80, 240, lost)])
        size = np.stack([0.4 * tall, tall], axis=1)
        scores = np.where(rng.uniform(size=boxes) > 0.1, rng.uniform(0.6, 1, boxes), 0.4)
        scores[boxes - lost :] = rng.uniform(0.05, 0.7, lost)
        frames.append(Detections(np.concatenate([corner, corner + size], axis=1), scores))
    return frames


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
    tyro.extras.subcommand_cli_from_dict(
        {"pipeline": pipeline, "tracker": tracker, "reid": reid}, description=__doc__
    )
