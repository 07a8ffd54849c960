"""Tracking the sequences, each in a process of its own, and scoring what comes out."""

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from configs.errors import InputError
from tracker.camera_tracker import CameraTracker, CameraTrackerSettings
from tracker.evaluation.mot16.pictures import frames_of, has_pictures
from tracker.evaluation.mot16.sources import DetectionSource, detections_of
from tracker.evaluation.preprocessing import compare_pedestrians
from tracker.evaluation.scores import Scores, score
from tracker.motchallenge import (
    MotRows,
    MotSequence,
    read_ground_truth,
    result_rows,
    results,
    write_results,
)
from tracker.offline import OfflineSettings, first_pass, refine
from tracker.trajectories import collect
from tracker.types import Detections

__all__ = ["Job", "SequenceRun", "run_job", "run_jobs"]


@dataclass(frozen=True)
class Job:
    """One sequence to track. output: a folder for its result file, or None.

    offline: the second pass over the whole sequence, or None for online results.
    """

    sequence: MotSequence
    source: DetectionSource
    settings: CameraTrackerSettings
    output: Path | None
    offline: OfflineSettings | None = None


@dataclass(frozen=True)
class SequenceRun:
    """How a sequence went. seconds: of tracking alone. scores: None without ground truth."""

    name: str
    frames: int
    boxes: int
    seconds: float
    scores: Scores | None
    notes: tuple[str, ...]


def run_jobs(jobs: Sequence[Job], workers: int) -> Iterator[SequenceRun]:
    """Run all jobs, at most `workers` at a time, and yield them as they end."""
    workers = min(workers, len(jobs))
    if workers <= 1:
        yield from map(run_job, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:
        longest_first = sorted(jobs, key=lambda job: -job.sequence.length)
        for future in as_completed([pool.submit(run_job, job) for job in longest_first]):
            yield future.result()


def run_job(job: Job) -> SequenceRun:
    """Track one sequence, write its result file, and score it if it has ground truth."""
    detections, note = detections_of(job.sequence, job.source)
    rows, seconds = _track(job, detections)
    if job.output is not None:
        write_results(job.output / f"{job.sequence.name}.txt", rows)
    scores, missing = _score(job.sequence, rows)
    return SequenceRun(
        job.sequence.name,
        job.sequence.length,
        sum(map(len, detections)),
        seconds,
        scores,
        tuple(filter(None, (note, missing))),
    )


def _track(job: Job, detections: Sequence[Detections]) -> tuple[MotRows, float]:
    """What is reported, and the seconds that it took beside reading pictures."""
    settings = job.settings if job.offline is None else first_pass(job.settings)
    tracker = CameraTracker(job.sequence.name, settings)
    with_pictures = job.settings.image_motion and has_pictures(job.sequence)
    tracks, seconds = [], 0.0
    for frame, found in zip(frames_of(job.sequence, with_pictures), detections, strict=True):
        begin = time.perf_counter()
        tracks.append(tracker.update(frame.index, frame.time, found, frame.image))
        seconds += time.perf_counter() - begin
    if job.offline is None:
        return results(tracks), seconds
    begin = time.perf_counter()
    ways = refine(collect(tracks), job.offline)
    seconds += time.perf_counter() - begin
    return result_rows(ways.frames, ways.ids, ways.boxes, ways.scores), seconds


def _score(sequence: MotSequence, rows: MotRows) -> tuple[Scores | None, str]:
    path = sequence.folder / "gt" / "gt.txt"
    if not path.is_file():
        return None, "no gt/gt.txt: not scored"
    truth = read_ground_truth(path)
    if truth.rows.frames.max(initial=0) > sequence.length:
        raise InputError(
            f"{path}: frame {truth.rows.frames.max()} is beyond seqLength = {sequence.length}"
        )
    return score(compare_pedestrians(truth, rows, sequence.name)), ""
