"""Whatever happens, nobody is in two places of one camera's view at once."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.identities import IdentityRegistry, IdentitySettings
from tracker.types import Arrival

CAMERAS = ("hall", "stairs", "yard")
LOOKS = np.array([[1, 0, 0], [0.99, 0.14, 0], [0, 1, 0], [0.6, 0, 0.8]], np.float32)
LOOKS /= np.linalg.norm(LOOKS, axis=1, keepdims=True)

entries = st.lists(st.tuples(st.sampled_from(CAMERAS), st.integers(-1, len(LOOKS) - 1)), max_size=4)
ticks = st.lists(
    st.tuples(st.floats(0.0, 100.0), entries, st.sets(st.integers(0, 7), max_size=4)), max_size=12
)


@settings(max_examples=150, deadline=None)
@given(ticks, st.booleans())
def test_no_identity_is_twice_at_once_on_a_camera(story, overlap):
    """story: for each tick the seconds since the last, who enters where, and which of those who
    are there leave. -1 enters without a picture.
    """
    registry = IdentityRegistry(IdentitySettings(overlap=overlap))
    present: dict[tuple[str, int], int] = {}
    time, track = 0.0, 0
    for pause, entering, leaving in story:
        time += pause
        for key in [key for n, key in enumerate(list(present)) if n in leaving]:
            registry.leave(*key, time)
            del present[key]
        time += 0.25
        arrivals = []
        for camera, person in entering:
            track += 1
            rows = LOOKS[[person] * 2] if person >= 0 else np.zeros((0, 3), np.float32)
            arrivals.append(Arrival(camera, track, time, rows))
        for camera in CAMERAS:
            here = [arrival for arrival in arrivals if arrival.camera == camera]
            for arrival, number in zip(here, registry.resolve(here), strict=True):
                present[camera, arrival.track_id] = number
                rows = arrival.embeddings
                if len(rows):
                    registry.observe(camera, arrival.track_id, time, rows, np.ones(len(rows)))
        for camera in CAMERAS:
            numbers = [number for (name, _), number in present.items() if name == camera]
            assert len(set(numbers)) == len(numbers)
        if not overlap:
            assert len(set(present.values())) == len(present)
