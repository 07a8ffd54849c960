"""The metrics against the field's reference evaluation, and against motmetrics.

`data/` holds generated sequences of noisy walkers: people, distractors of all classes, occluders,
rows marked 0, gaps, swapped ids, false alarms; one has an empty result. `data/trackeval.json` holds
what TrackEval 1.3.0 gave for exactly these files (HOTA, CLEAR and Identity with their defaults,
BENCHMARK MOT17, and MOT20 for the sequence of that name); "combined" are the three of MOT17.
"""

import itertools
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
NAMES_WITH_RESULT = [name for name in NAMES if name != "MOT17-empty"]


def comparison_of(name):
    truth = read_ground_truth(DATA / name / "gt" / "gt.txt")
    result = read_results(DATA / name / "result.txt")
    return compare_pedestrians(truth, result, name)


def scores_of(name):
    return score(comparison_of(name))


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


@pytest.mark.parametrize("name", ["TUD-Campus", "TUD-Stadtmitte", *NAMES_WITH_RESULT])
def test_counts_are_those_of_motmetrics(name):
    comparison = comparison_of_tud(name) if name.startswith("TUD") else comparison_of(name)
    expected = motmetrics_summary(comparison)
    scores = score(comparison)
    assert scores.clear.truths == expected["num_objects"]
    assert scores.clear.misses == expected["num_misses"]
    assert scores.clear.false_alarms == expected["num_false_positives"]
    assert scores.clear.switches == expected["num_switches"]
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
        for truth, result, distances in all_frames(comparison):
            accumulator.update(
                comparison.truth_ids[truth], comparison.result_ids[result], distances
            )
        names = ["mota", "motp", "idf1", "idp", "idr", "mostly_lost", "num_objects"]
        names += ["num_misses", "num_false_positives", "num_switches"]
        summary = motmetrics.metrics.create().compute_many([accumulator], metrics=names)
    return summary.iloc[0].to_dict()


def all_frames(comparison):
    """As `shared_frames`, and frames in which one side has no rows; distances, NaN for no pair."""
    shared = {truth.start: similarity for truth, _, similarity in comparison.shared_frames()}
    for (a, b), (c, d) in zip(
        itertools.pairwise(comparison.truth_starts),
        itertools.pairwise(comparison.result_starts),
        strict=True,
    ):
        empty = np.zeros((b - a, d - c))
        similarity = shared[a] if empty.size else empty
        yield slice(a, b), slice(c, d), np.where(similarity >= 0.5, 1 - similarity, np.nan)
