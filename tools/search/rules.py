"""The passes over a scene, each with rules that are fitted to some scenes and scored on others."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from examples import hindsight_examples, joining_examples, plausibility_examples
from regression import Examples, fit_weights
from scenes import Scene, folds

from configs.errors import InputError
from configs.settings import Settings
from tracker.camera_tracker import CameraTrackerSettings
from tracker.evaluation.scores import Scores
from tracker.motchallenge import result_rows, results
from tracker.offline import OfflineSettings, first_pass, refine
from tracker.plausibility import PlausibilitySettings
from tracker.trajectories import Trajectories, collect

__all__ = [
    "OnlineRules",
    "Rules",
    "SecondPassRules",
    "first_pass_tables",
    "scores_held_out",
    "scores_with",
]

S = TypeVar("S", bound=Settings)


class Rules(Protocol[S]):
    """The rules of one pass."""

    def fit(self, scenes: Sequence[Scene]) -> S:
        """The pass's settings, with the weights of its rules fitted to these scenes."""

    def score(self, scene: Scene, settings: S) -> Scores:
        """The scene's scores under these settings."""


def scores_held_out(rules: Rules[S], scenes: Sequence[Scene]) -> dict[str, Scores]:
    """Each scene's scores, by name, with rules fitted to the scenes of all other places."""
    found: dict[str, Scores] = {}
    for fold in folds(scenes):
        found |= scores_with(rules, rules.fit(fold.others), fold.held_out)
    return found


def scores_with(rules: Rules[S], settings: S, scenes: Sequence[Scene]) -> dict[str, Scores]:
    """Each scene's scores, by name, under the same settings."""
    return {scene.name: rules.score(scene, settings) for scene in scenes}


class OnlineRules:
    """The rule that says which boxes the tracker reports."""

    def __init__(self, scenes: Sequence[Scene], settings: CameraTrackerSettings) -> None:
        """Runs the tracker over the scenes. Raises InputError: the settings have no such rule."""
        if settings.plausibility is None:
            raise InputError("the tracker's settings have no plausibility rule to fit")
        self._settings = settings
        self._rule: PlausibilitySettings = settings.plausibility
        self._examples = {scene.name: plausibility_examples(scene, settings) for scene in scenes}

    def fit(self, scenes: Sequence[Scene]) -> CameraTrackerSettings:
        """See `Rules`."""
        fitted = _fitted(self._rule, [self._examples[scene.name] for scene in scenes])
        return self._settings.model_copy(update={"plausibility": fitted})

    def score(self, scene: Scene, settings: CameraTrackerSettings) -> Scores:
        """See `Rules`."""
        return scene.score(results(scene.track(settings)))


class SecondPassRules:
    """The rules that say which pieces of ways are joined, and which boxes of them are kept."""

    def __init__(self, tables: Mapping[str, Trajectories], settings: OfflineSettings) -> None:
        """tables: what the first pass reported, by the scenes' names.

        Raises InputError: the settings leave one of the steps out.
        """
        if settings.joining is None or settings.hindsight is None:
            raise InputError("the second pass's settings have no joining or no hindsight to fit")
        self._tables = tables
        self._settings = settings
        self._joining, self._hindsight = settings.joining, settings.hindsight

    def fit(self, scenes: Sequence[Scene]) -> OfflineSettings:
        """See `Rules`. The joining comes first: the boxes judged are those of joined ways."""
        told = [(scene, self._tables[scene.name]) for scene in scenes]
        told = [(scene, table) for scene, table in told if len(table)]
        pairs = [joining_examples(*each, self._settings, self._joining) for each in told]
        joining = _fitted(self._joining, [{"weights": part} for part in pairs])
        settings = self._settings.model_copy(update={"joining": joining})
        boxes = [hindsight_examples(*each, settings, self._hindsight) for each in told]
        return settings.model_copy(update={"hindsight": _fitted(self._hindsight, boxes)})

    def score(self, scene: Scene, settings: OfflineSettings) -> Scores:
        """See `Rules`."""
        ways = refine(self._tables[scene.name], settings)
        return scene.score(result_rows(ways.frames, ways.ids, ways.boxes, ways.scores))


def first_pass_tables(
    scenes: Sequence[Scene], settings: CameraTrackerSettings
) -> dict[str, Trajectories]:
    """What the tracker tells a second pass of each scene, by its name."""
    return {scene.name: collect(scene.track(first_pass(settings))) for scene in scenes}


def _fitted(rule: S, parts: Sequence[Mapping[str, Examples]]) -> S:
    """A rule with those of its weights fitted that the parts have examples for.

    parts: of each scene, examples by the name of the weights. Weights of evidence that the
    examples don't have stay as they are.
    """
    values = rule.model_dump()
    for kind in parts[0] if parts else ():
        values[kind] |= fit_weights([part[kind] for part in parts])
    return type(rule).model_validate(values)
