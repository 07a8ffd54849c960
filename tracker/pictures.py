"""The pictures that a run leaves: the mosaic video and the best crop of each person."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from calibration.rig import Rig
from tracker.boxes import areas, clip
from tracker.config import OutputSettings
from tracker.drawing import Mosaic, hide_heads
from tracker.floor_plan import FloorPlan, RecentWays, Trajectories
from tracker.pipeline import Moment
from tracker.replacement import Replacement
from tracker.sampling import crop, image_quality
from tracker.types import FloatArray, Frame, Image, Sightings
from tracker.video import Source

__all__ = ["BestCrops", "RunPictures", "VideoWriter"]

PLAN_SIZE = (1280, 960)  # width and height of map.png in pixels
CLOCK = Fraction(1, 90_000)  # seconds a tick of the video's time stamps


class VideoWriter:
    """H.264 in fragmented MP4: what is written stays readable whatever ends the program."""

    def __init__(self, path: Path, size: tuple[int, int], rate: float) -> None:
        options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
        self._container = av.open(str(path), "w", options=options)
        self._stream = self._container.add_stream(
            "libx264", rate=Fraction(rate).limit_denominator(1001)
        )
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"preset": "superfast", "crf": "23"}
        self._stream.codec_context.time_base = CLOCK
        self._first: float | None = None
        self._last = -1

    def write(self, image: Image, time: float) -> None:
        """Append a picture that is shown at `time` seconds; the first one begins the video."""
        self._first = time if self._first is None else self._first
        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        frame.time_base = CLOCK
        self._last = max(round((time - self._first) / CLOCK), self._last + 1)
        frame.pts = self._last
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what is still in the encoder."""
        self._container.mux(self._stream.encode(None))
        self._container.close()


class BestCrops:
    """The best picture of each person so far, on disk; a clearly better one replaces it."""

    BETTER = 1.25  # times the quality of the last one, to write but a few pictures a person

    def __init__(self, folder: Path, *, anonymise: bool) -> None:
        self.paths: dict[int, str] = {}
        self._folder = folder
        self._anonymise = anonymise
        self._quality: dict[int, float] = {}
        self._source: dict[int, tuple[str, int]] = {}  # camera and frame, from 0
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*.jpg"):
            old.unlink()

    def look(self, frame: Frame, sightings: Sightings) -> None:
        """Keep those people of one frame who are seen better than ever before."""
        if frame.image is None:
            return
        height, width = frame.image.shape[:2]
        qualities = _quality(sightings, width, height)
        known = np.array([self._quality.get(i, 0.0) for i in sightings.identities.tolist()])
        for row in np.flatnonzero(qualities > self.BETTER * known):
            identity = int(sightings.identities[row])
            self._quality[identity] = float(qualities[row])
            self._source[identity] = sightings.camera, sightings.index
            self._write(identity, crop(frame.image, sightings.boxes[row]))

    def renumber(self, number: Callable[[str, int, int], int], files: Replacement) -> None:
        """Give each picture to whom it shows after all: number(camera, frame, identity so far)."""
        best: dict[int, int] = {}
        for old in sorted(self.paths, key=lambda identity: self._quality[identity]):
            best[number(*self._source[old], old)] = old
        for new, old in best.items():
            if new != old:
                files.write(self._file(new), self._file(old).read_bytes())
        for old in self.paths:
            if old not in best:
                files.remove(self._file(old))
        self.paths = {new: f"{self._folder.name}/{new}.jpg" for new in sorted(best)}
        self._quality = {new: self._quality[old] for new, old in best.items()}
        self._source = {new: self._source[old] for new, old in best.items()}

    def _write(self, identity: int, picture: Image) -> None:
        if self._anonymise:
            picture = picture.copy()
            hide_heads(picture, np.array([[0, 0, picture.shape[1], picture.shape[0]]]))
        path = self._file(identity)
        cv2.imwrite(str(path), picture)
        self.paths[identity] = f"{self._folder.name}/{path.name}"

    def _file(self, identity: int) -> Path:
        return self._folder / f"{identity}.jpg"


def _quality(sightings: Sightings, width: int, height: int) -> FloatArray:
    """(N,) how well each person is seen; a body that the picture's edge cuts counts for little."""
    share_inside = areas(clip(sightings.boxes, width, height)) / np.maximum(
        areas(sightings.boxes), 1e-9
    )
    quality = image_quality(sightings.boxes, sightings.scores, full_height=height)
    return quality * share_inside**2


class RunPictures:
    """What `OutputSettings` asks for, drawn moment by moment; with a rig also the floor plan."""

    def __init__(
        self, folder: Path, sources: Sequence[Source], settings: OutputSettings, rig: Rig | None
    ) -> None:
        """rig: None, or one with calibrated cameras, whose ground is drawn."""
        self._folder = folder
        self._rig = rig
        self._trajectories = Trajectories()
        self._crops = None
        if settings.save_crops:
            self._crops = BestCrops(folder / "crops", anonymise=settings.anonymise)
        self._video = None
        if settings.save_video:
            self._video = _MosaicVideo(folder / "mosaic.mp4", sources, settings, rig)

    @property
    def best_crops(self) -> dict[int, str]:
        """Identity -> the file of the best picture, relative to the run's folder."""
        return self._crops.paths if self._crops else {}

    def draw(self, moment: Moment) -> None:
        """Look at one moment."""
        for frame, sightings in zip(moment.frames, moment.sightings, strict=True):
            self._trajectories.add(sightings)
            if self._crops:
                self._crops.look(frame, sightings)
        if self._video:
            self._video.draw(moment)

    def renumber(self, number: Callable[[str, int, int], int], files: Replacement) -> None:
        """Give the best pictures to whom they show after all; the video and the floor plan keep
        the numbers of the run."""
        if self._crops:
            self._crops.renumber(number, files)

    def close(self, doors: Mapping[str, FloatArray]) -> None:
        """Finish the video and draw map.png. doors: that were learned, (1, 2) metres by name."""
        if self._video:
            self._video.close()
        if self._rig is not None:
            plan = FloorPlan(self._rig, *PLAN_SIZE).draw(self._trajectories.ways(), doors)
            cv2.imwrite(str(self._folder / "map.png"), plan)


class _MosaicVideo:
    """The mosaic as a video: one picture for each moment, drawn and encoded in a thread.

    What goes wrong there is raised by a later call.
    """

    WAITING = 4  # moments, whose frames stay in memory

    def __init__(
        self, path: Path, sources: Sequence[Source], settings: OutputSettings, rig: Rig | None
    ) -> None:
        self._mosaic = Mosaic(
            {source.camera: source.size for source in sources},
            width=settings.mosaic_width,
            trail_seconds=settings.trail,
            anonymise=settings.anonymise,
            with_plan=rig is not None,
        )
        self._plan = None if rig is None else FloorPlan(rig, *self._mosaic.cell_size)
        self._recent = RecentWays(settings.trail)
        size = (self._mosaic.image.shape[1], self._mosaic.image.shape[0])
        self._video = VideoWriter(path, size, max(source.rate for source in sources))
        self._thread = ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()

    def draw(self, moment: Moment) -> None:
        while len(self._waiting) >= self.WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(self._draw, moment))

    def close(self) -> None:
        try:
            while self._waiting:
                self._waiting.popleft().result()
        finally:
            self._thread.shutdown()
            self._video.close()

    def _draw(self, moment: Moment) -> None:
        for frame, sightings in zip(moment.frames, moment.sightings, strict=True):
            self._mosaic.draw(frame, sightings)
            self._recent.add(sightings)
        self._mosaic.grey_out(moment.time)
        if self._plan is not None:
            self._mosaic.put_plan(self._plan.draw(self._recent.ways(moment.time)))
        self._video.write(self._mosaic.image, moment.time)
