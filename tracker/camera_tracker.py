"""People followed on one camera: detections of one frame after another in, tracks out."""

import itertools

import numpy as np

from tracker import kalman
from tracker.appearance import Gallery
from tracker.association import Likeness, Stage, appearance_likeness, match, overlap_likeness
from tracker.camera_motion import common_shift, image_motion, small_gray
from tracker.camera_tracker_settings import CameraTrackerSettings
from tracker.candidates import (
    Candidates,
    RegionScore,
    candidates_of,
    confidence_map,
    extremes,
    select,
    standing_predictions,
    widen,
)
from tracker.lifecycle import KINDS, kinds, review
from tracker.plausibility import EvidenceHook, evidence_of, gather_evidence, log_odds, weight_rows
from tracker.recovery import re_update
from tracker.track_table import (
    CONFIRMED,
    HITS,
    IDENTITY,
    KEPT,
    MISSED,
    ROW,
    SCORE,
    born,
    hide,
    observe,
)
from tracker.types import BoolArray, CameraTracks, Detections, FloatArray, Image, IntArray

__all__ = ["CameraTracker", "CameraTrackerSettings"]

MIN_SHIFTED = 4  # tracks that must have been seen before their common error is a camera's motion


class CameraTracker:
    """Follows the people on one camera.

    Feed it every processed frame in order of time, also those in which nobody is found. Steps
    between frames may differ: motion is predicted by the time that has passed. All state lives in
    the instance; two trackers never share an id.
    """

    def __init__(self, camera: str, settings: CameraTrackerSettings | None = None) -> None:
        """`camera` is only copied into the results."""
        self._camera = camera
        self._on_evidence: EvidenceHook | None = None
        self._settings = settings or CameraTrackerSettings()
        self._stages = [(s, sum(KINDS[kind] for kind in s.tracks)) for s in self._settings.stages]
        self._tracks = born(
            np.zeros((4, 0)), np.zeros(0), np.zeros(0, np.int64), 0, self._settings.motion
        )
        self._gallery: Gallery | None = None
        self._ids = itertools.count(1)
        self._time = -np.inf
        self._is_margin = self._settings.candidates.score_scale == "margin"
        self._area = np.array([np.inf, np.inf, -np.inf, -np.inf])
        self._last_gray: Image | None = None
        if (rule := self._settings.plausibility) is not None:
            self._weights = np.stack([weight_rows(rule.seen), weight_rows(rule.predicted)])
            self._least_odds = np.log(rule.min_probability / (1 - rule.min_probability))

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
        widen(self._area, candidates.boxes)
        unpaired = self._associate(candidates)
        begun = (unpaired & (candidates.scores >= self._settings.birth_score)).nonzero()[0]
        if len(begun):
            self._begin(candidates[begun])
        if self._on_evidence is not None:
            self._on_evidence(evidence_of(frame_index, self._tracks, self._time, self._area))
        return self._report(frame_index)

    def listen(self, on_evidence: EvidenceHook) -> None:
        """Tell of all tracks at every update, before it decides whom to confirm, show or drop."""
        self._on_evidence = on_evidence

    def finish(self) -> IntArray:
        """End all tracks; return the ids (M,) of those that were reported and had not ended."""
        ids = self._tracks[IDENTITY].astype(np.int64)
        self._tracks = self._tracks.take(np.zeros(0, np.int64))
        self._gallery = None
        return np.sort(ids[ids > 0])

    def _predict(self, time: float) -> None:
        if not time > self._time:
            raise ValueError(f"time {time} does not follow {self._time}")
        if len(self._tracks):
            hide(self._tracks)
            seconds = round(time - self._time, 9)  # even steps are then equal to the last digit
            kalman.advance(self._tracks.state, np.array([seconds]), self._settings.motion)
        self._time = time

    def _follow_camera(self, image: Image) -> None:
        """Move everything that is known to where the camera has turned it."""
        gray, scale = small_gray(image)
        before, self._last_gray = self._last_gray, gray
        tracks = self._tracks
        if before is None or before.shape != gray.shape or len(tracks) == 0:
            return
        transform = image_motion(before, gray, scale, tracks.trail[0].T)
        tracks.state = kalman.move_camera(tracks.state, transform)
        tracks.anchor = kalman.move_camera(tracks.anchor, transform)
        corners = tracks.trail.reshape(-1, 2, len(tracks))  # every left-top and right-bottom
        corners[:] = transform[:, :2] @ corners + transform[:, 2:]

    def _select(self, detections: Detections, region_score: RegionScore | None) -> Candidates:
        """The boxes that take part; tracks whose predicted box stands by itself are kept."""
        settings, found = self._settings.candidates, candidates_of(detections)
        lowest, highest = extremes(found.boxes, found.scores)
        if settings.score_scale == "auto":
            self._is_margin |= lowest < 0 or highest > 1
        candidates = select(found, self._is_margin, settings)
        if not settings.predictions or len(self._tracks) == 0:
            return candidates
        tracks = self._tracks
        predicted = kalman.state2boxes(tracks.state)
        judge = region_score or confidence_map(candidates.boxes, candidates.scores)
        trust = np.maximum(0, 1 - np.log1p(0.05 * tracks[MISSED]))
        trust *= (tracks[CONFIRMED] > 0) & (tracks[HITS] > 2)
        tracks[KEPT], candidates = standing_predictions(
            predicted, trust * judge(predicted), candidates, settings
        )
        return candidates

    def _associate(self, candidates: Candidates) -> BoolArray:
        """Pair tracks with candidates stage by stage; (M,) True for candidates left over."""
        tracks = self._tracks
        free = np.ones(len(candidates), bool)
        if len(tracks) == 0 or len(candidates) == 0:
            return free
        waiting = kinds(tracks)
        confident = candidates.scores >= self._settings.confident_score
        choices = {"all": free, "confident": confident, "faint": ~confident}
        made, predicted = [], kalman.state2boxes(tracks.state)
        for stage, kind in self._stages:
            takes_part = (waiting & kind) > 0, free & choices[stage.detections]
            likeness = self._likeness(takes_part, predicted, candidates, stage)
            rows, columns = match(likeness, stage.least_likeness)
            if len(rows) == 0:
                continue
            waiting[rows] = 0
            free[columns] = False
            made.append((rows, columns))
            if self._settings.common_motion and len(rows) >= MIN_SHIFTED:
                errors = kalman.centre_errors(tracks.state, rows, candidates.boxes, columns)
                kalman.shift(tracks.state, waiting > 0, common_shift(errors))
                predicted = kalman.state2boxes(tracks.state)
        if made:
            rows, columns = made[0] if len(made) == 1 else np.concatenate(made, axis=1)
            self._correct(rows, candidates[columns])
        return free

    def _likeness(
        self,
        takes_part: tuple[BoolArray, BoolArray],
        predicted: FloatArray,
        candidates: Candidates,
        stage: Stage,
    ) -> Likeness:
        """The pairs of tracks, predicted at (4, N), and candidates that the stage allows, of those
        that take part."""
        tracks = self._tracks
        if stage.by == "overlap":
            trail = tracks.trail
            references = trail[0] if stage.reference == "observation" else predicted
            return overlap_likeness(references, trail, candidates, stage, takes_part)
        if candidates.embeddings is None or self._gallery is None:
            nobody = np.zeros(0, np.int64)
            return Likeness(nobody, nobody, np.zeros(0), (len(tracks), len(candidates)))
        rows, columns = (chosen.nonzero()[0] for chosen in takes_part)
        states, boxes = tracks.state[..., rows], candidates.boxes[:, columns]
        likeness = appearance_likeness(
            self._gallery.distances(rows, candidates.embeddings[columns]),
            kalman.squared_distances(states, boxes, self._settings.motion),
            stage,
        )
        return Likeness(
            rows[likeness.rows],
            columns[likeness.columns],
            likeness.values,
            (len(tracks), len(candidates)),
        )

    def _correct(self, rows: IntArray, seen: Candidates) -> None:
        """The tracks `rows` (K,) take the candidates (K,)."""
        settings, tracks = self._settings, self._tracks
        states = tracks.state
        if settings.recovery_steps:
            states[..., rows] = re_update(
                tracks.take(rows), seen.boxes, self._time, settings.recovery_steps, settings.motion
            )
        doubt = 1 + settings.faint_doubt * (1 - seen.scores)
        errors = kalman.see(states, rows, seen.boxes, settings.motion, doubt)
        observe(tracks, rows, seen.boxes, seen.scores, seen.rows, errors, self._time)
        if self._gallery is not None and seen.embeddings is not None:
            self._gallery.add(rows, seen.embeddings)

    def _begin(self, begun: Candidates) -> None:
        """Candidates that belong to nobody begin tentative tracks."""
        fresh = born(begun.boxes, begun.scores, begun.rows, self._time, self._settings.motion)
        older = len(self._tracks)
        self._tracks = self._tracks.joined(fresh)
        if begun.embeddings is not None:
            if self._gallery is None:
                size, dimension = self._settings.gallery_size, begun.embeddings.shape[1]
                self._gallery = Gallery(size, older, dimension)
            self._gallery.append(begun.embeddings)

    def _report(self, index: int) -> CameraTracks:
        """Confirm, list and drop tracks."""
        tracks, boxes = self._tracks, kalman.state2boxes(self._tracks.state)
        plausible = self._plausible(boxes)
        reported, alive, gone, is_new = review(tracks, plausible, self._time, self._settings)
        identities = tracks[IDENTITY]
        nameless = reported[identities[reported] == 0]
        if len(nameless):
            identities[nameless] = list(itertools.islice(self._ids, len(nameless)))
        reported = reported[identities[reported].argsort()]
        ended = identities[gone].astype(np.int64)
        ended = ended[ended > 0]
        ended.sort()
        result = self._snapshot(index, boxes, reported, is_new, ended)
        if len(gone):
            self._tracks = tracks.take(alive)
            if self._gallery is not None:
                self._gallery.keep(alive)
        return result

    def _plausible(self, boxes: FloatArray) -> BoolArray:
        """(N,) True where a track's box, of (4, N), is worth reporting now."""
        tracks, settings = self._tracks, self._settings
        near = tracks[MISSED] <= settings.max_predicted
        if settings.candidates.predictions:
            near |= tracks[KEPT] > 0
        if settings.plausibility is None or len(tracks) == 0:
            return near
        evidence = gather_evidence(tracks, boxes, self._time, self._area)
        return near & (log_odds(evidence, self._weights, tracks[MISSED]) >= self._least_odds)

    def _snapshot(
        self,
        index: int,
        boxes: FloatArray,
        rows: IntArray,
        is_new: BoolArray,
        ended: IntArray,
    ) -> CameraTracks:
        """The tracks `rows`, of all at boxes (4, N)."""
        tracks = self._tracks
        if self._settings.detected_share:
            seen = tracks[MISSED] == 0
            boxes[:, seen] += self._settings.detected_share * (tracks.trail[0] - boxes)[:, seen]
        return CameraTracks(
            camera=self._camera,
            index=index,
            time=self._time,
            ids=tracks[IDENTITY][rows].astype(np.int64),
            boxes=np.ascontiguousarray(boxes.take(rows, axis=1).T),
            scores=tracks[SCORE][rows],
            is_new=is_new[rows],
            detection_rows=tracks[ROW][rows].astype(np.int64),
            ended=ended,
        )
