"""The people on the ground: where each of them is and goes, in parallel arrays.

Position and velocity are followed by one Kalman filter for everybody at once (constant velocity,
accelerations as noise), equal to filterpy's for each of them.
"""

from dataclasses import dataclass, field

import numpy as np

from tracker.types import BoolArray, FloatArray, IntArray

__all__ = ["People"]

START_SPEED = 1.0  # m/s: standard deviation of a new person's velocity


@dataclass
class People:
    """N people. Row by row: track (N,) unique numbers; state (N, 4) x, y, vx, vy in metres and
    m/s; covariance (N, 4, 4); existence (N,) log-odds; since, seen (N,) seconds, of the first and
    the last sight; confirmed (N,) whether it surely is a person; doubts (N, N) seconds that two
    have been in one place.
    """

    track: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    state: FloatArray = field(default_factory=lambda: np.zeros((0, 4)))
    covariance: FloatArray = field(default_factory=lambda: np.zeros((0, 4, 4)))
    existence: FloatArray = field(default_factory=lambda: np.zeros(0))
    since: FloatArray = field(default_factory=lambda: np.zeros(0))
    seen: FloatArray = field(default_factory=lambda: np.zeros(0))
    confirmed: BoolArray = field(default_factory=lambda: np.zeros(0, bool))
    doubts: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))

    def __len__(self) -> int:
        return len(self.track)

    @property
    def position(self) -> FloatArray:
        """(N, 2) metres."""
        return self.state[:, :2]

    @property
    def spread(self) -> FloatArray:
        """(N, 3) covariance of the position: xx, xy, yy."""
        return self.covariance[:, [0, 0, 1], [0, 1, 1]]

    def predict(self, elapsed: float, acceleration: float) -> None:
        """Move on by so many seconds; acceleration: its standard deviation, m/s^2."""
        self.state[:, :2] += elapsed * self.state[:, 2:]
        P = self.covariance
        P[:, :2] += elapsed * P[:, 2:]
        P[:, :, :2] += elapsed * P[:, :, 2:]
        push, kick = acceleration * elapsed**2 / 2, acceleration * elapsed
        noise = np.array([[push, 0], [0, push], [kick, 0], [0, kick]])
        P += noise @ noise.T

    def correct(self, rows: IntArray, positions: FloatArray, R: FloatArray, time: float) -> None:
        """Take in that these people (K,) are at positions (K, 2) with covariances (K, 2, 2)."""
        if len(rows) == 0:
            return
        P = self.covariance[rows]
        gain = P[:, :, :2] @ np.linalg.inv(P[:, :2, :2] + R)
        error = positions - self.state[rows, :2]
        self.state[rows] += (gain @ error[:, :, None])[:, :, 0]
        # Joseph's form, which stays symmetric and positive: with K the gain and H the position,
        # (I - K H) P (I - K H)' + K R K'.
        half = P - gain @ P[:, :2]
        self.covariance[rows] = half - (half[:, :, :2] - gain @ R) @ gain.swapaxes(1, 2)
        self.seen[rows] = time

    @classmethod
    def new(cls, positions: FloatArray, R: FloatArray, time: float) -> "People":
        """K people at positions (K, 2) with covariances (K, 2, 2), at rest and without a number."""
        count = len(positions)
        covariance = np.zeros((count, 4, 4))
        covariance[:, :2, :2] = R
        covariance[:, 2:, 2:] = START_SPEED**2 * np.eye(2)
        state, now = np.pad(positions, ((0, 0), (0, 2))), np.full(count, time)
        numbers, unsure = np.zeros(count, np.int64), np.zeros(count, bool)
        doubts = np.zeros((count, count))
        return cls(numbers, state, covariance, np.zeros(count), now, now.copy(), unsure, doubts)

    def __getitem__(self, rows: IntArray | BoolArray) -> "People":
        """Those of some rows."""
        return People(
            self.track[rows],
            self.state[rows],
            self.covariance[rows],
            self.existence[rows],
            self.since[rows],
            self.seen[rows],
            self.confirmed[rows],
            self.doubts[rows][:, rows],
        )

    def __add__(self, other: "People") -> "People":
        """Both, these first."""
        count, more = len(self), len(other)
        doubts = np.zeros((count + more, count + more))
        doubts[:count, :count], doubts[count:, count:] = self.doubts, other.doubts
        return People(
            np.concatenate([self.track, other.track]),
            np.concatenate([self.state, other.state]),
            np.concatenate([self.covariance, other.covariance]),
            np.concatenate([self.existence, other.existence]),
            np.concatenate([self.since, other.since]),
            np.concatenate([self.seen, other.seen]),
            np.concatenate([self.confirmed, other.confirmed]),
            doubts,
        )
