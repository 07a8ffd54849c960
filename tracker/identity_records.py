"""What the registry of identities tells: its decisions, and a summary of each person."""

from dataclasses import dataclass

__all__ = ["Candidate", "IdentityEvent", "IdentitySummary"]


@dataclass(frozen=True)
class Candidate:
    """One identity that an arrival was compared with.

    distance: 1 - cosine of their looks, centred by camera. posterior: the probability that the
    arrival is this person, given all whom it was compared with. active: seen elsewhere at that
    time.
    """

    identity: int
    distance: float
    posterior: float
    active: bool


@dataclass(frozen=True)
class IdentityEvent:
    """One decision, with what decided it.

    kind: "opened" (a person never seen before), "reassigned" (one who had left came back),
    "joined" (one who is active on another camera is seen here too), "left".
    candidates: the likeliest identities, likeliest first. posterior: the probability of the
    decision. threshold: the distance up to which the first candidate is likelier than somebody
    new; NaN without candidates. why: the decision in words.
    """

    kind: str
    time: float
    camera: str
    track: int
    identity: int
    candidates: tuple[Candidate, ...] = ()
    posterior: float = float("nan")
    threshold: float = float("nan")
    why: str = ""


@dataclass(frozen=True)
class IdentitySummary:
    """What is known of one person. Times in seconds; cameras in the order of their first sight.

    reentries: how many times the person came back after leaving all cameras.
    """

    identity: int
    first_time: float
    last_time: float
    cameras: tuple[str, ...]
    reentries: int
    active: bool
