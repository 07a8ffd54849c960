"""Train the pedestrian detector, export it, measure it; let another one annotate pictures.

    python tools/train_detector.py label --source CLIP.mp4 --teacher yolox_nano.onnx --output DIR
    python tools/train_detector.py train --data DIR DIR ... --output RUN [--teacher FILE] [--resume]
    python tools/train_detector.py export --checkpoint RUN/last.pt --output detector.onnx
    python tools/train_detector.py evaluate --model detector.onnx --data DIR

A folder of data holds `annotations.json` (COCO's form) and `images/`. `python tools/render
detection` makes such folders of rendered people.
"""

import json as jsonlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import torch
import tyro

from configs import write_settings
from configs.command import run
from configs.errors import InputError
from reid.images import Image, read_image
from reid.training.detection.engine import load_detector, train_detector
from reid.training.detection.export import export_detector
from reid.training.detection.pictures import Picture, read_coco
from reid.training.detection.settings import DetectorTraining
from reid.training.detection.teacher import Teacher
from reid.training.graph import Storage
from tracker.detection.onnx import open_onnx_detector
from tracker.detection.settings import DetectionSettings
from tracker.evaluation.detection import AnnotatedFrame, average_precision
from tracker.types import Detections, Frame

SURE, PERHAPS = 0.5, 0.15  # a teacher's scores: a person; neither wanted nor wrong


def train(
    data: list[Path],
    output: Path,
    settings: DetectorTraining = DetectorTraining(),  # noqa: B008
    teacher: Path | None = None,
    start: Path | None = None,
    resume: bool = False,
    threads: int = 0,
) -> None:
    """Train on all pictures of several folders.

    Args:
        data: Folders in COCO's form; one that is named twice counts double.
        output: Folder for `last.pt`, `losses.csv` and, at the end, `settings.yaml`.
        settings: The recipe.
        teacher: A YOLOX (.onnx) to learn from beside the annotations.
        start: Begin with the averaged weights of another run's checkpoint (.pt), or with an
            exported detector (.onnx), the packaged one for example.
        resume: Go on from `output/last.pt`.
        threads: Processor threads; 0 takes torch's choice.
    """
    if threads:
        torch.set_num_threads(threads)
    cv2.setNumThreads(1)
    pictures = [picture for folder in data for picture in read_coco(folder)]
    print(f"{len(pictures)} pictures, {sum(len(p.boxes) for p in pictures)} boxes")
    expert = Teacher(teacher, threads) if teacher else None
    train_detector(pictures, settings, output, teacher=expert, start=start, resume=resume)
    write_settings(settings, output / "settings.yaml")


def export(
    checkpoint: Path,
    output: Path,
    training_data: str = "unknown",
    licence: str = "Apache-2.0",
    storage: Storage = "float16",
) -> None:
    """Write a checkpoint's averaged weights as ONNX for pictures of any size.

    Args:
        checkpoint: `last.pt` of a training run.
        output: The ONNX file.
        training_data: Stored in the file.
        licence: Of the weights; stored in the file.
        storage: float16 halves the file.
    """
    metadata = {
        "model": "pedestrian detector",
        "training_data": training_data,
        "licence": licence,
        "input": "BGR 0..255, sides divide by 32, letterbox to the top left, grey 114",
    }
    export_detector(load_detector(checkpoint), output, metadata, storage=storage)


def evaluate(
    model: Path,
    data: Path,
    min_height: float = 0.0,
    pixels: int = DetectionSettings().pixels,
    json: Path | None = None,
) -> None:
    """Average precision at IoU 0.5 and milliseconds a picture of any ONNX detector.

    Args:
        model: The detector.
        data: A folder in COCO's form; ignored people excuse what is found there.
        min_height: People lower than this many pixels are ignored.
        pixels: Of the picture that a network of any size sees.
        json: File for the numbers.
    """
    detector = open_onnx_detector(model, DetectionSettings(score=0.01, pixels=pixels))
    found, truth, seconds = [], [], []
    for index, picture in enumerate(read_coco(data)):
        frame = Frame("", index, 0.0, _read(picture))
        start = time.perf_counter()
        found += detector.detect([frame])
        seconds.append(time.perf_counter() - start)
        tall = picture.boxes[:, 3] - picture.boxes[:, 1] >= min_height
        truth.append(AnnotatedFrame(picture.boxes, tall & ~picture.ignored))
    if not truth:
        raise InputError(f"{data}: no pictures")
    numbers = {
        "pictures": len(truth),
        "AP50": round(100 * average_precision(found, truth), 1),
        "ms": round(1e3 * float(np.median(seconds)), 1),
    }
    print(jsonlib.dumps(numbers))
    if json:
        json.write_text(jsonlib.dumps(numbers, indent=2) + "\n")


def label(
    source: Path, teacher: Path, output: Path, every: int = 10, keep_empty: bool = False
) -> None:
    """Let a detector annotate a video or a folder of pictures: a folder to train on.

    Boxes with a score of 0.5 or more are people, those from 0.15 are ignored; pictures on which
    the teacher sees nobody for sure are left out, unless they are kept: a detector that was
    trained on rendered streets alone finds people in real clutter.

    Args:
        source: The clip or the folder; its licence must allow what is made of it.
        teacher: Any ONNX detector.
        output: Folder, made if it isn't there.
        every: Take one frame of so many; of a folder, one picture.
        keep_empty: Keep the pictures without people.
    """
    detector = open_onnx_detector(teacher, DetectionSettings(score=PERHAPS))
    (output / "images").mkdir(parents=True, exist_ok=True)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for index, picture in _pictures(source, every):
        (detections,) = detector.detect([Frame("", index, 0.0, picture)])
        if not (keep_empty or (detections.scores >= SURE).any()):
            continue
        name = f"{source.stem}_{index:06d}.jpg"
        cv2.imwrite(str(output / "images" / name), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
        height, width = picture.shape[:2]
        images.append({"id": len(images) + 1, "file_name": name, "width": width, "height": height})
        annotations += _annotations(detections, len(images), len(annotations))
    categories = [{"id": 1, "name": "person"}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (output / "annotations.json").write_text(jsonlib.dumps(content))
    print(f"{len(images)} pictures, {len(annotations)} boxes")


def _annotations(detections: Detections, image: int, first: int) -> list[dict[str, Any]]:
    sides = detections.boxes[:, 2:] - detections.boxes[:, :2]
    boxes = np.concatenate([detections.boxes[:, :2], sides], axis=1).round(2)
    return [
        {
            "id": first + row + 1,
            "image_id": image,
            "category_id": 1,
            "bbox": box.tolist(),
            "iscrowd": 0,
            "ignore": int(score < SURE),
        }
        for row, (box, score) in enumerate(zip(boxes, detections.scores, strict=True))
    ]


def _pictures(source: Path, every: int) -> Iterator[tuple[int, Image]]:
    """(index, picture) of every so many frames of a video, or pictures of a folder by name."""
    if source.is_dir():
        for index, path in enumerate(sorted(source.iterdir())[::every]):
            if (picture := read_image(path)) is not None:
                yield index * every, picture
        return
    if not source.is_file():
        raise InputError(f"{source}: no such file")
    with av.open(str(source)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % every == 0:
                yield index, frame.to_ndarray(format="bgr24")


def _read(picture: Picture) -> Image:
    image = read_image(picture.path)
    if image is None:
        raise InputError(f"{picture.path}: missing, or no picture")
    return image


if __name__ == "__main__":
    commands = {"train": train, "export": export, "evaluate": evaluate, "label": label}
    raise SystemExit(
        run(lambda: tyro.extras.subcommand_cli_from_dict(commands, description=__doc__))
    )
