"""The plan of the floor: metres to pixels, what is visible, and bounded trajectories."""

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.rig import Rig
from tracker.drawing import identity_colour
from tracker.floor_plan import FloorPlan, RecentWays, Trajectories, floor_bounds
from tracker.types import Sightings


def seen(identity, position, time=0.0):
    return Sightings(
        "a", 0, time, np.array([identity]), np.zeros((1, 4)), np.ones(1), np.array([position])
    )


@pytest.fixture
def rig():
    """A camera that looks straight down on 4 x 3 metres, and an area of 10 x 5."""
    down = Camera.from_homography([[100, 0, 0], [0, -100, 300], [0, 0, 1]], (400, 300))
    area = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 5.0], [0.0, 5.0]])
    return Rig(("top",), {"top": down}, area=area, doors={"main": np.array([[10.0, 2.0]])})


def test_bounds_hold_everything_with_a_margin(rig):
    low, high = floor_bounds(rig)
    assert low == pytest.approx([-0.5, -0.5])
    assert high == pytest.approx([10.5, 5.5])


def test_metres_to_pixels_with_y_upwards(rig):
    plan = FloorPlan(rig, 1100, 600)  # 100 pixels a metre
    pixels = plan.metres2pixels(np.array([[0.0, 0.0], [10.0, 5.0]]))
    assert pixels == pytest.approx(np.array([[50.0, 550.0], [1050.0, 50.0]]))
    assert plan.metres2pixels(np.zeros((0, 2))).shape == (0, 2)


def test_what_a_camera_sees_is_lighter(rig):
    image = FloorPlan(rig, 1100, 600).draw({})
    inside, outside = image[550 - 150, 50 + 250], image[550 - 150, 50 + 750]
    assert int(inside[0]) > int(outside[0])


def test_ways_end_in_a_mark_of_the_identity(rig):
    image = FloorPlan(rig, 1100, 600).draw({7: np.array([[1.0, 1.0], [6.0, 4.0]])})
    assert image[550 - 400, 50 + 600].tolist() == list(identity_colour(7))


def test_learned_doors_are_rings_and_given_ones_filled(rig):
    image = FloorPlan(rig, 1100, 600).draw({}, {"door 1": np.array([[6.0, 4.0]])})
    coloured = (image == [80, 200, 255]).all(axis=2)
    x, y = 50 + 600, 550 - 400
    assert coloured[y, x - 25 : x].any()
    assert not coloured[y, x]
    assert coloured[550 - 200, 50 + 1000]  # the rig's "main"


def test_a_rig_of_nothing_is_drawn_too():
    assert FloorPlan(Rig(("a",)), 64, 48).draw({}).shape == (48, 64, 3)


def test_trajectories_stay_bounded():
    trajectories = Trajectories(step=0.1)
    for n in range(9000):
        trajectories.add(seen(1, [0.2 * n, 0.0, 0.0]))
    trajectories.add(seen(2, [np.nan] * 3))
    ways = trajectories.ways()
    assert list(ways) == [1]
    assert len(ways[1]) <= Trajectories.MOST_POINTS
    assert ways[1][-1] == pytest.approx([0.2 * 8999, 0.0])


def test_small_steps_are_not_kept():
    trajectories = Trajectories(step=0.5)
    for x in (0.0, 0.1, 0.2, 0.6):
        trajectories.add(seen(1, [x, 0.0, 0.0]))
    assert trajectories.ways()[1].tolist() == [[0.0, 0.0], [0.6, 0.0]]


def test_a_way_breaks_off_where_nobody_knows_it():
    trajectories, recent = Trajectories(), RecentWays(seconds=60.0)
    for time, x in ((0.0, 1.0), (1.0, 2.0), (9.0, 6.0), (9.5, 7.0)):
        trajectories.add(seen(1, [x, 1.0, 0.0], time))
        recent.add(seen(1, [x, 1.0, 0.0], time))
    way = trajectories.ways()[1]
    assert way[:, 0].tolist() == pytest.approx([1.0, 2.0, np.nan, 6.0, 7.0], nan_ok=True)
    assert recent.ways(10.0)[1][:, 0].tolist() == [6.0, 7.0]


def test_the_picture_has_no_line_over_a_gap(rig):
    plan = FloorPlan(rig, 1100, 600)
    way = np.array([[6.0, 1.0], [7.0, 1.0], [np.nan, np.nan], [9.0, 1.0], [10.0, 1.0]])
    image, colour = plan.draw({7: way}), list(identity_colour(7))
    row = 550 - 100
    assert image[row, 50 + 650].tolist() == colour
    assert image[row, 50 + 800].tolist() != colour
    assert image[row, 50 + 950].tolist() == colour


def test_somebody_who_blinks_for_ever_is_bounded_too():
    trajectories = Trajectories()
    for n in range(5000):
        trajectories.add(seen(1, [0.1 * n, 0.0, 0.0], time=10.0 * n))
    assert len(trajectories.ways()[1]) <= Trajectories.MOST_POINTS


def test_recent_ways_forget():
    recent = RecentWays(seconds=1.0)
    recent.add(seen(1, [0.0, 0.0, 0.0], time=0.0))
    recent.add(seen(1, [1.0, 0.0, 0.0], time=0.8))
    assert recent.ways(1.5)[1].tolist() == [[1.0, 0.0]]
    assert recent.ways(5.0) == {}
