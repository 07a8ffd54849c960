"""Examples for the tracker's logistic rules: its claims on a scene, and whether they were right."""

from collections.abc import Mapping

import numpy as np
from labels import UNSCORED, majority, whose
from regression import Examples
from scenes import Scene

from tracker.camera_path import moved_by
from tracker.camera_tracker import CameraTrackerSettings
from tracker.hindsight import HindsightSettings, gather
from tracker.joining import JoiningSettings, cut, gather_pairs
from tracker.offline import OfflineSettings, completed, sightings
from tracker.plausibility import TrackEvidence, Weights
from tracker.trajectories import Trajectories
from tracker.types import BoolArray

__all__ = ["hindsight_examples", "joining_examples", "plausibility_examples"]

USED = {  # the others were found to tell nothing about scenes left out
    "seen": ("score", "mean_score", "hit_rate", "hidden", "hiding"),
    "predicted": ("unseen", "hit_rate", "surprise", "spread", "hidden", "hiding", "outside"),
}


def plausibility_examples(scene: Scene, settings: CameraTrackerSettings) -> dict[str, Examples]:
    """For the rule of the online pass: boxes `seen`, and boxes `predicted`.

    The boxes are those that the rule would be asked about, of a run without it.
    """
    told: list[TrackEvidence] = []
    scene.track(settings.model_copy(update={"plausibility": None}), told.append)
    asked = [_asked(each, settings.max_predicted) for each in told]
    pairs = list(zip(told, asked, strict=True))
    frames = np.repeat([each.index for each in told], [np.count_nonzero(rows) for rows in asked])
    boxes = np.concatenate([each.boxes[rows] for each, rows in pairs])
    is_seen = np.concatenate([each.missed[rows] == 0 for each, rows in pairs])
    table = np.concatenate([each.evidence[:, rows] for each, rows in pairs], axis=1)
    evidence = dict(zip(Weights.model_fields, table, strict=True))
    people = whose(scene.truth, scene.name, frames, boxes)
    return {
        kind: Examples.of(USED[kind], evidence, people >= 0, rows & (people != UNSCORED))
        for kind, rows in (("seen", is_seen), ("predicted", ~is_seen))
    }


def _asked(told: TrackEvidence, max_predicted: int) -> BoolArray:
    """(N,) True for tracks that could be reported if the rule allows: believed, or seen now."""
    return (told.missed <= max_predicted) & (told.confirmed | (told.missed == 0))


def joining_examples(
    scene: Scene, table: Trajectories, settings: OfflineSettings, joining: JoiningSettings
) -> Examples:
    """Pairs of pieces of ways: right where most boxes of both are of the same person.

    Pairs of pieces that both are nobody's say nothing. table: what the first pass reported.
    """
    still, path = sightings(table, settings)
    pieces = cut(still, joining.cut_gap)
    starts = pieces.starts()
    visible = moved_by(pieces, path)
    pairs = gather_pairs(pieces, still.ids[starts[:-1]], visible, joining)
    people = whose(scene.truth, scene.name, pieces.frames, visible)
    owners = np.array([majority(piece) for piece in np.split(people, starts[1:-1])])
    one, other = owners[pairs.ends], owners[pairs.starts]
    names = type(joining.weights).model_fields
    return Examples.of(names, pairs.evidence, one == other, (one >= 0) | (other >= 0))


def hindsight_examples(
    scene: Scene, table: Trajectories, settings: OfflineSettings, hindsight: HindsightSettings
) -> dict[str, Examples]:
    """Boxes of completed ways: `seen`, `filled` between sightings, and `beyond` them."""
    ways, facts = completed(table, settings, None)
    evidence = gather(ways, facts)
    people = whose(scene.truth, scene.name, ways.frames, ways.boxes)
    kinds: Mapping[str, tuple[Mapping[str, object], BoolArray]] = {
        "seen": (type(hindsight.seen).model_fields, ways.seen),
        "filled": (type(hindsight.filled).model_fields, ~ways.seen & ~facts.beyond),
        "beyond": (type(hindsight.beyond).model_fields, facts.beyond),
    }
    return {
        kind: Examples.of(names, evidence, people >= 0, rows & (people != UNSCORED))
        for kind, (names, rows) in kinds.items()
    }
