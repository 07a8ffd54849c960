"""What the tracker is fed with: a sequence's detections, with embeddings where pictures allow."""

from dataclasses import dataclass, replace
from pathlib import Path

from configs.errors import InputError
from reid.opening import open_embedder
from tracker.detection import DetectionSettings, open_detector
from tracker.evaluation.detection_cache import (
    cache_path,
    file_origin,
    load_detections,
    save_detections,
)
from tracker.evaluation.mot16.pictures import count_pictures, frames_of
from tracker.motchallenge import MotSequence
from tracker.sampling import crop
from tracker.types import Detections, Detector, Embedder, Frame

__all__ = ["DetectionSource", "choose_sequences", "detections_of", "source_label"]

PUBLIC = "public"
PUBLIC_DETECTORS = ("DPM", "FRCNN", "SDP")


@dataclass(frozen=True)
class DetectionSource:
    """detections: "public", a detector's name, or a path. reid: an embedder's name or "none".

    cache: a folder, or None.
    """

    detections: str
    reid: str
    cache: Path | None


def choose_sequences(
    sequences: list[MotSequence], detections: str
) -> tuple[list[MotSequence], str]:
    """Resolve "DPM", "FRCNN", "SDP": MOT17's sequences with that detector, and "public".

    Anything else stays as it is. Raises InputError if no sequence has that detector.
    """
    if detections not in PUBLIC_DETECTORS:
        return sequences, detections
    chosen = [s for s in sequences if _public_detector(s.name) == detections]
    if not chosen:
        raise InputError(f"no sequence here has public detections by {detections}")
    return chosen, PUBLIC


def source_label(sequence: str, detections: str) -> str:
    """Whose detections are used for a sequence of this name, to print beside its scores."""
    return f"public {_public_detector(sequence)}".strip() if detections == PUBLIC else detections


def detections_of(sequence: MotSequence, source: DetectionSource) -> tuple[list[Detections], str]:
    """A `Detections` for each frame, and what there is to say about pictures.

    Raises InputError: a detector that needs pictures where some are missing, a bad file.
    """
    there = count_pictures(sequence)
    complete = there == sequence.length
    if not complete and not _uses_files(source):
        raise InputError(
            f"{sequence.image_folder}: {there} of {sequence.length} pictures, and detector "
            f"{source.detections!r} needs them all; use --detections public or a file"
        )
    reid = source.reid if complete else "none"
    note = "" if complete else f"{there} of {sequence.length} pictures: motion only"
    if not complete and source.reid != "none":
        note += f", without --reid {source.reid}"
    if source.cache is None or (reid == "none" and _uses_files(source)):
        return _make(sequence, source, reid), note
    origin = f"{_origin(source.detections, sequence)} {_origin(reid, sequence)}"
    path = cache_path(source.cache, sequence.name, origin)
    found = load_detections(path, origin, sequence.length)
    if found is None:
        found = _make(sequence, source, reid)
        save_detections(path, found, origin)
    return found, note


def _uses_files(source: DetectionSource) -> bool:
    """Whether the detections are read from files, so that no pictures are needed."""
    path = Path(source.detections)
    return source.detections == PUBLIC or path.suffix.lower() == ".txt" or path.is_dir()


def _public_detector(name: str) -> str:
    """Whose detections a sequence of this name ships with, "" if its name doesn't tell."""
    suffix = name.rsplit("-", 1)[-1]
    if suffix in PUBLIC_DETECTORS:
        return suffix
    known = {"MOT16": "DPM", "MOT20": "FRCNN"}
    return known.get(name.split("-", 1)[0], "")


def _make(sequence: MotSequence, source: DetectionSource, reid: str) -> list[Detections]:
    public = sequence.folder / "det" / "det.txt"
    place = str(public) if source.detections == PUBLIC else source.detections
    detector = open_detector(place, [sequence.name], DetectionSettings())
    embedder = open_embedder(reid)
    with_pictures = embedder is not None or not _uses_files(source)
    return [_look(detector, embedder, frame) for frame in frames_of(sequence, with_pictures)]


def _look(detector: Detector, embedder: Embedder | None, frame: Frame) -> Detections:
    (found,) = detector.detect([frame])
    if embedder is None or frame.image is None:
        return found
    crops = [crop(frame.image, box) for box in found.boxes]
    return replace(found, embeddings=embedder.embed(crops))


def _origin(what: str, sequence: MotSequence) -> str:
    """A name that changes when a file behind it does."""
    path = sequence.folder / "det" / "det.txt" if what == PUBLIC else Path(what)
    if path.is_dir():
        path = path / f"{sequence.name}.txt"
    return file_origin(path) if path.is_file() else what
