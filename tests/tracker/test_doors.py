"""Which door somebody is at."""

import numpy as np

from tracker.doors import nearest_door

DOORS = {
    "point": np.array([[0.0, 0.0]]),
    "line": np.array([[4.0, 0.0], [6.0, 0.0]]),
    "lobby": np.array([[0.0, 4.0], [2.0, 4.0], [2.0, 6.0], [0.0, 6.0]]),
}


def at(x, y, doors=DOORS):
    return nearest_door(doors, np.array([x, y], float), 1.0)


def test_a_point_a_line_and_a_polygon_reach_a_metre():
    assert at(0.6, 0.7) == "point"  # 0.92 m
    assert at(0.8, 0.7) is None  # 1.06 m
    assert at(5.0, 0.9) == "line"  # beside its middle, 1.3 m from either end
    assert at(6.8, 0.8) is None  # 1.13 m from its end
    assert at(1.0, 5.0) == "lobby"
    assert at(2.9, 5.0) == "lobby"
    assert at(3.1, 5.0) is None


def test_the_nearer_of_two_doors_counts():
    doors = {"far": np.array([[0.0, 0.0]]), "near": np.array([[1.0, 0.0]])}
    assert at(0.4, 0.0, doors) == "far"
    assert at(0.6, 0.0, doors) == "near"


def test_without_doors_nobody_is_at_one():
    assert at(0.0, 0.0, {}) is None
