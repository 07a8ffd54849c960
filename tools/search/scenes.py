"""Sequences with truth and detections, and how they are split: one place is left out at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from configs.errors import InputError
from tracker.camera_tracker import CameraTracker, CameraTrackerSettings
from tracker.evaluation.mot16.sources import DetectionSource, detections_of, source_label
from tracker.evaluation.preprocessing import compare_pedestrians
from tracker.evaluation.scores import Scores, score
from tracker.motchallenge import (
    GroundTruth,
    MotRows,
    MotSequence,
    find_sequences,
    read_ground_truth,
)
from tracker.plausibility import EvidenceHook
from tracker.types import CameraTracks, Detections

__all__ = ["Fold", "Scene", "folds", "read_scenes"]

PUBLIC = DetectionSource("public", "none", None)


@dataclass(frozen=True)
class Scene:
    """A sequence, its truth, and the detections of each of its frames."""

    sequence: MotSequence
    truth: GroundTruth
    detections: list[Detections]

    @property
    def name(self) -> str:
        """As MOT17-02-FRCNN."""
        return self.sequence.name

    @property
    def place(self) -> str:
        """The number that all sequences of one place share: 02 of MOT17-02-FRCNN."""
        parts = self.name.split("-")
        return parts[1] if len(parts) > 1 else self.name

    @property
    def source(self) -> str:
        """Whose detections they are."""
        return source_label(self.name, PUBLIC.detections)

    def track(
        self, settings: CameraTrackerSettings, on_evidence: EvidenceHook | None = None
    ) -> list[CameraTracks]:
        """What the tracker reports in each frame."""
        tracker = CameraTracker(self.name, settings)
        if on_evidence is not None:
            tracker.listen(on_evidence)
        rate = self.sequence.frame_rate
        return [tracker.update(k, k / rate, found) for k, found in enumerate(self.detections)]

    def score(self, rows: MotRows) -> Scores:
        """A result's scores, by MOTChallenge's rules."""
        return score(compare_pedestrians(self.truth, rows, self.name))


@dataclass(frozen=True)
class Fold:
    """The scenes of one place, with every detector's detections, and all scenes of the others."""

    place: str
    held_out: list[Scene]
    others: list[Scene]


def read_scenes(root: Path, names: Sequence[str]) -> list[Scene]:
    """The sequences named, or all, with their public detections. Raises InputError: a bad file."""
    return [
        Scene(
            sequence,
            read_ground_truth(sequence.folder / "gt" / "gt.txt"),
            detections_of(sequence, PUBLIC)[0],
        )
        for sequence in find_sequences(root, names)
    ]


def folds(scenes: Sequence[Scene]) -> Iterator[Fold]:
    """Each place held out once, by its number. Raises InputError with fewer than two places."""
    places = sorted({scene.place for scene in scenes})
    if len(places) < 2:
        raise InputError(
            f"only the place {', '.join(places)!r}: to leave one out, give sequences of two or more"
        )
    for place in places:
        held_out = [scene for scene in scenes if scene.place == place]
        yield Fold(place, held_out, [scene for scene in scenes if scene.place != place])
