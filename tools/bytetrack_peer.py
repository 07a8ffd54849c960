"""The peer of `benchmark_speed.py tracker`: ByteTrackTracker of roboflow's trackers 2.6.1.

Run by that benchmark in an interpreter that has the extra `peers`; it imports nothing of ours.
For each line on standard input it tracks all frames of the given .npz once and prints the seconds.

python tools/bytetrack_peer.py DETECTIONS.npz
"""

import sys
import time

import numpy as np
from supervision import Detections
from trackers import ByteTrackTracker


def main() -> None:
    """detections.npz holds boxes (N, 4), scores (N,), and counts (F,) of each frame."""
    arrays = np.load(sys.argv[1])
    splits = np.cumsum(arrays["counts"])[:-1]
    boxes, scores = np.split(arrays["boxes"], splits), np.split(arrays["scores"], splits)
    frames = [Detections(b, confidence=s) for b, s in zip(boxes, scores, strict=True)]
    print("ready", flush=True)
    for _ in sys.stdin:
        tracker = ByteTrackTracker()
        begin = time.perf_counter()
        for frame in frames:
            tracker.update(frame)
        print(time.perf_counter() - begin, flush=True)


if __name__ == "__main__":
    main()
