"""What is told of scores: one line for each source of detections."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from scenes import Scene

from tracker.evaluation.scores import Scores, combine

__all__ = ["tell", "write_json"]

SHOWN = ("HOTA", "MOTA", "IDF1", "Rcll", "Prcn", "IDs")


def tell(
    title: str, scores: Mapping[str, Scores], scenes: Sequence[Scene]
) -> dict[str, dict[str, float]]:
    """Print the scores of the scenes together, by their source of detections; and return them.

    scores: by the scenes' names.
    """
    told = {}
    for source in sorted({scene.source for scene in scenes}):
        table = combine(scores[s.name] for s in scenes if s.source == source).table()
        told[source] = {name: table[name] for name in SHOWN}
        figures = "  ".join(f"{name} {table[name]:6.2f}" for name in SHOWN)
        print(f"{title:28s} {source:13s} {figures}", flush=True)
    return told


def write_json(path: Path, numbers: object) -> None:
    """Write what was told."""
    path.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
