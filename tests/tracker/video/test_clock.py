"""Many cameras on one clock, with sources made of plain lists."""

import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.types import Frame
from tracker.video import SourceReport, ticks


class Listed:
    """A source whose frames come at given times; `delays` are seconds before each is handed out."""

    size = (4, 4)

    def __init__(self, camera, times, rate, delays=None, fails=False):
        self.camera, self.rate, self.live = camera, rate, delays is not None
        self.report = SourceReport()
        self._times, self._delays, self._fails = times, delays or [0] * len(times), fails

    def frames(self):
        for index, (moment, delay) in enumerate(zip(self._times, self._delays, strict=True)):
            time.sleep(delay)
            yield Frame(self.camera, index, moment, np.zeros((4, 4, 3), np.uint8))
        if self._fails:
            raise RuntimeError("the disk is gone")


def shape(served):
    return [[(frame.camera, frame.index) for frame in tick] for tick in served]


def test_no_camera_no_tick():
    assert list(ticks([])) == []


def test_cameras_with_one_rate_go_together_and_the_longer_one_goes_on_alone():
    a = Listed("a", [0.0, 0.1, 0.2], rate=10)
    b = Listed("b", [0.01, 0.11], rate=10)
    expected = [[("a", 0), ("b", 0)], [("a", 1), ("b", 1)], [("a", 2)]]
    assert shape(ticks([a, b])) == expected


def test_a_slow_camera_beside_a_quick_one():
    quick = Listed("q", [0.0, 0.1, 0.2, 0.3], rate=10)
    slow = Listed("s", [0.0, 0.2], rate=5)
    expected = [[("q", 0), ("s", 0)], [("q", 1)], [("q", 2), ("s", 1)], [("q", 3)]]
    assert shape(ticks([quick, slow])) == expected


def test_a_camera_that_begins_later():
    early, late = Listed("e", [0.0, 0.5], rate=2), Listed("l", [5.0], rate=2)
    assert shape(ticks([early, late])) == [[("e", 0)], [("e", 1)], [("l", 0)]]


@given(
    st.lists(
        st.tuples(st.sampled_from([5, 10, 12.5, 30]), st.floats(0, 2), st.integers(0, 12)),
        min_size=1,
        max_size=4,
    )
)
def test_every_frame_is_served_once_in_order(cameras):
    sources = [
        Listed(str(n), [offset + k / rate for k in range(count)], rate)
        for n, (rate, offset, count) in enumerate(cameras)
    ]
    served = list(ticks(sources))
    for n, (_, _, count) in enumerate(cameras):
        own = [frame.index for tick in served for frame in tick if frame.camera == str(n)]
        assert own == list(range(count))
    starts = [min(frame.time for frame in tick) for tick in served]
    assert starts == sorted(starts)
    assert all(len({frame.camera for frame in tick}) == len(tick) for tick in served)


def test_an_error_of_a_reader_reaches_the_caller():
    with pytest.raises(RuntimeError, match="the disk is gone"):
        list(ticks([Listed("a", [0.0], rate=1, fails=True)]))


def test_a_silent_live_camera_does_not_hold_up_the_others():
    steady = Listed("steady", [n / 20 for n in range(20)], rate=20, delays=[0.05] * 20)
    stuck = Listed("stuck", [0.0, 2.0], rate=20, delays=[0.0, 2.0])
    begin, seen = time.monotonic(), {}
    for tick in ticks([steady, stuck]):
        for frame in tick:
            seen.setdefault(frame.camera, []).append(time.monotonic() - begin)
    assert len(seen["steady"]) >= 15  # a slow machine may drop a few
    assert seen["steady"][-1] < 1.9  # they didn't wait for the second frame of the other
    assert len(seen["stuck"]) == 2


def test_another_thread_can_end_the_wait_for_a_silent_camera():
    stop = threading.Event()
    feed = ticks([Listed("stuck", [0.0, 1.0], rate=20, delays=[0.0, 1.5])], stop)
    assert len(next(feed)) == 1
    threading.Timer(0.1, stop.set).start()
    begin = time.monotonic()
    assert next(feed, None) is None
    assert time.monotonic() - begin < 1.4
