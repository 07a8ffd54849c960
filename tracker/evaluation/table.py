"""Tables of scores as plain text, as wide as they need to be."""

from collections.abc import Sequence

__all__ = ["DETAILS", "HEADLINE", "format_table", "score_cells"]

HEADLINE = ("HOTA", "MOTA", "IDF1")
DETAILS = (
    *HEADLINE,
    *("DetA", "AssA", "LocA", "MOTP", "IDP", "IDR", "Rcll", "Prcn"),
    *("MT", "PT", "ML", "FP", "FN", "IDs", "Frag"),
)


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under their names: words to the left, columns of numbers to the right."""
    columns = list(zip(header, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    numeric = [all(map(_is_number, column[1:])) for column in columns]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in (header, *rows)
    )


def score_cells(table: dict[str, float], names: Sequence[str]) -> list[str]:
    """Ratios with one decimal, counts as they are, "-" for a metric that isn't there."""
    return [_cell(table.get(name)) for name in names]


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.1f}"


def _is_number(cell: str) -> bool:
    return cell == "-" or cell.lstrip("-").replace(".", "", 1).isdigit()
