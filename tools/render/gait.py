"""How people move: walking, standing, sitting, carrying, as rotations of the rig's bones.

The curves of hip, knee and ankle over one stride are those of the textbooks on gait; everything
else (arms in counter-phase, twist and sway of the trunk) follows from the phase.
"""

from dataclasses import dataclass

import numpy as np
from assets import FloatArray
from scipy.interpolate import CubicSpline

__all__ = ["Posture", "Skeleton", "Style", "draw_style", "pose", "stride_length"]

KNOTS = np.linspace(0, 1, 11)


def _periodic(degrees: list[float]) -> CubicSpline:
    return CubicSpline(KNOTS, [*degrees, degrees[0]], bc_type="periodic")


HIP = _periodic([30, 25, 17, 8, -3, -11, -6, 12, 27, 32])  # flexion, degrees
KNEE = _periodic([5, 16, 16, 9, 5, 10, 38, 62, 45, 12])
ANKLE = _periodic([0, -3, 4, 8, 10, 4, -17, -6, 2, 1])
FINGERS = ("index", "middle", "ring", "pinky")


@dataclass(frozen=True)
class Skeleton:
    """A body's joints at rest, decimetres: `heads`, `tails` (B, 3); `floor` is the soles' y."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    heads: FloatArray
    tails: FloatArray
    floor: float

    def row(self, name: str) -> int:
        return self.names.index(name)


@dataclass(frozen=True)
class Style:
    """What stays the same in one person's way of moving. Degrees, but `swing` and `sway`."""

    swing: float
    outward: float
    elbow: float
    lean: float
    head: float
    sway: float
    busy_hand: float  # 0: both arms swing; 1: the left forearm is held up, as with a phone


@dataclass(frozen=True)
class Posture:
    """M moments: each an (M,) array.

    phase of the stride 0-1; amplitude 0 (standing) to 1.1; sitting 0-1; turn of the head in
    radians; how far each hand is raised, 0-1.
    """

    phase: FloatArray
    amplitude: FloatArray
    sitting: FloatArray
    head_turn: FloatArray
    raised_left: FloatArray
    raised_right: FloatArray

    @classmethod
    def walking(cls, phase: FloatArray, amplitude: FloatArray) -> "Posture":
        """Nothing but the gait."""
        zero = np.zeros(len(phase))
        return cls(phase, amplitude, zero, zero, zero, zero)


def draw_style(rng: np.random.Generator) -> Style:
    return Style(
        swing=rng.uniform(0.45, 1.2),
        outward=rng.uniform(4, 10),
        elbow=rng.uniform(10, 24),
        lean=rng.uniform(-2, 7),
        head=rng.uniform(-5, 15),
        sway=rng.uniform(0.5, 1.4),
        busy_hand=float(rng.random() < 0.12),
    )


def pose(skeleton: Skeleton, style: Style, posture: Posture) -> tuple[FloatArray, FloatArray]:
    """Bone transforms (M, B, 3, 4) from the rest pose, decimetres, and (M, 6, 3) soles.

    The soles are heel, ball and toe of the left foot, then of the right; the lowest lies at y = 0.
    """
    local = _local_rotations(skeleton, style, posture)
    count = len(posture.phase)
    transforms = np.zeros((count, len(skeleton.names), 3, 4))
    for bone, parent in enumerate(skeleton.parents):
        rotation = local[:, bone]
        shift = skeleton.heads[bone] - rotation @ skeleton.heads[bone]
        if parent < 0:
            transforms[:, bone, :, :3], transforms[:, bone, :, 3] = rotation, shift
        else:
            above = transforms[:, parent]
            transforms[:, bone, :, :3] = above[:, :, :3] @ rotation
            transforms[:, bone, :, 3] = (above[:, :, :3] @ shift[..., None])[..., 0] + above[..., 3]
    soles = _soles(skeleton, transforms)
    lowest = soles[..., 1].min(1)
    transforms[:, :, 1, 3] -= lowest[:, None]
    soles[..., 1] -= lowest[:, None]
    return transforms.astype(np.float32), soles


def stride_length(skeleton: Skeleton, style: Style) -> float:
    """Ground covered by one full cycle at amplitude 1, decimetres: no foot skates at this pace."""
    phase = np.linspace(0, 1, 41)
    _, soles = pose(skeleton, style, Posture.walking(phase, np.ones(41)))
    lower = np.minimum(soles[1:, :, 1], soles[:-1, :, 1]).argmin(1)
    steps = np.arange(40)
    return float(np.maximum(soles[:-1][steps, lower, 2] - soles[1:][steps, lower, 2], 0).sum())


def _local_rotations(skeleton: Skeleton, style: Style, posture: Posture) -> FloatArray:
    """(M, B, 3, 3) rotation of each bone about its head, in the axes of the rest pose."""
    amplitude, sitting = posture.amplitude, posture.sitting
    walking = amplitude * (1 - sitting)
    local = np.tile(np.eye(3), (len(amplitude), len(skeleton.names), 1, 1))
    for side, sign, offset in (("l", 1.0, 0.0), ("r", -1.0, 0.5)):
        phase = (posture.phase + offset) % 1
        hip = HIP(phase) * walking + 84 * sitting
        knee = KNEE(phase) * np.minimum(walking, 1) + 2 + 80 * sitting
        ankle = ANKLE(phase) * walking
        spread = (1.5 + 5 * sitting) * sign
        local[:, skeleton.row(f"thigh_{side}")] = _about_x(-hip) @ _about_z(-spread)
        local[:, skeleton.row(f"calf_{side}")] = _about_x(knee)
        local[:, skeleton.row(f"foot_{side}")] = _about_x(-ankle)
        local[:, skeleton.row(f"ball_{side}")] = _about_x(1.2 * np.maximum(-ankle, 0))
        raised = posture.raised_left if side == "l" else posture.raised_right
        if side == "l":
            raised = np.maximum(raised, 0.55 * style.busy_hand)
        _swing_arm(local, skeleton, style, side, sign, phase, walking, sitting, raised)
    twist = np.cos(2 * np.pi * posture.phase) * 5 * walking * style.sway
    roll = np.sin(2 * np.pi * posture.phase) * 2.5 * walking * style.sway
    lean = style.lean + 6 * sitting
    local[:, skeleton.row("pelvis")] = _about_y(-twist) @ _about_z(roll)
    local[:, skeleton.row("spine_01")] = _about_y(twist) @ _about_x(lean * 0.4) @ _about_z(-roll)
    local[:, skeleton.row("spine_02")] = _about_y(twist) @ _about_x(lean * 0.4)
    local[:, skeleton.row("spine_03")] = _about_x(lean * 0.2)
    turn = np.degrees(posture.head_turn)
    local[:, skeleton.row("head")] = _about_y(turn) @ _about_x(style.head - lean)
    return local


def _swing_arm(
    local: FloatArray,
    skeleton: Skeleton,
    style: Style,
    side: str,
    sign: float,
    phase: FloatArray,
    walking: FloatArray,
    sitting: FloatArray,
    raised: FloatArray,
) -> None:
    """Write one arm's bones: from the A-pose at rest to hanging, swinging or raised."""
    upper, lower = skeleton.row(f"upperarm_{side}"), skeleton.row(f"lowerarm_{side}")
    along = skeleton.tails[upper] - skeleton.heads[upper]
    a_pose = np.degrees(np.arctan2(abs(along[0]), -along[1]))
    hang = _about_z(np.array([-sign * (a_pose - style.outward)]))[0]
    forearm = hang @ (skeleton.tails[lower] - skeleton.heads[lower])
    rest_elbow = np.degrees(np.arctan2(forearm[2], -forearm[1]))
    swing = (4 - np.cos(2 * np.pi * phase) * 20 * style.swing * walking) * (1 - raised)
    swing = swing + 35 * raised + 25 * sitting
    elbow = style.elbow + 0.8 * np.maximum(swing, 0) * (1 - raised) + 85 * raised + 40 * sitting
    local[:, upper] = _about_x(-swing) @ hang
    local[:, lower] = hang.T @ _about_x(-(elbow - rest_elbow)) @ hang
    curl = hang.T @ _about_z(np.array([-26.0 * sign]))[0] @ hang
    for finger in FINGERS:
        for joint in ("01", "02", "03"):
            local[:, skeleton.row(f"{finger}_{joint}_{side}")] = curl


def _soles(skeleton: Skeleton, transforms: FloatArray) -> FloatArray:
    points, bones = [], []
    for side in "lr":
        foot, ball = skeleton.row(f"foot_{side}"), skeleton.row(f"ball_{side}")
        for bone, anchor, ahead in (
            (foot, skeleton.heads[foot], -0.5),
            (ball, skeleton.heads[ball], 0.0),
            (ball, skeleton.tails[ball], 0.2),
        ):
            points.append((anchor[0], skeleton.floor, anchor[2] + ahead))
            bones.append(bone)
    chosen = transforms[:, bones]
    return (chosen[..., :3] @ np.array(points)[None, :, :, None])[..., 0] + chosen[..., 3]


def _about_x(degrees: FloatArray) -> FloatArray:
    return _rotation(np.atleast_1d(degrees), 1, 2)


def _about_y(degrees: FloatArray) -> FloatArray:
    return _rotation(np.atleast_1d(degrees), 2, 0)


def _about_z(degrees: FloatArray) -> FloatArray:
    return _rotation(np.atleast_1d(degrees), 0, 1)


def _rotation(degrees: FloatArray, first: int, second: int) -> FloatArray:
    """(M, 3, 3) rotations that turn axis `first` towards axis `second`."""
    angle = np.radians(degrees)
    matrices = np.tile(np.eye(3), (len(angle), 1, 1))
    matrices[:, first, first] = matrices[:, second, second] = np.cos(angle)
    matrices[:, first, second], matrices[:, second, first] = -np.sin(angle), np.sin(angle)
    return matrices
