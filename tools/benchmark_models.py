"""How good the packaged networks are, beside others', in one run on the same data.

    python tools/benchmark_models.py --pku DIR --mot17 DIR --peer-reid FILE --peer-detector FILE

ReID: PKU-ReID, each camera's images searched among the other's, raw and "centred": with what a run
does about cameras, which needs no label. It subtracts every camera's mean embedding, and before
that it matches a network that can be matched, as ours, to each camera by a sample of its images;
of others' files there is but the mean. Detection: the pictures that are there of MOT17's
sequences, average precision at IoU 0.5 of people of whom a quarter or more is visible, of all
heights and from 60 pixels on; the rest of the annotation (less visible, lower, riders, statues,
reflections) is neither to be found nor wrong to find. Its curve goes down to boxes of a score of
0.01; the times are those of the score from which on a run takes boxes. Times are medians; ours and
the peer's turns alternate, so that a busy machine slows both.
"""

import json as jsonlib
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from numpy.typing import NDArray

from configs.command import run
from configs.errors import InputError
from reid.embedder import OnnxEmbedder
from reid.images import Image, read_image
from reid.opening import default_embedder, open_embedder
from reid.packaged import packaged_models
from reid.training.datasets import Source, read_source
from reid.training.evaluation import centre_by_camera, embed_files, require_matches, score
from reid.training.samples import Samples
from tracker.camera_matching import CameraMatchingSettings
from tracker.detection import DetectionSettings
from tracker.detection.onnx import open_onnx_detector
from tracker.evaluation.detection import AnnotatedFrame, average_precision
from tracker.evaluation.table import format_table
from tracker.motchallenge import GroundTruth, MotSequence, find_sequences, read_ground_truth
from tracker.types import Detector, Embedder, Frame

Figures = dict[str, float]

PEDESTRIAN = 1
LEAST_VISIBLE = 0.25
HEIGHTS = {"AP50": 0.0, "AP50_60px": 60.0}  # pixels from which on people are to be found
FAINTEST = 0.01  # score of a box that counts for the curve
BATCH, ROUNDS = 8, 40  # crops at once, and how many times


@dataclass(frozen=True)
class Arguments:
    """Rank PKU-ReID and find MOT17's people with our networks and with others'."""

    pku: Path | None = None
    """Folder of PKU-ReID: <person>/<camera>_<orientation>.png."""
    mot17: Path | None = None
    """Folder of MOT17's sequences; those of one public detector are enough."""
    reid: str | None = None
    """Our embedder, if not the packaged one: a name or an .onnx file."""
    detector: Path | None = None
    """Our detector, if not the packaged one (.onnx)."""
    peer_reid: str | None = None
    """An embedder to compare with: an .onnx file or a name."""
    peer_detector: Path | None = None
    """A detector to compare with (.onnx)."""
    pixels: int = DetectionSettings().pixels
    """Of a picture, for a detector that takes any size."""
    threads: int = 0
    """Processor threads of a network; 0: as many as there are cores."""
    json: Path | None = None
    """File for the figures."""


def benchmark(arguments: Arguments) -> None:
    """Measure, print, write. Raises InputError for what can't be read or measured."""
    figures: dict[str, Figures] = {}
    if arguments.pku is not None:
        figures |= reid_figures(arguments.pku, _embedders(arguments))
    if arguments.mot17 is not None:
        settings = DetectionSettings(threads=arguments.threads, pixels=arguments.pixels)
        figures |= detector_figures(arguments.mot17, _detector_files(arguments), settings)
    if not figures:
        raise InputError("nothing to measure: give --pku or --mot17, and a network if none ships")
    print(_tables(figures))
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(jsonlib.dumps(figures, indent=1) + "\n", encoding="utf-8")


def reid_figures(root: Path, embedders: Mapping[str, Embedder]) -> dict[str, Figures]:
    """By embedder: rank-1 and mAP in percent, raw and centred, and milliseconds a crop."""
    data = read_source(Source(name="pku-reid", root=root))
    require_matches(data)
    figures: dict[str, Figures] = {}
    for name, embedder in embedders.items():
        embeddings, decoded = embed_files(embedder, data.test.paths)
        if not decoded.all():
            raise InputError(f"{data.test.paths[int(np.argmin(decoded))]}: not a picture")
        raw = score(embeddings, data).summary()
        if isinstance(embedder, OnnxEmbedder) and embedder.matchable:
            embeddings = _matched(embedder, data.test)
        centred = score(centre_by_camera(embeddings, data.test.cameras), data).summary()
        figures[name] = {
            "rank1": round(raw["rank1"], 2),
            "mAP": round(raw["mAP"], 2),
            "rank1_centred": round(centred["rank1"], 2),
            "mAP_centred": round(centred["mAP"], 2),
        }
    for name, seconds in _embedding_times(data.test, embedders).items():
        figures[name]["ms"] = round(1e3 * seconds, 2)
    return figures


def _matched(embedder: OnnxEmbedder, samples: Samples) -> NDArray[np.float32]:
    """(N, D) embeddings by the network as matched to each camera."""
    embeddings = np.zeros((len(samples.paths), embedder.dimension), np.float32)
    most = CameraMatchingSettings().images
    for camera in np.unique(samples.cameras):
        rows = np.flatnonzero(samples.cameras == camera)
        paths = [samples.paths[row] for row in rows]
        sample = [read_image(path) for path in paths[:: -(-len(paths) // most)]]
        embedder.match(str(camera), [image for image in sample if image is not None])
        embeddings[rows], _ = embed_files(_OnCamera(embedder, str(camera)), paths)
    return embeddings


@dataclass(frozen=True)
class _OnCamera:
    """An embedder of one camera's images."""

    embedder: OnnxEmbedder
    camera: str

    def embed(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        return self.embedder.embed(crops, [self.camera] * len(crops))


def detector_figures(
    root: Path, files: Mapping[str, Path], settings: DetectionSettings
) -> dict[str, Figures]:
    """By detector: average precision at IoU 0.5 in percent, and milliseconds a frame.

    The time is with `settings`; for the precision the faintest boxes are taken too.
    """
    frames, truths = _annotated_frames(root)
    thorough = settings.model_copy(update={"score": FAINTEST})
    times = _detection_times(
        frames, {name: open_onnx_detector(path, settings) for name, path in files.items()}
    )
    figures: dict[str, Figures] = {}
    for name, path in files.items():
        found = open_onnx_detector(path, thorough).detect(frames)
        precisions = {key: average_precision(found, truths[key]) for key in HEIGHTS}
        figures[name] = {key: round(100 * value, 2) for key, value in precisions.items()}
        figures[name]["ms"] = round(1e3 * times[name], 2)
    return figures


def _embedders(arguments: Arguments) -> dict[str, Embedder]:
    default = default_embedder()
    ours = arguments.reid or (default if default in packaged_models("reid") else None)
    if ours is None:
        print("no ReID network ships: left out (--reid names one)", file=sys.stderr)
    sources = {"reid": ours, "peer_reid": arguments.peer_reid}
    opened = {
        name: open_embedder(source, threads=arguments.threads)
        for name, source in sources.items()
        if source is not None
    }
    return {name: embedder for name, embedder in opened.items() if embedder is not None}


def _detector_files(arguments: Arguments) -> dict[str, Path]:
    ours = arguments.detector or next(iter(packaged_models("tracker.detection").values()), None)
    if ours is None:
        print("no detector ships: left out (--detector names one)", file=sys.stderr)
    files = {"detector": ours, "peer_detector": arguments.peer_detector}
    return {name: path for name, path in files.items() if path is not None}


def _detection_times(
    frames: Sequence[Frame], detectors: Mapping[str, Detector]
) -> dict[str, float]:
    """Seconds a frame, decoded already, with what prepares it: the median over all frames."""
    times: dict[str, list[float]] = {name: [] for name in detectors}
    for number, frame in enumerate([*frames[:1], *frames]):  # the first one to warm up
        for name, detector in detectors.items():
            begin = time.perf_counter()
            detector.detect([frame])
            if number:
                times[name].append(time.perf_counter() - begin)
    return {name: float(np.median(passed)) for name, passed in times.items()}


def _embedding_times(samples: Samples, embedders: Mapping[str, Embedder]) -> dict[str, float]:
    """Seconds a crop, decoded already, with what prepares it: the median over many batches."""
    crops = [read_image(path) for path in samples.paths[:BATCH]]
    batch: list[Image] = [crop for crop in crops if crop is not None]
    times: dict[str, list[float]] = {name: [] for name in embedders}
    for _ in range(ROUNDS):
        for name, embedder in embedders.items():
            begin = time.perf_counter()
            embedder.embed(batch)
            times[name].append((time.perf_counter() - begin) / len(batch))
    return {name: float(np.median(passed)) for name, passed in times.items()}


def _annotated_frames(root: Path) -> tuple[list[Frame], dict[str, list[AnnotatedFrame]]]:
    """The pictures that are there, and by figure who is to be found in each."""
    frames: list[Frame] = []
    truths: dict[str, list[AnnotatedFrame]] = {key: [] for key in HEIGHTS}
    for sequence in find_sequences(root):
        numbers = [n for n in range(1, sequence.length + 1) if sequence.image_path(n).is_file()]
        if not numbers:
            continue
        truth = read_ground_truth(sequence.folder / "gt" / "gt.txt")
        for number in numbers:
            frames.append(_frame(sequence, number))
            for key, height in HEIGHTS.items():
                truths[key].append(_annotated(truth, number, height))
    if not frames:
        raise InputError(f"{root}: no pictures in its sequences")
    return frames, truths


def _frame(sequence: MotSequence, number: int) -> Frame:
    image = read_image(sequence.image_path(number))
    if image is None:
        raise InputError(f"{sequence.image_path(number)}: not a picture")
    return Frame(sequence.name, number - 1, 0.0, image)


def _annotated(truth: GroundTruth, number: int, height: float) -> AnnotatedFrame:
    here = truth.rows.frames == number
    counted = (truth.classes == PEDESTRIAN) & (truth.rows.scores > 0)
    counted &= (truth.visibilities >= LEAST_VISIBLE) & (truth.rows.ltwh[:, 3] >= height)
    return AnnotatedFrame(truth.rows.boxes[here], counted[here])


def _tables(figures: Mapping[str, Figures]) -> str:
    """One table for the embedders and one for the detectors."""
    kinds: Sequence[tuple[str, Callable[[str], bool]]] = (
        ("PKU-ReID, both ways; ms a crop", lambda name: name.endswith("reid")),
        ("MOT17's pictures, IoU 0.5; ms a frame", lambda name: name.endswith("detector")),
    )
    parts = []
    for title, belongs in kinds:
        rows = {name: row for name, row in figures.items() if belongs(name)}
        if rows:
            columns = list(next(iter(rows.values())))
            cells = [[name, *(f"{row[key]:.1f}" for key in columns)] for name, row in rows.items()]
            parts.append(f"{title}\n{format_table(['network', *columns], cells)}")
    return "\n\n".join(parts)


if __name__ == "__main__":
    raise SystemExit(run(lambda: benchmark(tyro.cli(Arguments, prog="benchmark_models"))))
