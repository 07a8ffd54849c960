"""People followed on one camera: detections of one frame after another in, tracks out."""

import itertools

import numpy as np

from tracker import kalman
from tracker.appearance import Gallery
from tracker.association import Stage, appearance_likeness, match, overlap_likeness
from tracker.camera_motion import common_shift, image_motion, small_gray
from tracker.camera_tracker_settings import CameraTrackerSettings
from tracker.candidates import (
    Candidates,
    RegionScore,
    confidence_map,
    select,
    standing_predictions,
)
from tracker.plausibility import gather_evidence, log_odds
from tracker.recovery import re_update
from tracker.track_table import TrackTable, born, hide, observe
from tracker.types import BoolArray, CameraTracks, Detections, FloatArray, Image, IntArray

__all__ = ["CameraTracker", "CameraTrackerSettings"]

MIN_SHIFTED = 4  # tracks that must have been seen before their common error is a camera's motion
TENTATIVE, TRACKED, LOST = 1, 2, 4
KINDS = {"tentative": TENTATIVE, "tracked": TRACKED, "lost": LOST}


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
        self._stages = [(s, sum(KINDS[kind] for kind in s.tracks)) for s in self._settings.stages]
        self._tracks: TrackTable = born(
            np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64), 0, self._settings.motion
        )
        self._gallery: Gallery | None = None
        self._ids = itertools.count(1)
        self._time = -np.inf
        self._is_margin = self._settings.candidates.score_scale == "margin"
        self._area = np.array([np.inf, np.inf, -np.inf, -np.inf])
        self._last_gray: Image | None = None

    def update(
        self,
        frame_index: int,
        time: float,
        detections: Detections,
        image: Image | None = None,
        region_score: RegionScore | None = None,
    ) -> CameraTracks:
        """Advance to one frame and return the people followed in it.

        time: seconds, later than the frame's before. image: where it is given, the camera's
        motion is read from it, if the settings ask for that. region_score: judges predicted boxes
        where the settings let them compete; without it the detector's own confidence does.
        Raises ValueError when time doesn't advance, or a box or score isn't finite.
        """
        self._predict(time)
        if image is not None and self._settings.image_motion:
            self._follow_camera(image)
        candidates = self._select(detections, region_score)
        self._see(candidates.boxes)
        self._begin(candidates[self._associate(candidates)])
        return self._report(frame_index)

    def finish(self) -> IntArray:
        """End all tracks; return the ids (M,) of those that were reported and had not ended."""
        ids = self._tracks["id"]
        self._tracks = self._tracks[:0]
        self._gallery = None
        return np.sort(ids[ids > 0])

    def _predict(self, time: float) -> None:
        if not time > self._time:
            raise ValueError(f"time {time} does not follow {self._time}")
        if len(self._tracks):
            hide(self._tracks)
            self._tracks["state"] = kalman.predict(
                self._tracks["state"], time - self._time, self._settings.motion
            )
        self._time = time

    def _follow_camera(self, image: Image) -> None:
        """Move everything that is known to where the camera has turned it."""
        gray, scale = small_gray(image)
        before, self._last_gray = self._last_gray, gray
        if before is None or before.shape != gray.shape or len(self._tracks) == 0:
            return
        transform = image_motion(before, gray, scale, self._tracks["trail"][:, 0])
        for name in ("state", "anchor"):
            self._tracks[name] = kalman.move_camera(self._tracks[name], transform)
        corners = self._tracks["trail"].reshape(-1, 2)
        moved = corners @ transform[:, :2].T + transform[:, 2]
        self._tracks["trail"] = moved.reshape(self._tracks["trail"].shape)

    def _select(self, detections: Detections, region_score: RegionScore | None) -> Candidates:
        """The boxes that take part; tracks whose predicted box stands by itself are kept."""
        if not (np.isfinite(detections.boxes).all() and np.isfinite(detections.scores).all()):
            raise ValueError("a detection's box or score is not finite")
        settings, scores = self._settings.candidates, detections.scores
        if settings.score_scale == "auto" and not self._is_margin:
            self._is_margin = bool(((scores < 0) | (scores > 1)).any())
        candidates = select(detections, self._is_margin, settings)
        if not settings.predictions or len(self._tracks) == 0:
            return candidates
        predicted = kalman.state2boxes(self._tracks["state"])
        judge = region_score or confidence_map(candidates.boxes, candidates.scores)
        trust = np.maximum(0, 1 - np.log1p(0.05 * self._tracks["missed"]))
        trust *= self._tracks["confirmed"] & (self._tracks["hits"] > 2)
        self._tracks["kept"], candidates = standing_predictions(
            predicted, trust * judge(predicted), candidates, settings
        )
        return candidates

    def _see(self, boxes: FloatArray) -> None:
        """Widen the area in which detections are known to occur."""
        self._area[:2] = np.minimum(self._area[:2], boxes[:, :2].min(axis=0, initial=np.inf))
        self._area[2:] = np.maximum(self._area[2:], boxes[:, 2:].max(axis=0, initial=-np.inf))

    def _associate(self, candidates: Candidates) -> BoolArray:
        """Pair tracks with candidates stage by stage; (M,) True for candidates left over."""
        tracks = self._tracks
        free = np.ones(len(candidates), bool)
        if len(tracks) == 0 or len(candidates) == 0:
            return free
        kinds = np.where(
            tracks["confirmed"], np.where(tracks["missed"] <= 1, TRACKED, LOST), TENTATIVE
        )
        confident = candidates.scores >= self._settings.confident_score
        choices = {"all": free, "confident": confident, "faint": ~confident}
        for stage, takes_part in self._stages:
            rows = np.flatnonzero(kinds & takes_part)
            columns = np.flatnonzero(free & choices[stage.detections])
            if len(rows) == 0 or len(columns) == 0:
                continue
            own, theirs = match(
                self._likeness(rows, candidates[columns], stage), stage.least_likeness
            )
            own, theirs = rows[own], columns[theirs]
            kinds[own] = 0
            free[theirs] = False
            self._correct(own, candidates[theirs], np.flatnonzero(kinds))
        return free

    def _likeness(self, rows: IntArray, candidates: Candidates, stage: Stage) -> FloatArray:
        """(N, M) likeness of the tracks `rows` and candidates; -inf forbids a pair."""
        tracks = self._tracks
        if stage.by == "overlap":
            trails = tracks["trail"][rows]
            seen = stage.reference == "observation"
            references = trails[:, 0] if seen else kalman.state2boxes(tracks["state"][rows])
            return overlap_likeness(references, trails, candidates.boxes, candidates.scores, stage)
        if candidates.embeddings is None or self._gallery is None:
            return np.zeros((0, 0))
        return appearance_likeness(
            self._gallery.distances(rows, candidates.embeddings),
            kalman.squared_distances(
                tracks["state"][rows], candidates.boxes, self._settings.motion
            ),
            stage,
        )

    def _correct(self, rows: IntArray, seen: Candidates, waiting: IntArray) -> None:
        """The tracks `rows` (K,) take the candidates (K,); the `waiting` ones follow a camera
        that moved the others."""
        if len(rows) == 0:
            return
        settings, chosen = self._settings, self._tracks[rows]
        if settings.common_motion and len(rows) >= MIN_SHIFTED:
            shift = common_shift(kalman.state2boxes(chosen["state"]), seen.boxes)
            self._tracks["state"][waiting, 0, :2] += shift
        if settings.recovery_steps:
            chosen["state"] = re_update(
                chosen, seen.boxes, self._time, settings.recovery_steps, settings.motion
            )
        doubt = 1 + settings.faint_doubt * (1 - seen.scores)
        state = kalman.correct(chosen["state"], seen.boxes, settings.motion, doubt)
        observe(chosen, seen.boxes, seen.scores, seen.rows, self._time)
        chosen["state"] = chosen["anchor"] = state
        self._tracks[rows] = chosen
        if self._gallery is not None and seen.embeddings is not None:
            self._gallery.add(rows, seen.embeddings)

    def _begin(self, candidates: Candidates) -> None:
        """Unpaired candidates that are sure enough begin tentative tracks."""
        begun = candidates[candidates.scores >= self._settings.birth_score]
        if len(begun) == 0:
            return
        fresh = born(begun.boxes, begun.scores, begun.rows, self._time, self._settings.motion)
        self._tracks = np.concatenate([self._tracks, fresh])
        if begun.embeddings is not None:
            if self._gallery is None:
                older = len(self._tracks) - len(fresh)
                size, dimension = self._settings.gallery_size, begun.embeddings.shape[1]
                self._gallery = Gallery(size, older, dimension)
            self._gallery.append(begun.embeddings)

    def _report(self, index: int) -> CameraTracks:
        """Confirm, list and drop tracks."""
        tracks, settings = self._tracks, self._settings
        plausible = self._plausible()
        is_new = (
            ~tracks["confirmed"]
            & (tracks["hits"] >= settings.min_hits)
            & (1 - tracks["doubt"] >= settings.confirm_probability)
            & (tracks["missed"] == 0)
            & plausible
        )
        tracks["confirmed"] |= is_new
        alive = np.where(
            tracks["confirmed"],
            self._time - tracks["seen"] <= settings.max_gap,
            tracks["missed"] <= settings.max_tentative_missed,
        )
        shown = alive & plausible & (tracks["confirmed"] | settings.report_tentative)
        nameless = np.flatnonzero(shown & (tracks["id"] == 0))
        tracks["id"][nameless] = list(itertools.islice(self._ids, len(nameless)))
        ended = tracks["id"][~alive & (tracks["id"] > 0)]
        result = self._snapshot(index, shown, is_new, ended)
        if not alive.all():
            self._tracks = tracks[alive]
            if self._gallery is not None:
                self._gallery.keep(alive)
        return result

    def _plausible(self) -> BoolArray:
        """(N,) True where a track's box is worth reporting now."""
        tracks, settings = self._tracks, self._settings
        near = (tracks["missed"] <= settings.max_predicted) | tracks["kept"]
        rule = settings.plausibility
        if rule is None or len(tracks) == 0:
            return near
        odds = np.zeros(len(tracks))
        seen = tracks["missed"] == 0
        for chosen, weights in ((seen, rule.seen), (~seen & near, rule.predicted)):
            if chosen.any():
                evidence = gather_evidence(tracks, chosen, self._time, self._area)
                odds[chosen] = log_odds(evidence, weights)
        return near & (odds >= np.log(rule.min_probability / (1 - rule.min_probability)))

    def _snapshot(
        self, index: int, shown: BoolArray, is_new: BoolArray, ended: IntArray
    ) -> CameraTracks:
        rows = np.flatnonzero(shown)
        rows = rows[np.argsort(self._tracks["id"][rows])]
        tracks = self._tracks[rows]
        boxes = kalman.state2boxes(tracks["state"])
        if self._settings.detected_share:
            seen = tracks["missed"] == 0
            boxes[seen] += self._settings.detected_share * (tracks["trail"][seen, 0] - boxes[seen])
        return CameraTracks(
            camera=self._camera,
            index=index,
            time=self._time,
            ids=tracks["id"].copy(),
            boxes=boxes,
            scores=tracks["score"].copy(),
            is_new=is_new[rows],
            detection_rows=tracks["row"].copy(),
            ended=np.sort(ended),
        )
