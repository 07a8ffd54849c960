"""The paper's Tables 2 and 3 and Figures 1 and 6, as configurations of one code path."""

from reid.training.ablation.columns import COLUMNS, Column, Outcome, column_settings, read_outcome
from reid.training.ablation.figures import draw_accuracy_by_size, draw_averaging
from reid.training.ablation.tables import averaging_table, column_table

__all__ = [
    "COLUMNS",
    "Column",
    "Outcome",
    "averaging_table",
    "column_settings",
    "column_table",
    "draw_accuracy_by_size",
    "draw_averaging",
    "read_outcome",
]
