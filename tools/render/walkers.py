"""A small society: people enter by doors, walk, stop, sit, gather, leave and come back.

Every random choice comes from one generator, and nothing depends on what is drawn, so that each
process of a rendering sees the same story. World: metres, seconds, radians.
"""

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from assets import FloatArray
from layouts import Layout, Seat

__all__ = ["Moment", "Society"]

PERSONAL_SPACE = 0.9  # metres within which people push apart
TURN_RATE, ACCELERATION = 3.2, 2.0  # radians/s, metres/s^2
ARRIVED = 0.3  # metres
SITTING_DOWN = 0.9  # seconds
GATHERING_PERIOD = 25.0  # seconds between invitations to gather
PATIENCE = 30.0  # seconds after which somebody who can't get through gives up
WALL_GAP = 0.35  # metres kept from walls


@dataclass(frozen=True)
class Moment:
    """Who is there at one time: parallel arrays of N."""

    identities: list[int]
    positions: FloatArray  # (N, 2)
    yaws: FloatArray  # (N,)
    speeds: FloatArray  # (N,) metres/s
    sitting: FloatArray  # (N,) 0-1


@dataclass
class _Walker:
    identity: int
    pace: float
    position: FloatArray
    yaw: float
    cell: int
    leave_at: float
    speed: float = 0.0
    wait_until: float = 0.0
    give_up_at: float = np.inf
    sitting: float = 0.0
    seat: Seat | None = None
    leaving: bool = False
    through: bool = False  # between cells: walls don't push
    path: deque[tuple[FloatArray, int]] = field(default_factory=deque)  # points and their cells


class Society:
    """The people of a layout, advanced step by step."""

    def __init__(
        self, layout: Layout, people: int, most_at_once: int, present: int, stay: float,
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        """`people` in all, at most `most_at_once` inside, `present` of them from the start.

        `stay`: seconds that one visit lasts on average.
        """
        self._layout, self._rng, self._stay = layout, rng, stay
        self._most = min(most_at_once, people)
        self._paces = rng.uniform(0.7, 1.25, people)
        self._absent_until = {k: float(rng.uniform(0, 0.5 * stay)) for k in range(people)}
        self._walkers: list[_Walker] = []
        self._next_entry, self._time = 0.0, 0.0
        self._gather_at = float(rng.uniform(5, GATHERING_PERIOD))
        for identity in range(min(present, self._most)):
            cell = int(rng.choice([k for k in range(len(layout.cells)) if self._is_roomy(k)]))
            walker = self._new(identity, self._free_point(cell), rng.uniform(0, 2 * np.pi), cell)
            self._walkers.append(walker)

    def step(self, seconds: float) -> Moment:
        """Advance, and tell who is where."""
        self._time += seconds
        self._admit()
        self._invite()
        for walker in list(self._walkers):
            self._decide(walker)
            self._move(walker, seconds)
        people = self._walkers
        return Moment(
            [w.identity for w in people],
            np.array([w.position for w in people]).reshape(-1, 2),
            np.array([w.yaw for w in people]),
            np.array([w.speed for w in people]),
            np.array([w.sitting for w in people]),
        )

    def _is_roomy(self, cell: int) -> bool:
        low, high = self._layout.cells[cell]
        return bool((high - low).min() > 2.5)

    def _new(self, identity: int, position: FloatArray, yaw: float, cell: int) -> _Walker:
        stays = self._stay * self._rng.uniform(0.4, 1.6)
        return _Walker(identity, float(self._paces[identity]), np.array(position, float),
                       float(yaw), cell, self._time + stays)  # fmt: skip

    def _admit(self) -> None:
        """Let somebody who is away come in by a random door."""
        if self._time < self._next_entry or len(self._walkers) >= self._most:
            return
        inside = {w.identity for w in self._walkers}
        waiting = [k for k, t in self._absent_until.items() if k not in inside and t <= self._time]
        if not waiting:
            return
        identity = int(self._rng.choice(waiting))
        door = self._layout.doors[int(self._rng.integers(len(self._layout.doors)))]
        way = door.inside - door.outside
        walker = self._new(identity, door.outside, np.arctan2(way[1], way[0]), door.cell)
        walker.through = True
        walker.path.append((door.inside, door.cell))
        self._walkers.append(walker)
        self._next_entry = self._time + self._rng.uniform(0.8, 4)

    def _invite(self) -> None:
        """Now and then several people gather around one point."""
        if self._time < self._gather_at:
            return
        self._gather_at = self._time + self._rng.uniform(0.6, 1.4) * GATHERING_PERIOD
        free = [w for w in self._walkers if not (w.leaving or w.through or w.seat)]
        if len(free) < 2:
            return
        spot = self._free_point(free[0].cell)
        for walker in free[: int(self._rng.integers(2, len(free) + 1))]:
            if walker.cell == free[0].cell:
                walker.path = deque([(self._inside(spot + self._rng.normal(0, 0.45, 2),
                                                   walker.cell), walker.cell)])  # fmt: skip
                walker.wait_until = 0.0

    def _decide(self, walker: _Walker) -> None:
        """Choose what to do next, once the last thing is done."""
        if self._time > walker.leave_at and not walker.leaving and not walker.through:
            self._leave(walker)
        if self._time > walker.give_up_at and not (walker.leaving or walker.through):
            walker.path.clear()
            walker.seat, walker.wait_until = None, 0.0
        if walker.path or self._time < walker.wait_until:
            return
        walker.give_up_at = self._time + PATIENCE
        if walker.leaving:
            self._walkers.remove(walker)
            away = self._stay * self._rng.uniform(0.3, 1.0)
            self._absent_until[walker.identity] = self._time + away
            return
        if walker.seat is not None:
            walker.seat = None
        choice = self._rng.random()
        taken = [w.seat for w in self._walkers]
        seats = [s for s in self._layout.seats if s.cell == walker.cell and s not in taken]
        if choice < 0.14 and seats:
            walker.seat = seats[int(self._rng.integers(len(seats)))]
            heading = np.array([np.cos(walker.seat.yaw), np.sin(walker.seat.yaw)])
            side = np.array([-heading[1], heading[0]]) * self._rng.choice([-1, 1])
            walker.path.append((walker.seat.position + 0.55 * side, walker.cell))
            walker.wait_until = np.inf  # until seated, see _move
        elif choice < 0.4:
            walker.wait_until = self._time + self._rng.uniform(1, 6)
        else:
            cell = walker.cell
            if len(self._layout.cells) > 1 and self._rng.random() < 0.35:
                cell = int(self._rng.integers(len(self._layout.cells)))
            walker.path.extend(self._way(walker.cell, cell))
            walker.path.append((self._free_point(cell), cell))

    def _leave(self, walker: _Walker) -> None:
        doors = self._layout.doors
        door = doors[int(self._rng.integers(len(doors)))]
        walker.leaving, walker.seat, walker.wait_until = True, None, 0.0
        walker.path = deque(self._way(walker.cell, door.cell))
        walker.path.append((door.inside, door.cell))
        walker.path.append((door.outside, -1))

    def _way(self, start: int, goal: int) -> list[tuple[FloatArray, int]]:
        """Points through the passages from one cell to another, breadth first."""
        previous: dict[int, int] = {start: start}
        queue = deque([start])
        while queue:
            cell = queue.popleft()
            for a, b in self._layout.passages:
                if a == cell and b not in previous:
                    previous[b] = cell
                    queue.append(b)
        cells = [goal]
        while cells[-1] != start:
            cells.append(previous[cells[-1]])
        cells.reverse()
        points = []
        for a, b in pairwise(cells):
            before, after = self._layout.passages[a, b]
            points += [(before, a), (after, b)]
        return points

    def _free_point(self, cell: int) -> FloatArray:
        """Somewhere in a cell, off the obstacles."""
        low, high = self._layout.cells[cell]
        gap = np.minimum(0.6, (high - low) / 3)
        for _ in range(30):
            spot = self._rng.uniform(low + gap, high - gap)
            distance = np.linalg.norm(self._layout.obstacles[:, :2] - spot, axis=1)
            if (distance > self._layout.obstacles[:, 2] + 0.25).all():
                break
        return np.asarray(spot)

    def _inside(self, spot: FloatArray, cell: int) -> FloatArray:
        low, high = self._layout.cells[cell]
        return np.clip(spot, low + WALL_GAP, high - WALL_GAP)

    def _move(self, walker: _Walker, seconds: float) -> None:
        if walker.seat is not None and not walker.path:
            self._sit(walker, seconds)
            return
        if walker.sitting > 0:
            walker.sitting = max(0.0, walker.sitting - seconds / SITTING_DOWN)
            return
        pace = walker.pace if walker.path else 0.0
        direction = np.array([np.cos(walker.yaw), np.sin(walker.yaw)])
        push = self._push(walker)
        if walker.path:
            goal, cell = walker.path[0]
            way = goal - walker.position
            distance = float(np.linalg.norm(way))
            if distance < ARRIVED:
                walker.path.popleft()
                walker.through = cell != walker.cell or bool(
                    walker.path and walker.path[0][1] != cell
                )
                walker.cell = cell if cell >= 0 else walker.cell
                return
            wanted = way / distance + push
            direction = wanted + 0.3 * np.array([-push[1], push[0]])
            pace = min(pace, 0.25 + 1.2 * distance)
        elif np.linalg.norm(push) > 0.5:  # standing in somebody's way
            direction, pace = push, 0.35
        turn = (np.arctan2(direction[1], direction[0]) - walker.yaw + np.pi) % (2 * np.pi) - np.pi
        if pace > 0:
            walker.yaw += float(np.clip(turn, -TURN_RATE * seconds, TURN_RATE * seconds))
        pace *= max(0.15, np.cos(turn)) if abs(turn) < np.pi / 2 else 0.1
        change = ACCELERATION * seconds
        walker.speed += float(np.clip(pace - walker.speed, -change, change))
        heading = np.array([np.cos(walker.yaw), np.sin(walker.yaw)])
        walker.position = walker.position + walker.speed * seconds * heading
        self._keep_in(walker)

    def _sit(self, walker: _Walker, seconds: float) -> None:
        """Turn on the chair's side, glide onto it and stay; get up when the time has come."""
        seat = walker.seat
        assert seat is not None
        walker.speed = 0.0
        turn = (seat.yaw - walker.yaw + np.pi) % (2 * np.pi) - np.pi
        walker.yaw += float(np.clip(turn, -TURN_RATE * seconds, TURN_RATE * seconds))
        step = min(1.0, seconds / SITTING_DOWN * 2)
        walker.position = walker.position + step * (seat.position - walker.position)
        if abs(turn) < 0.5:
            walker.sitting = min(1.0, walker.sitting + seconds / SITTING_DOWN)
        if walker.sitting == 1.0 and walker.wait_until == np.inf:
            walker.give_up_at = np.inf
            walker.wait_until = self._time + self._rng.uniform(4, 15)

    def _push(self, walker: _Walker) -> FloatArray:
        """(2,) away from people and things that are too near."""
        push = np.zeros(2)
        others = [w.position for w in self._walkers if w is not walker]
        if others:
            away = walker.position - np.array(others)
            gap = np.linalg.norm(away, axis=1, keepdims=True)
            near = np.maximum(0, PERSONAL_SPACE - gap) * 1.8
            push += (away / np.maximum(gap, 0.05) * near).sum(0)
        if len(self._layout.obstacles) and walker.seat is None:
            away = walker.position - self._layout.obstacles[:, :2]
            gap = np.linalg.norm(away, axis=1, keepdims=True)
            near = np.maximum(0, self._layout.obstacles[:, 2:] + 0.3 - gap) * 4
            push += (away / np.maximum(gap, 0.05) * near).sum(0)
        return push

    def _keep_in(self, walker: _Walker) -> None:
        if walker.through or (walker.path and walker.path[0][1] != walker.cell):
            return
        walker.position = self._inside(walker.position, walker.cell)
        if walker.seat is not None:
            return
        away = walker.position - self._layout.obstacles[:, :2]
        gap = np.linalg.norm(away, axis=1)
        for k in np.flatnonzero(gap < self._layout.obstacles[:, 2] - 0.1):
            radius = self._layout.obstacles[k, 2] - 0.1
            edge = away[k] / max(gap[k], 1e-3) * radius
            walker.position = self._layout.obstacles[k, :2] + edge
