"""Any YOLOX or RT-DETR/D-FINE style ONNX export as a `Detector`."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from configs.errors import InputError
from reid.onnx_session import open_session
from tracker.boxes import areas, clip
from tracker.detection.edge_noise import EdgeNoise
from tracker.detection.outputs import decode_detr, decode_yolox, yolox_grid
from tracker.detection.settings import DetectionSettings
from tracker.suppression import nms
from tracker.types import Detections, Detector, FloatArray, Frame, Image

__all__ = ["DetrDetector", "YoloxDetector", "open_onnx_detector"]

PADDING = 114  # grey, as YOLOX was trained with
STRIDES = ((8, 16, 32), (8, 16, 32, 64))
COARSEST = 32  # pixels: sides of pictures divide by it
TRIAL = 256  # pixels: sides of the first picture of a network that takes any


def open_onnx_detector(path: Path, settings: DetectionSettings, cameras: int = 1) -> Detector:
    """Load a network and recognise its kind by its inputs and outputs.

    cameras: how many frames are mostly given at once; they share the processor's cores, since
    two frames on a core each are done sooner than one after the other on both.
    Raises InputError: not an ONNX file, or inputs and outputs of no kind that is known here.
    """
    threads = settings.threads or os.cpu_count() or 1
    at_once = max(min(cameras, threads), 1)
    detector = _recognised(path, open_session(path, threads // at_once), settings)
    return detector if at_once == 1 else _AtOnce(detector, at_once)


class _AtOnce:
    """A detector that looks at several frames at the same time."""

    def __init__(self, detector: Detector, frames: int) -> None:
        self._detector = detector
        self._pool = ThreadPoolExecutor(frames)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """See `tracker.types.Detector`."""
        return [found for (found,) in self._pool.map(self._detector.detect, zip(frames))]


def _recognised(
    path: Path, session: onnxruntime.InferenceSession, settings: DetectionSettings
) -> Detector:
    outputs = {output.name: output.shape for output in session.get_outputs()}
    image_shape = session.get_inputs()[0].shape
    if len(image_shape) != 4 or image_shape[1] != 3:
        raise InputError(
            f"{path}: expected images (N, 3, H, W) as the first input, found {image_shape}"
        )
    if {"labels", "boxes", "scores"} <= outputs.keys() or {
        "logits",
        "pred_boxes",
    } <= outputs.keys():
        return DetrDetector(session, settings)
    shapes = list(outputs.values())
    if len(shapes) == 1 and len(shapes[0]) == 3 and _may_be(shapes[0][2], at_least=6):
        return YoloxDetector(session, settings, str(path))
    raise InputError(
        f"{path}: outputs {outputs} are of no detector known here; expected one of (N, A, 5 + "
        "classes) as YOLOX has, or labels, boxes, scores or logits, pred_boxes as RT-DETR and "
        "D-FINE have"
    )


class YoloxDetector:
    """YOLOX and whoever keeps to its layout: BGR 0..255, letterbox to the top left.

    A network that takes pictures of any size gets them in their own proportions, with about
    `pixels` of the settings. Whether the export decodes the boxes itself is found by a trial on a
    grey picture.
    """

    def __init__(
        self, session: onnxruntime.InferenceSession, settings: DetectionSettings, name: str
    ) -> None:
        self._session = session
        self._settings = settings
        image = session.get_inputs()[0]
        self._input = image.name
        self._edge_noise = _edge_noise(session)
        self._fixed = _fixed_size(image.shape)
        height, width = self._fixed or (TRIAL, TRIAL)
        trial = self._run(np.full((height, width, 3), PADDING, np.uint8))
        self._strides = None  # to decode the boxes by; the export has done so itself
        if np.ptp(trial[:, 0]) <= width / 2:  # offsets within a cell
            fitting = [s for s in STRIDES if len(yolox_grid(height, width, s)[0]) == len(trial)]
            if not fitting:
                raise InputError(
                    f"{name}: {len(trial)} boxes don't fit a {width}x{height} YOLOX grid"
                )
            self._strides = fitting[0]

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """See `tracker.types.Detector`."""
        return [self._detect(_picture(frame)) for frame in frames]

    def _detect(self, image: Image) -> Detections:
        height, width = image.shape[:2]
        size = self._fixed or _fitting_size(height, width, self._settings.pixels)
        scale = min(size[0] / height, size[1] / width)
        inner = (max(round(width * scale), 1), max(round(height * scale), 1))
        canvas = np.full((*size, 3), PADDING, np.uint8)
        canvas[: inner[1], : inner[0]] = cv2.resize(image, inner, interpolation=cv2.INTER_LINEAR)
        output = self._run(canvas)
        likely = output[:, 4] * output[:, 5] >= self._settings.score
        grid = None
        if self._strides is not None:
            corners, strides = yolox_grid(*size, self._strides)
            grid = corners[likely], strides[likely]
        boxes, scores = decode_yolox(output[likely], grid)
        return _select(boxes / scale, scores, image, self._settings, self._edge_noise)

    def _run(self, image: Image) -> FloatArray:
        tensor = cv2.dnn.blobFromImage(image)
        return self._session.run(None, {self._input: tensor})[0][0]


class DetrDetector:
    """RT-DETR, D-FINE and their kin: RGB 0..1, the image stretched to the input's size.

    Reads exports with the post-processing inside (labels, boxes, scores for the original size) and
    without (logits, pred_boxes).
    """

    def __init__(self, session: onnxruntime.InferenceSession, settings: DetectionSettings) -> None:
        self._session = session
        self._settings = settings
        self._edge_noise = _edge_noise(session)
        self._inputs = [entry.name for entry in session.get_inputs()]
        self._height, self._width = _fixed_size(session.get_inputs()[0].shape) or (640, 640)
        names = {output.name for output in session.get_outputs()}
        self._decode: Callable[[Image], tuple[FloatArray, FloatArray]] = (
            self._finished if "labels" in names else self._raw
        )

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """See `tracker.types.Detector`."""
        found = []
        for frame in frames:
            image = _picture(frame)
            boxes, scores = self._decode(image)
            found.append(_select(boxes, scores, image, self._settings, self._edge_noise))
        return found

    def _finished(self, image: Image) -> tuple[FloatArray, FloatArray]:
        size = np.array([[image.shape[1], image.shape[0]]], np.int64)
        feeds = {self._inputs[0]: self._tensor(image)} | dict.fromkeys(self._inputs[1:2], size)
        labels, boxes, scores = self._session.run(["labels", "boxes", "scores"], feeds)
        people = labels[0] == 0
        return boxes[0][people], scores[0][people]

    def _raw(self, image: Image) -> tuple[FloatArray, FloatArray]:
        feeds = {self._inputs[0]: self._tensor(image)}
        logits, centred = self._session.run(["logits", "pred_boxes"], feeds)
        boxes, scores = decode_detr(logits[0], centred[0])
        return boxes * np.tile([image.shape[1], image.shape[0]], 2), scores

    def _tensor(self, image: Image) -> FloatArray:
        size = (self._width, self._height)
        return np.asarray(cv2.dnn.blobFromImage(image, 1 / 255, size, swapRB=True), np.float32)


def _edge_noise(session: onnxruntime.InferenceSession) -> EdgeNoise | None:
    return EdgeNoise.from_metadata(session.get_modelmeta().custom_metadata_map)


def _select(
    boxes: FloatArray,
    scores: FloatArray,
    image: Image,
    settings: DetectionSettings,
    edge_noise: EdgeNoise | None,
) -> Detections:
    """Clip to the image, drop the weak, the low, the many and the doubled; best score first.

    edge_noise: how far off boxes are, if the file tells.
    """
    boxes = clip(boxes.astype(np.float64), image.shape[1], image.shape[0])
    scores = scores.astype(np.float64)
    heights = boxes[:, 3] - boxes[:, 1]
    good = (scores >= settings.score) & (heights >= settings.min_height) & (areas(boxes) > 0)
    boxes, scores = _best(boxes[good], scores[good], settings.max_candidates)
    kept = nms(boxes, scores, settings.nms_iou)
    boxes, scores = boxes[kept], scores[kept]
    noise = None if edge_noise is None else edge_noise.shares(scores)
    return Detections(boxes, scores, edge_noise=noise)


def _best(boxes: FloatArray, scores: FloatArray, most: int) -> tuple[FloatArray, FloatArray]:
    """The `most` boxes of the best scores, or all, if there are fewer; ties go to the earlier."""
    if len(scores) <= most:
        return boxes, scores
    rows = np.argsort(-scores, kind="stable")[:most]
    return boxes[rows], scores[rows]


def _picture(frame: Frame) -> Image:
    if frame.image is None:
        raise ValueError(f"camera {frame.camera}, frame {frame.index}: no picture to detect in")
    return frame.image


def _fixed_size(shape: list[int | str | None]) -> tuple[int, int] | None:
    """Height and width that the network wants; None where it takes any."""
    height, width = shape[2:]
    return (height, width) if isinstance(height, int) and isinstance(width, int) else None


def _fitting_size(height: int, width: int, pixels: int) -> tuple[int, int]:
    """Sides in about the proportions of a picture that divide by 32, of about `pixels` in all."""
    scale = (pixels / (height * width)) ** 0.5
    rows, columns = (max(round(side * scale / COARSEST), 1) for side in (height, width))
    return rows * COARSEST, columns * COARSEST


def _may_be(side: int | str | None, at_least: int) -> bool:
    return not isinstance(side, int) or side >= at_least
