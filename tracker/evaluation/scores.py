"""All metrics of one comparison, and their names and units as the field prints them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import add

from tracker.evaluation.clear import Clear, clear
from tracker.evaluation.comparison import Comparison
from tracker.evaluation.hota import Hota, hota
from tracker.evaluation.identity import Identity, identity

__all__ = ["Scores", "combine", "score"]


@dataclass(frozen=True)
class Scores:
    """CLEAR, ID and HOTA of a sequence; `+` gives those of several sequences together."""

    clear: Clear
    identity: Identity
    hota: Hota

    def __add__(self, other: "Scores") -> "Scores":
        return Scores(
            self.clear + other.clear, self.identity + other.identity, self.hota + other.hota
        )

    def table(self) -> dict[str, float]:
        """By the field's names, ratios in percent. MOTP is a likeness: more is better."""
        ratios = {
            "HOTA": self.hota.hota,
            "DetA": self.hota.det_a,
            "AssA": self.hota.ass_a,
            "LocA": self.hota.loc_a,
            "MOTA": self.clear.mota,
            "MOTP": self.clear.motp,
            "IDF1": self.identity.idf1,
            "IDP": self.identity.idp,
            "IDR": self.identity.idr,
            "Rcll": self.clear.recall,
            "Prcn": self.clear.precision,
        }
        counts = {
            "MT": self.clear.mostly_tracked,
            "PT": self.clear.partly_tracked,
            "ML": self.clear.mostly_lost,
            "FP": self.clear.false_alarms,
            "FN": self.clear.misses,
            "IDs": self.clear.switches,
            "Frag": self.clear.fragments,
        }
        return {name: 100 * ratio for name, ratio in ratios.items()} | counts


def score(comparison: Comparison) -> Scores:
    """Every metric of one sequence; an empty truth or result is a case like any other."""
    return Scores(clear(comparison), identity(comparison), hota(comparison))


def combine(scores: Iterable[Scores]) -> Scores:
    """The scores of all sequences as one; at least one is needed."""
    return reduce(add, scores)
