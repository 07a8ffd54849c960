"""The metrics against the field's reference evaluation, and against motmetrics.

`data/` holds generated sequences of noisy walkers: people, distractors of all classes, occluders,
rows marked 0, gaps, swapped ids, false alarms; one has an empty result. `data/trackeval.json` holds
what TrackEval 1.3.0 gave for exactly these files (HOTA, CLEAR and Identity with their defaults,
BENCHMARK MOT17, and MOT20 for the sequence of that name); "combined" are the three of MOT17.
"""

import json
import warnings
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from tracker.evaluation.comparison import Comparison
from tracker.evaluation.preprocessing import compare_pedestrians
from tracker.evaluation.scores import combine, score
from tracker.motchallenge import find_sequences, read_ground_truth, read_results

DATA = Path(__file__).parent / "data"
EXPECTED = json.loads((DATA / "trackeval.json").read_text())
NAMES = [sequence.name for sequence in find_sequences(DATA)]


def scores_of(name):
    truth = read_ground_truth(DATA / name / "gt" / "gt.txt")
    result = read_results(DATA / name / "result.txt")
    return score(compare_pedestrians(truth, result, name))


def assert_equal(scores, expected):
    table = scores.table()
    assert {name: table[name] for name in expected} == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_sequence_scores_as_in_trackeval(name):
    assert_equal(scores_of(name), EXPECTED[name])


def test_sequences_together_score_as_in_trackeval():
    names = [name for name in NAMES if name.startswith("MOT17")]
    assert_equal(combine(scores_of(name) for name in names), EXPECTED["combined"])


def test_every_stored_number_is_used():
    assert {*NAMES, "combined"} == set(EXPECTED)


@pytest.mark.parametrize(
    ("name", "idf1", "mota", "switches", "false_alarms", "misses"),
    [
        # The figures in motmetrics' own documentation for the files in its wheel.
        ("TUD-Campus", 55.77, 52.65, 7, 13, 150),
        ("TUD-Stadtmitte", 64.46, 56.40, 7, 45, 452),
    ],
)
def test_scores_as_motmetrics_documents(name, idf1, mota, switches, false_alarms, misses):
    clear, identity = (scores := scores_of_tud(name)).clear, scores.identity
    assert round(100 * identity.idf1, 2) == idf1
    assert round(100 * clear.mota, 2) == mota
    assert (clear.switches, clear.false_alarms, clear.misses) == (switches, false_alarms, misses)


@pytest.mark.parametrize("name", ["TUD-Campus", "TUD-Stadtmitte"])
def test_counts_are_those_of_motmetrics(name):
    comparison = comparison_of_tud(name)
    expected = motmetrics_summary(comparison)
    scores = score(comparison)
    assert scores.clear.mota == pytest.approx(expected["mota"], abs=1e-9)
    assert scores.identity.idf1 == pytest.approx(expected["idf1"], abs=1e-9)
    assert scores.identity.idp == pytest.approx(expected["idp"], abs=1e-9)
    assert scores.identity.idr == pytest.approx(expected["idr"], abs=1e-9)
    # MOTP is a distance there.
    assert scores.clear.motp == pytest.approx(1 - expected["motp"], abs=1e-9)
    # A fifth or four fifths of somebody's frames count differently there: see `Clear`.
    assert scores.clear.mostly_lost == expected["mostly_lost"]


def comparison_of_tud(name) -> Comparison:
    folder = resources.files("motmetrics") / "data" / name
    truth = read_ground_truth(Path(str(folder / "gt.txt")))
    return compare_pedestrians(truth, read_results(Path(str(folder / "test.txt"))), name)


def scores_of_tud(name):
    return score(comparison_of_tud(name))


def motmetrics_summary(comparison):
    """Only the accumulator and `compute_many`: the package's distances fail with NumPy 2."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import motmetrics

        accumulator = motmetrics.MOTAccumulator(auto_id=True)
        for truth, result, similarity in comparison.shared_frames():
            distances = np.where(similarity >= 0.5, 1 - similarity, np.nan)
            accumulator.update(
                comparison.truth_ids[truth], comparison.result_ids[result], distances
            )
        names = ["mota", "motp", "idf1", "idp", "idr", "mostly_lost"]
        summary = motmetrics.metrics.create().compute_many([accumulator], metrics=names)
    return summary.iloc[0].to_dict()
