"""Everything that a run leaves in its folder."""

import time as wall
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from configs import write_settings
from tracker.config import TrackSettings
from tracker.identity_records import IdentitySummary
from tracker.pictures import RunPictures
from tracker.pipeline import Moment, Pipeline
from tracker.replacement import Replacement
from tracker.results import ResultWriter

__all__ = ["RunRecorder"]


class RunRecorder:
    """Writes a pipeline's moments as they become final, and the summaries at the end.

    A context manager: however the run ends, its files are closed and the summaries written. If it
    ends well and the settings ask for an offline pass, identities are corrected after that.
    """

    def __init__(self, folder: Path, pipeline: Pipeline, settings: TrackSettings) -> None:
        """folder: exists; files of an earlier run in it are overwritten."""
        self.frames = 0
        self.people = 0
        """Identities, known at the end."""
        self._pipeline = pipeline
        self._offline_pass = settings.offline_pass
        self._begin = wall.perf_counter()
        self._writing = 0.0
        write_settings(settings, folder / "config.yaml")
        self._writer = ResultWriter(folder, [source.camera for source in pipeline.sources])
        self._pictures = RunPictures(folder, pipeline.sources, settings.output, pipeline.rig)

    @property
    def frames_per_second(self) -> float:
        """Frames of all cameras that are written, by the time since the beginning."""
        return self.frames / max(wall.perf_counter() - self._begin, 1e-9)

    def write(self, moment: Moment) -> None:
        """Record one moment, and the decisions made since the last."""
        begin = wall.perf_counter()
        for sightings in moment.sightings:
            self._writer.write(sightings)
        self._write_events()
        self._pictures.draw(moment)
        self.frames += len(moment.frames)
        self._writing += wall.perf_counter() - begin

    def __enter__(self) -> "RunRecorder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._writer:
            doors = self._pipeline.learned_doors()
            self._pictures.close(doors)
            self._write_events()
            revising = kind is None and self._offline_pass
            with Replacement() as files:
                if self._pipeline.rig is not None and not self._pipeline.rig.doors:
                    self._writer.write_doors(doors, files)
                people = self._pipeline.identities()
                self._conclude(people, files, finished=kind is None and not revising)
            if revising:
                self._revise()

    def _revise(self) -> None:
        """Correct what is written of who is who, in all files or in none."""
        revision = self._pipeline.revision()
        with Replacement() as files:
            if revision.moved:
                self._writer.revise(revision.number, revision.events, files)
                self._pictures.renumber(revision.number, files)
            self._conclude(revision.identities, files, finished=True)

    def _conclude(
        self, people: Sequence[IdentitySummary], files: Replacement, *, finished: bool
    ) -> None:
        self.people = len(people)
        self._writer.write_identities(people, self._pictures.best_crops, files)
        self._writer.write_summary(self._summary(finished=finished), files)

    def _write_events(self) -> None:
        for event in self._pipeline.take_events():
            self._writer.write_event(event)

    def _summary(self, *, finished: bool) -> dict[str, object]:
        reports = self._pipeline.reports
        total = wall.perf_counter() - self._begin
        seconds = {**self._pipeline.seconds, "write": self._writing, "total": total}
        return {
            "finished": finished,
            "frames": self.frames,
            "frames_per_second": round(self.frames / total, 2),
            "identities": self.people,
            "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
            "cameras": {name: vars(report) for name, report in reports.items()},
        }
