"""Tables 2 and 3 in the paper's form, ours beside the paper's figures, as Markdown."""

from collections.abc import Mapping

from reid.training.ablation.columns import COLUMNS, MODIFICATIONS, Outcome

__all__ = ["averaging_table", "column_table"]

Pair = tuple[float, float] | None

_SETUPS = {  # Table 3: set-up, and the paper's figures without, with the cycles, with averages
    "setup1": ("1", (93.8, 83.6), (94.3, 84.8), (94.5, 85.3)),
    "h": ("2", (95.4, 87.3), (95.8, 88.2), (95.8, 88.7)),
    "robust": ("3", (95.7, 88.1), (95.7, 88.9), (96.2, 89.7)),
}


def column_table(outcomes: Mapping[str, Outcome]) -> str:
    """Table 2 of the columns that were run; a dash where a run isn't finished.

    The paper's figures are those of Market-1501 after 350 epochs, whatever ours were run on.
    """
    names = list(outcomes)
    lines = [_row(["", *names]), _row(["---"] * (len(names) + 1))]
    for trick in MODIFICATIONS:
        lines.append(_row([trick, *("x" if trick in COLUMNS[n].on else "" for n in names)]))
    finals = [outcomes[name].final for name in names]
    papers = [COLUMNS[name].paper for name in names]
    for title, pairs, part in (
        ("rank-1", finals, 0),
        ("mAP", finals, 1),
        ("paper rank-1", papers, 0),
        ("paper mAP", papers, 1),
    ):
        lines.append(_row([title, *(_figure(pair, part) for pair in pairs)]))
    lines.append(
        _row(["parameters [M]", *(f"{o.parameters / 1e6:.2f}" for o in outcomes.values())])
    )
    lines.append(_row(["epochs", *(str(o.epochs) for o in outcomes.values())]))
    return "\n".join(lines) + "\n"


def averaging_table(outcomes: Mapping[str, Outcome]) -> str:
    """Table 3 of those of its set-ups that were run; empty if none was."""
    lines = []
    for name, (setup, *papers) in _SETUPS.items():
        if name not in outcomes:
            continue
        outcome = outcomes[name]
        ours = outcome.converged, outcome.cyclic, outcome.averaged
        for update, pair, paper in zip(("-", "+LR scheme", "+SWAG"), ours, papers, strict=True):
            figures = [_figure(p, part) for p in (pair, paper) for part in (0, 1)]
            lines.append(_row([setup, update, *figures]))
    if not lines:
        return ""
    head = _row(["set-up", "update", "rank-1", "mAP", "paper rank-1", "paper mAP"])
    return "\n".join([head, _row(["---"] * 6), *lines]) + "\n"


def _figure(pair: Pair, part: int) -> str:
    return "-" if pair is None else f"{pair[part]:.1f}"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
