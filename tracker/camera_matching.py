"""Looking at the videos before the run, so that the ReID network knows each camera."""

from collections.abc import Callable, Sequence

from pydantic import Field

from configs import Settings
from reid.embedder import OnnxEmbedder
from tracker.sampling import crop
from tracker.types import Detections, Frame, Image
from tracker.video import Source

__all__ = ["CameraMatchingSettings", "match_cameras"]


class CameraMatchingSettings(Settings):
    """What is looked at beforehand, so that the ReID network can be matched to each camera."""

    enabled: bool = True
    """Whether it is at all; live streams never are."""
    frames: int = Field(30, ge=1)
    """Frames of each video, spread over its length."""
    images: int = Field(120, ge=1)
    """Pictures of people from each camera, at most; fewer count less."""
    smallest: float = Field(40, ge=1)
    """Height in pixels from which on a person is looked at."""


def match_cameras(
    embedder: object,
    sources: Sequence[Source],
    detect: Callable[[Sequence[Frame]], Sequence[Detections]],
    settings: CameraMatchingSettings,
) -> None:
    """Match the network to every camera whose people can be seen before the run.

    Nothing is done where the settings say so, or for an embedder that can't be matched.
    """
    if not (settings.enabled and isinstance(embedder, OnnxEmbedder) and embedder.matchable):
        return
    for source in sources:
        images: list[Image] = []
        for frame in source.glimpses(settings.frames):
            (found,) = detect([frame])
            assert frame.image is not None
            tall = found.boxes[:, 3] - found.boxes[:, 1] >= settings.smallest
            images += [crop(frame.image, box) for box in found.boxes[tall]]
        if images:
            step = -(-len(images) // settings.images)
            embedder.match(source.camera, images[::step])
