"""What the benchmark says of each scene: ground plane, views, and what others reached."""

from collections.abc import Sequence

from tracker.evaluation.mtmc.running import SceneRun
from tracker.evaluation.mtmc.scoring import SceneScores
from tracker.evaluation.scores import Scores
from tracker.evaluation.table import HEADLINE, format_table, score_cells

__all__ = ["as_json", "as_text"]

COLUMNS = (*HEADLINE, "DetA", "AssA", "Rcll", "Prcn", "FP", "FN", "IDs", "Frag")


def as_text(runs: Sequence[SceneRun], setting: str) -> str:
    """A row for each scene and protocol, then speed. setting: one line on what was run."""
    rows = [row for run in runs for row in _rows(run)]
    if len(runs) > 1:
        together = runs[0].scores
        for run in runs[1:]:
            together = together + run.scores
        rows += _protocols("COMBINED", "ours", together)
    speed = [
        f"{run.name}: {run.frames} frames in {run.ticks} ticks, "
        f"{1000 * run.seconds / max(run.ticks, 1):.2f} ms of tracking a tick"
        for run in runs
    ]
    table = format_table(["sequence", "tracker", "protocol", *COLUMNS], rows)
    return "\n".join([setting, "", table, "", *speed])


def as_json(runs: Sequence[SceneRun]) -> dict[str, dict[str, dict[str, float]]]:
    """By scene, then by reach in metres ("1.0", "0.5") and "views"; ratios in percent."""
    return {
        run.name: {protocol: scores.table() for protocol, _, scores in _scores(run.scores)}
        for run in runs
    }


def _rows(run: SceneRun) -> list[list[str]]:
    rows = _protocols(run.name, "ours", run.scores)
    for name, scores in run.rivals.items():
        rows += _protocols(run.name, name, scores)
    return rows


def _protocols(scene: str, tracker: str, scores: SceneScores) -> list[list[str]]:
    return [
        [scene, tracker, words, *score_cells(one.table(), COLUMNS)]
        for _, words, one in _scores(scores)
    ]


def _scores(scores: SceneScores) -> list[tuple[str, str, Scores]]:
    """For each protocol its name, what it is, and the scores by it."""
    ground = [(str(reach), f"ground {reach} m", one) for reach, one in scores.ground.items()]
    views = [("views", "views IoU 0.5", scores.views)] if scores.views is not None else []
    return [*ground, *views]
