"""Measure what decisions by a network depend on, and write it into the network's file.

    python tools/fit_thresholds.py reid --model FILE.onnx --data HOLDOUT [--dry]
    python tools/fit_thresholds.py detector --model FILE.onnx --data VALIDATION [--dry]

reid: cosines of the same person and of different people, between the mean embeddings of a few
pictures each from two cameras, as `cosine_prior` (as they come out of the network) and
`cosine_prior_centred` (each camera's mean subtracted). The people must not be those it was
trained on. detector: the score at which precision and recall balance best, as `best_f1_score`, and
how far off the boxes' lower edges are, by score, as `edge_noise`.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import tyro
from numpy.typing import NDArray
from scipy.special import expit, logit

from configs.command import run
from configs.errors import InputError
from reid.embedder import OnnxEmbedder
from reid.images import read_image
from reid.training.datasets import DatasetName, Source, read_source
from reid.training.detection.export import shift_scores
from reid.training.detection.pictures import read_coco
from reid.training.evaluation import centre_by_camera, embed_files
from reid.training.samples import Samples
from tracker.boxes import iou
from tracker.detection import DetectionSettings
from tracker.detection.edge_noise import EdgeNoise
from tracker.detection.onnx import open_onnx_detector
from tracker.evaluation.detection import AnnotatedFrame, best_operating_point
from tracker.types import Detections, FloatArray, Frame

FAINTEST = 0.01  # score of a box that is looked at
OVERLAP = 0.3  # IoU from which on a box is somebody's, however far off its edges are
BORDER = 2  # pixels
FEWEST = 100  # boxes that tell how far off edges are
WEIGHT = 300.0  # pairs: tracking learns on from a few hundred, some of which are wrong


def reid(
    model: Path,
    data: Path,
    dataset: DatasetName = "rendered",
    holdout: float = 0.0,
    pictures: int = 4,
    threads: int = 0,
    dry: bool = False,
) -> None:
    """Cosines of the same person and of different people, for the open-set decision.

    Args:
        model: The ONNX file, which is rewritten.
        data: Folder of people whom the network wasn't trained on.
        dataset: Its layout.
        holdout: Share of its identities to measure with, as in training; 0 for all.
        pictures: How many of each person and camera are averaged.
        threads: Processor threads; 0 takes as many as there are cores.
        dry: Print only.
    """
    if pictures < 1:
        raise InputError(f"--pictures is {pictures}; give 1 or more")
    embedder = OnnxEmbedder(model, threads=threads)
    test = read_source(Source(name=dataset, root=data, holdout=holdout)).test
    chosen = _first_pictures(test, pictures)
    embeddings, decoded = embed_files(embedder, chosen.paths)
    chosen = chosen[decoded]
    ways = {
        "cosine_prior": embeddings,
        "cosine_prior_centred": centre_by_camera(embeddings, chosen.cameras),
    }
    found = {key: cosine_prior(rows, chosen, data) for key, rows in ways.items()}
    _store(model, {key: json.dumps(prior) for key, prior in found.items()}, dry)


def cosine_prior(embeddings: NDArray[np.float32], samples: Samples, data: Path) -> dict[str, float]:
    """Mean and standard deviation of cosines between cameras, of one person and of two people.

    embeddings: (N, D) unit rows of the samples; those of one person and camera are averaged.
    Raises InputError where there is no pair of the same person, or none of two people.
    """
    keys = np.column_stack([samples.identities, samples.cameras])
    groups, members = np.unique(keys, axis=0, return_inverse=True)
    means = np.zeros((len(groups), embeddings.shape[1]))
    np.add.at(means, members.ravel(), embeddings)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    people, cameras = groups.T
    one, other = np.triu_indices(len(groups), 1)
    across = cameras[one] != cameras[other]
    cosines = (means @ means.T)[one, other]
    same = people[one] == people[other]
    prior = {"weight": WEIGHT}
    for kind, rows in (("same", across & same), ("different", across & ~same)):
        if rows.sum() < 2:
            raise InputError(f"{data}: fewer than two pairs of {kind} people on two cameras")
        prior[f"{kind}_mean"] = round(float(cosines[rows].mean()), 4)
        prior[f"{kind}_std"] = round(float(cosines[rows].std()), 4)
    return prior


def detector(
    model: Path,
    data: Path,
    min_height: float = 0.0,
    land_on: float | None = None,
    threads: int = 0,
    dry: bool = False,
) -> None:
    """The score of a detector at which F1 is highest, at IoU 0.5, and the noise of its edges.

    Args:
        model: The ONNX file, which is rewritten.
        data: A folder in COCO's form; ignored people excuse what is found there.
        min_height: People lower than this many pixels are ignored.
        land_on: Shift the log-odds of all scores so that the best one becomes this, as the
            tracker's `confident_score` wants it; for networks that this project exported.
        threads: Processor threads; 0 takes as many as there are cores.
        dry: Print only.
    """
    if land_on is not None and not 0 < land_on < 1:
        raise InputError(f"--land-on is {land_on}; give a score between 0 and 1")
    network = open_onnx_detector(model, DetectionSettings(score=FAINTEST, threads=threads))
    found, truth, edges = [], [], []
    for index, picture in enumerate(read_coco(data)):
        image = read_image(picture.path)
        if image is None:
            raise InputError(f"{picture.path}: missing, or no picture")
        found += network.detect([Frame("", index, 0.0, image)])
        tall = picture.boxes[:, 3] - picture.boxes[:, 1] >= min_height
        truth.append(AnnotatedFrame(picture.boxes, tall & ~picture.ignored))
        edges.append(edge_errors(found[-1], truth[-1], image.shape[0]))
    point = best_operating_point(found, truth)
    if point is None:
        raise InputError(f"{data}: nobody to be found, or nobody found")
    print(
        f"{len(truth)} pictures: F1 {point.f1:.3f}, precision {point.precision:.3f}, "
        f"recall {point.recall:.3f}"
    )
    print(f"F1 was highest at {point.score:.3f}")
    best = round(point.score, 3) if land_on is None else land_on
    shift = 0.0
    if land_on is not None:
        shift = float(logit(land_on) - logit(np.clip(point.score, 1e-6, 1 - 1e-6)))
    scores, errors = (np.concatenate(part) for part in zip(*edges, strict=True))
    entries = {"best_f1_score": json.dumps(best)}
    if len(scores) >= FEWEST and np.ptp(scores) > 0:
        noise = EdgeNoise.fit(expit(logit(scores) + shift), errors)
        entries["edge_noise"] = noise.model_dump_json()
    else:
        print(f"{len(scores)} boxes are too few to tell how far off their edges are, by score")
    _store(model, entries, dry, shift)


def edge_errors(
    found: Detections, truth: AnnotatedFrame, height: int
) -> tuple[FloatArray, FloatArray]:
    """Scores (N,) of the boxes that are somebody's, and how far below the person's their lower
    edge is, as a share of their height, (N,).

    Each box and person like the other one best. People whom the lower border of the image, at
    `height`, cuts off are left out.
    """
    people = truth.boxes[truth.counted & (truth.boxes[:, 3] < height - BORDER)]
    overlaps = iou(found.boxes, people)
    if not overlaps.size:
        return np.zeros(0), np.zeros(0)
    whose = overlaps.argmax(axis=1)
    rows = np.arange(len(found))
    own = (overlaps[:, whose].argmax(axis=0) == rows) & (overlaps[rows, whose] >= OVERLAP)
    boxes = found.boxes[own]
    below = boxes[:, 3] - people[whose[own], 3]
    return found.scores[own], below / (boxes[:, 3] - boxes[:, 1])


def _first_pictures(samples: Samples, count: int) -> Samples:
    """At most `count` pictures of each person and camera."""
    taken: dict[tuple[int, int], int] = {}
    kept = np.zeros(len(samples), bool)
    for row, key in enumerate(
        zip(samples.identities.tolist(), samples.cameras.tolist(), strict=True)
    ):
        taken[key] = taken.get(key, 0) + 1
        kept[row] = key[0] != -1 and taken[key] <= count
    return samples[kept]


def _store(path: Path, entries: Mapping[str, str], dry: bool, score_shift: float = 0.0) -> None:
    """Print the entries; unless `dry`, write them among a file's metadata, whole or not at all.

    score_shift: of a detector's log-odds, see `shift_scores`; 0 leaves the network as it is.
    """
    for key, value in entries.items():
        print(f"{key} {value}")
    if dry:
        return
    model = onnx.load(path)
    if score_shift:
        shift_scores(model, score_shift)
    stored = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, {**stored, **entries})
    part = path.with_suffix(path.suffix + ".part")
    onnx.save(model, part)
    part.replace(path)


if __name__ == "__main__":
    commands = {"reid": reid, "detector": detector}
    raise SystemExit(
        run(lambda: tyro.extras.subcommand_cli_from_dict(commands, description=__doc__))
    )
