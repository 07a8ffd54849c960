"""What a lens does to a picture: from the ideal view (a pinhole's) to pixels and back.

The ideal view is the plane one unit in front of the camera: x to the right, y down, `(X/Z, Y/Z)`
of a point in the camera's frame. Both models keep a camera matrix `K` and few coefficients.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["BrownLens", "Lens", "TsaiLens"]

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]

WIDEST_RADIUS = 10.0  # of the ideal view: 84 degrees off the axis
LEAST_SLOPE = 0.02  # a lens that squeezes a picture more than 50 times is close to its fold
DIRECTIONS = 16  # around the axis in which the fold is looked for
NEWTON_STEPS = 30
CONVERGED = 1e-11  # of the ideal view: a billionth of a pixel


@dataclass(frozen=True, eq=False)
class BrownLens:
    """OpenCV's model: radial and tangential distortion of the ideal view (Brown 1971).

    K: (3, 3) camera matrix, pixels. coefficients: (8,) k1 k2 p1 p2 k3 k4 k5 k6; shorter lists of
    0, 4 or 5 are filled with zeros.

    The polynomial may fold back: then several ideal points have one picture. The model is used up
    to the radius from which on it is about to fold in some direction, and `valid` is False beyond.
    Inside, no two points have one picture: the slope of the bend is a symmetric matrix, positive
    definite on the whole disc.
    """

    K: Floats
    coefficients: Floats

    def __post_init__(self) -> None:
        given = np.asarray(self.coefficients, float).ravel()
        if len(given) not in (0, 4, 5, 8):
            raise ValueError(f"distortion has {len(given)} coefficients; expected 0, 4, 5 or 8")
        full = np.zeros(8)
        full[: len(given)] = given
        object.__setattr__(self, "coefficients", full)

    @cached_property
    def is_straight(self) -> bool:
        """Whether the lens doesn't bend the picture at all."""
        return not self.coefficients.any()

    def distort(self, view: Floats) -> tuple[Floats, Bools]:
        """Ideal view (N, 2) -> pixels (N, 2), and which of them lie before the fold."""
        reach = WIDEST_RADIUS if self.is_straight else self._radii[0][-1]
        valid = np.hypot(view[:, 0], view[:, 1]) <= reach
        return _to_pixels(self.K, self._bend(view)), valid

    def undistort(self, pixels: Floats) -> tuple[Floats, Bools]:
        """Pixels (N, 2) -> ideal view (N, 2), and where there is an ideal point before the fold.

        Newton's method, kept inside the disc where the solution is the only one.
        """
        bent = _to_bent(self.K, pixels)
        if self.is_straight:
            return bent, np.isfinite(bent.sum(axis=1))
        straight_radii, bent_radii = self._radii
        radius = np.hypot(bent[:, 0], bent[:, 1])
        start = np.interp(radius, bent_radii, straight_radii)
        view = bent * (start / np.maximum(radius, 1e-12))[:, None]
        for _ in range(NEWTON_STEPS):
            error = self._bend(view) - bent
            if np.all(np.abs(error) < CONVERGED):
                break
            view = view - _solve_2x2(self._jacobian_of_bend(view), error)
            length = np.hypot(view[:, 0], view[:, 1])
            view *= np.minimum(1.0, straight_radii[-1] / np.maximum(length, 1e-12))[:, None]
        error = np.abs(self._bend(view) - bent).max(axis=1, initial=0)
        return view, error < 1e3 * CONVERGED

    def jacobian(self, view: Floats) -> Floats:
        """(N, 2, 2) derivative of the pixels by the ideal view."""
        return self.K[:2, :2] @ self._jacobian_of_bend(view)

    def scaled(self, x: float, y: float) -> "BrownLens":
        """The same lens before a picture resized by these factors."""
        return BrownLens(np.diag([x, y, 1.0]) @ self.K, self.coefficients)

    def _bend(self, view: Floats) -> Floats:
        if self.is_straight:
            return view
        _, _, p1, p2, *_ = self.coefficients
        x, y = view.T
        r2 = x * x + y * y
        radial = self._radial(r2)
        return np.stack(
            [
                x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
                y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
            ],
            axis=1,
        )

    def _jacobian_of_bend(self, view: Floats) -> Floats:
        if self.is_straight:
            return np.broadcast_to(np.eye(2), (len(view), 2, 2))
        k1, k2, p1, p2, k3, k4, k5, k6 = self.coefficients
        x, y = view.T
        r2 = x * x + y * y
        above = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        below = 1 + r2 * (k4 + r2 * (k5 + r2 * k6))
        radial = above / below
        # d radial / d r2
        slope = (k1 + r2 * (2 * k2 + 3 * r2 * k3)) / below
        slope -= radial * (k4 + r2 * (2 * k5 + 3 * r2 * k6)) / below
        cross = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y
        dx = radial + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x
        dy = radial + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x
        return np.stack([np.stack([dx, cross], 1), np.stack([cross, dy], 1)], 1)

    def _radial(self, r2: Floats) -> Floats:
        k1, k2, _, _, k3, k4, k5, k6 = self.coefficients
        return (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))

    @cached_property
    def _radii(self) -> tuple[Floats, Floats]:
        """Radii of the ideal view up to the fold, and where the radial part puts them."""
        straight = np.linspace(0, WIDEST_RADIUS, 4001)
        angles = np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS
        around = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        slopes = self._jacobian_of_bend((straight[:, None, None] * around).reshape(-1, 2))
        (a, b), (_, d) = np.moveaxis(slopes, 0, -1)
        least = (a + d) / 2 - np.hypot((a - d) / 2, b)
        folds = np.flatnonzero(~(least.reshape(len(straight), -1).min(axis=1) >= LEAST_SLOPE))
        last = folds[0] if len(folds) else len(straight)
        return straight[:last], straight[:last] * self._radial(straight[:last] ** 2)


@dataclass(frozen=True, eq=False)
class TsaiLens:
    """Tsai's model (1987): ideal = bent * (1 + kappa * |bent|^2), the polynomial the other way.

    K: (3, 3) camera matrix, pixels. kappa: of the view at unit distance; a Tsai file's kappa1 is
    of the sensor in millimetres, so kappa = kappa1 * focal^2.
    """

    K: Floats
    kappa: float

    def distort(self, view: Floats) -> tuple[Floats, Bools]:
        """Ideal view (N, 2) -> pixels (N, 2), and which of them the lens can show (Newton)."""
        radius = np.hypot(view[:, 0], view[:, 1])
        widest = 1 / np.sqrt(-3 * self.kappa) if self.kappa < 0 else np.inf
        valid = radius <= min(2 / 3 * widest, WIDEST_RADIUS)
        bent_radius = np.minimum(radius, widest * (1 - 1e-9))
        for _ in range(NEWTON_STEPS):
            error = bent_radius * (1 + self.kappa * bent_radius**2) - radius
            step = error / (1 + 3 * self.kappa * bent_radius**2)
            bent_radius = np.minimum(bent_radius - step, widest * (1 - 1e-9))
            if np.all(np.abs(error[valid]) < CONVERGED):
                break
        bent = view * np.where(radius > 0, bent_radius / np.maximum(radius, 1e-300), 1)[:, None]
        return _to_pixels(self.K, bent), valid & self._unfolded(bent_radius**2)

    def undistort(self, pixels: Floats) -> tuple[Floats, Bools]:
        """Pixels (N, 2) -> ideal view (N, 2), and which pixels lie before the fold."""
        bent = _to_bent(self.K, pixels)
        r2 = (bent**2).sum(axis=1)
        view = bent * (1 + self.kappa * r2)[:, None]
        valid = np.isfinite(r2) & self._unfolded(r2)
        return view, valid & (np.hypot(view[:, 0], view[:, 1]) <= WIDEST_RADIUS)

    def _unfolded(self, r2: Floats) -> Bools:
        """(N,) whether squared radii of the bent view lie before the fold."""
        return 1 + 3 * self.kappa * r2 >= LEAST_SLOPE

    def jacobian(self, view: Floats) -> Floats:
        """(N, 2, 2) derivative of the pixels by the ideal view."""
        bent = _to_bent(self.K, self.distort(view)[0])
        r2 = (bent**2).sum(axis=1)[:, None, None]
        outer = bent[:, :, None] * bent[:, None, :]
        backward = (1 + self.kappa * r2) * np.eye(2) + 2 * self.kappa * outer
        return self.K[:2, :2] @ _inverse_2x2(backward)

    def scaled(self, x: float, y: float) -> "TsaiLens":
        """The same lens before a picture resized by these factors."""
        return TsaiLens(np.diag([x, y, 1.0]) @ self.K, self.kappa)


Lens = BrownLens | TsaiLens


def _to_pixels(K: Floats, bent: Floats) -> Floats:
    return bent @ K[:2, :2].T + K[:2, 2]


def _to_bent(K: Floats, pixels: Floats) -> Floats:
    y = (pixels[:, 1] - K[1, 2]) / K[1, 1]
    return np.stack([(pixels[:, 0] - K[0, 2] - K[0, 1] * y) / K[0, 0], y], axis=1)


def _inverse_2x2(matrices: Floats) -> Floats:
    """(N, 2, 2); infinite or NaN, without a warning, where a matrix is singular."""
    (a, b), (c, d) = np.moveaxis(matrices, 0, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.moveaxis(np.array([[d, -b], [-c, a]]) / (a * d - b * c), -1, 0)


def _solve_2x2(matrices: Floats, right: Floats) -> Floats:
    solution = (_inverse_2x2(matrices) @ right[:, :, None])[:, :, 0]
    return np.where(np.isfinite(solution), solution, 0)
