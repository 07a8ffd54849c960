"""Figures that others have published for the five validation sequences of MOT16.

They come from public DPM detections with frames and ReID, scored by py-motmetrics unless noted.
"""

from dataclasses import dataclass

__all__ = ["PublishedRow", "published_rows", "validation_numbers"]

VALIDATION = ("02", "05", "09", "11", "13")  # the same scenes in MOT16 and MOT17


@dataclass(frozen=True)
class PublishedRow:
    """MOTA and IDF1 in percent, and where they are printed."""

    name: str
    mota: float
    idf1: float
    source: str


SYSTEMS = (
    PublishedRow("Robust-ReID", 36.7, 46.2, "Lawen et al., arXiv 1910.07038, table 6"),
    PublishedRow("MOTDT, code", 36.5, 46.1, "the same table"),
    PublishedRow("MOTDT, paper", 35.7, 45.3, "the same table"),
    PublishedRow("MOTDT, devkit", 36.3, 45.7, "its README, MOTChallenge's Matlab devkit"),
)

SEQUENCES = (
    PublishedRow("MOT16-02, MOTDT", 27.7, 37.1, "MOTDT's README"),
    PublishedRow("MOT16-05, MOTDT", 40.8, 53.7, "MOTDT's README"),
    PublishedRow("MOT16-09, MOTDT", 59.2, 61.1, "MOTDT's README"),
    PublishedRow("MOT16-11, MOTDT", 54.6, 54.9, "MOTDT's README"),
    PublishedRow("MOT16-13, MOTDT", 22.6, 38.2, "MOTDT's README"),
)


def published_rows() -> tuple[PublishedRow, ...]:
    """Those of the five sequences together, then MOTDT's of each."""
    return SYSTEMS + SEQUENCES


def validation_numbers() -> frozenset[str]:
    """The numbers of the five sequences: MOTDT's and the paper's validation set."""
    return frozenset(VALIDATION)
