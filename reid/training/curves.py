"""Pictures of a run: its losses, its accuracy, its learning rate, epoch by epoch."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["draw_curves"]

Row = dict[str, float]


def draw_curves(rows: Sequence[Row], path: Path) -> None:
    """Three panels as PNG, from the rows of `curves.csv`; no rows give empty panels."""
    figure = Figure(figsize=(12, 4), layout="constrained")
    losses, scores, rate = figure.subplots(1, 3)
    parts = ("loss", "identity_global", "identity_local", "triplet_global", "triplet_local")
    for name in parts:
        _line(losses, rows, name)
    losses.set(title="loss", xlabel="epoch")
    for name in ("accuracy", "rank1", "mAP", "swag_rank1", "swag_mAP"):
        _line(scores, rows, name)
    scores.set(title="accuracy on batches; scores on the test set [%]", xlabel="epoch")
    _line(rate, rows, "learning_rate")
    rate.set(title="learning rate", xlabel="epoch")
    for panel in (losses, scores, rate):
        panel.grid(alpha=0.3)
        if panel.get_legend_handles_labels()[0]:
            panel.legend()
    figure.savefig(path, dpi=100)


def _line(panel: Axes, rows: Sequence[Row], name: str) -> None:
    points = [(row["epoch"], row[name]) for row in rows if name in row]
    if points:
        panel.plot(*zip(*points, strict=True), marker="." if len(points) < 50 else "", label=name)
