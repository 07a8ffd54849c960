"""Figure 1, accuracy against parameters, and Figure 6, averaged weights against SGD's last."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from reid.training.ablation.columns import Outcome

__all__ = ["draw_accuracy_by_size", "draw_averaging"]

Row = dict[str, float]


def draw_accuracy_by_size(outcomes: Mapping[str, Outcome], path: Path) -> None:
    """Rank-1 and mAP of every finished column over its network's parameters, as PNG."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    for part, (panel, title) in enumerate(
        zip(figure.subplots(1, 2), ("rank-1 [%]", "mAP [%]"), strict=True)
    ):
        for name, outcome in outcomes.items():
            if outcome.final is not None:
                point = outcome.parameters / 1e6, outcome.final[part]
                panel.scatter(*point)
                panel.annotate(name, point, xytext=(4, 4), textcoords="offset points")
        panel.margins(0.2)  # room for the names
        panel.set(xlabel="parameters [M]", ylabel=title, xlim=(0, None))
        panel.grid(alpha=0.3)
    figure.savefig(path, dpi=100)


def draw_averaging(rows: Sequence[Row], path: Path, *, from_epoch: int = 0) -> None:
    """Scores over epochs of a run with an averaging stage, from its `curves.csv`, as PNG.

    from_epoch: where the stage starts. Several runs (the paper shows five) are averaged by giving
    their rows one after the other.
    """
    figure = Figure(figsize=(7, 7), layout="constrained")
    for panel, name in zip(figure.subplots(2, 1, sharex=True), ("rank1", "mAP"), strict=True):
        for key, label in ((name, "SGD"), (f"swag_{name}", "SWAG")):
            points = _mean_by_epoch(rows, key, from_epoch)
            if points:
                panel.plot(list(points), list(points.values()), marker=".", label=label)
                panel.legend()
        panel.set(xlabel="epoch", ylabel=f"{name} [%]")
        panel.grid(alpha=0.3)
    figure.savefig(path, dpi=100)


def _mean_by_epoch(rows: Sequence[Row], key: str, from_epoch: int) -> dict[float, float]:
    values: dict[float, list[float]] = {}
    for row in rows:
        if key in row and row["epoch"] > from_epoch:
            values.setdefault(row["epoch"], []).append(row[key])
    return {epoch: sum(found) / len(found) for epoch, found in sorted(values.items())}
