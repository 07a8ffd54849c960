"""People followed on one camera: detections of one frame after another in, tracks out."""

import itertools

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs.settings import Settings
from tracker import kalman
from tracker.association import Stage, match
from tracker.boxes import nms
from tracker.kalman import MotionSettings
from tracker.types import BoolArray, CameraTracks, Detections, FloatArray, Image, IntArray

__all__ = ["CameraTracker", "CameraTrackerSettings"]

# One row per track. `id` is 0 until the track is reported; `missed` counts the updates since it
# was seen; `observation` is the detected box that it took last.
TRACK = np.dtype(
    [
        ("id", np.int64),
        ("state", np.float64, (5, 4)),
        ("observation", np.float64, 4),
        ("score", np.float64),
        ("hits", np.int64),
        ("missed", np.int64),
        ("seen", np.float64),
    ]
)


class CameraTrackerSettings(Settings):
    """How the tracks of one camera are found, kept and reported."""

    stages: tuple[Stage, ...] = (
        Stage(min_similarity=0.2, buffer=0.3),
        Stage(tracks=("tracked",), detections="faint", min_similarity=0.5, buffer=0.5),
        Stage(tracks=("tentative",), min_similarity=0.3, buffer=0.3),
    )
    """The rounds of pairing, in order. Who is paired in one takes no part in the next."""
    motion: MotionSettings = MotionSettings()
    """The box filter."""
    confident_score: float = 0.5
    """A detection at or above this score is confident; one below it is faint."""
    min_score: float = 0.1
    """Detections below this score are not used at all."""
    birth_score: float = 0.6
    """An unpaired detection at or above this score begins a track."""
    max_detection_iou: float = Field(default=0.9, gt=0, le=1)
    """Of two detections that overlap by more than this, the one with the lower score goes."""
    min_hits: int = Field(default=2, ge=1)
    """Detections that a track must have taken before it is reported."""
    max_gap: float = Field(default=1.0, ge=0)
    """Seconds that a reported track may stay unseen before it is dropped."""
    max_predicted: int = Field(default=2, ge=0)
    """Updates for which a reported track that isn't seen is reported at its predicted box."""


class CameraTracker:
    """Follows the people on one camera.

    Feed it every processed frame in order of time, also those in which nobody is found. Steps
    between frames may differ: motion is predicted by the time that has passed. All state lives in
    the instance; two trackers never share an id.
    """

    def __init__(self, camera: str, settings: CameraTrackerSettings | None = None) -> None:
        """`camera` is only copied into the results."""
        self._camera = camera
        self._settings = settings or CameraTrackerSettings()
        self._tracks = np.zeros(0, TRACK)
        self._time = -np.inf
        self._ids = itertools.count(1)

    def update(
        self, frame_index: int, time: float, detections: Detections, image: Image | None = None
    ) -> CameraTracks:
        """Advance to one frame and return the people followed in it.

        time: seconds, later than the frame's before.
        Raises ValueError when time doesn't advance or a box isn't finite.
        """
        self._predict(time)
        rows = self._candidates(detections)
        taken = self._associate(detections, rows)
        self._begin(detections, rows[~np.isin(rows, taken)])
        return self._report(frame_index, time, taken)

    def _predict(self, time: float) -> None:
        if not time > self._time:
            raise ValueError(f"time {time} does not follow {self._time}")
        if len(self._tracks):
            self._tracks["state"] = kalman.predict(
                self._tracks["state"], time - self._time, self._settings.motion
            )
            self._tracks["missed"] += 1
        self._time = time

    def _candidates(self, detections: Detections) -> IntArray:
        """Rows of the detections that are used, best first."""
        if not np.isfinite(detections.boxes).all():
            raise ValueError("a detection's box is not finite")
        used = np.flatnonzero(detections.scores >= self._settings.min_score)
        kept = nms(
            detections.boxes[used], detections.scores[used], self._settings.max_detection_iou
        )
        return used[kept]

    def _associate(self, detections: Detections, rows: IntArray) -> IntArray:
        """Pair tracks with detections stage by stage; (N,) the detection of each track or -1."""
        taken = np.full(len(self._tracks), -1)
        free_tracks = np.ones(len(self._tracks), bool)
        free_detections = np.ones(len(rows), bool)
        kinds = self._kinds()
        confident = detections.scores[rows] >= self._settings.confident_score
        choices = {"confident": confident, "faint": ~confident, "all": np.ones(len(rows), bool)}
        predicted = kalman.state2boxes(self._tracks["state"])
        for stage in self._settings.stages:
            tracks = np.flatnonzero(np.isin(kinds, stage.tracks) & free_tracks)
            candidates = np.flatnonzero(choices[stage.detections] & free_detections)
            reference = (
                predicted if stage.reference == "prediction" else self._tracks["observation"]
            )
            chosen = rows[candidates]
            own, theirs = match(
                reference[tracks], detections.boxes[chosen], detections.scores[chosen], stage
            )
            taken[tracks[own]] = chosen[theirs]
            free_tracks[tracks[own]] = False
            free_detections[candidates[theirs]] = False
        self._correct(np.flatnonzero(taken >= 0), detections, taken[taken >= 0])
        return taken

    def _kinds(self) -> NDArray[np.str_]:
        seen_before = self._tracks["missed"] <= 1
        reported = self._tracks["id"] > 0
        return np.where(reported, np.where(seen_before, "tracked", "lost"), "tentative")

    def _correct(self, tracks: IntArray, detections: Detections, rows: IntArray) -> None:
        """Tracks (K,) take the detections (K,) beside them."""
        self._tracks["state"][tracks] = kalman.correct(
            self._tracks["state"][tracks], detections.boxes[rows], self._settings.motion
        )
        self._tracks["observation"][tracks] = detections.boxes[rows]
        self._tracks["score"][tracks] = detections.scores[rows]
        self._tracks["hits"][tracks] += 1
        self._tracks["missed"][tracks] = 0
        self._tracks["seen"][tracks] = self._time

    def _begin(self, detections: Detections, rows: IntArray) -> None:
        rows = rows[detections.scores[rows] >= self._settings.birth_score]
        born = np.zeros(len(rows), TRACK)
        born["state"] = kalman.begin(detections.boxes[rows], self._settings.motion)
        born["observation"] = detections.boxes[rows]
        born["score"] = detections.scores[rows]
        born["hits"] = 1
        born["seen"] = self._time
        self._born_rows = rows
        self._tracks = np.concatenate([self._tracks, born])

    def _report(self, index: int, time: float, taken: IntArray) -> CameraTracks:
        """Confirm, drop and list tracks."""
        settings, tracks = self._settings, self._tracks
        taken = np.concatenate([taken, self._born_rows])
        is_new = (tracks["id"] == 0) & (tracks["hits"] >= settings.min_hits)
        tracks["id"][is_new] = list(itertools.islice(self._ids, int(is_new.sum())))
        reported = tracks["id"] > 0
        alive = np.where(reported, time - tracks["seen"] <= settings.max_gap, tracks["missed"] == 0)
        shown = reported & alive & (tracks["missed"] <= settings.max_predicted)
        result = self._snapshot(index, time, shown, is_new, taken, tracks["id"][reported & ~alive])
        self._tracks = tracks[alive]
        return result

    def _snapshot(
        self,
        index: int,
        time: float,
        shown: BoolArray,
        is_new: BoolArray,
        taken: IntArray,
        ended: IntArray,
    ) -> CameraTracks:
        rows = np.flatnonzero(shown)
        rows = rows[np.argsort(self._tracks["id"][rows])]
        tracks = self._tracks[rows]
        boxes: FloatArray = kalman.state2boxes(tracks["state"])
        return CameraTracks(
            camera=self._camera,
            index=index,
            time=time,
            ids=tracks["id"],
            boxes=boxes,
            scores=tracks["score"],
            is_new=is_new[rows],
            detection_rows=taken[rows],
            ended=np.sort(ended),
        )
