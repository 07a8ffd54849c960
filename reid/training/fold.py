"""Shuffling channels without moving them.

A chain of Shuffle-A blocks splits, concatenates and shuffles its channels at every block. All of
that is known beforehand, so an exported network need not do it: each convolution's weights can
expect its input channels in whatever order they happen to lie. Channels that pass through stay in
the tensor in which they were made until the block that convolves them.

The plan: order the channels of every convolution's output by the block that will read them, and
write them as a few tensors (pieces) according to who reads. A block reads the concatenation of the
pieces with a channel that it needs. Of pieces with channels for several blocks, a convolution that
only selects packs together what is read now, and another what is left; where that costs more than
it saves, the block reads such pieces whole and gives weight zero to what it doesn't need.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ChainPlan", "Piece", "Step", "plan_chain"]

IntArray = NDArray[np.int64]
Label = tuple[int, int]  # source, channel

_NOBODY = (-1, -1)


@dataclass(frozen=True)
class Piece:
    """Channels that lie together in one tensor.

    channels: (source, channel) at each place, where source 0 and 1 are the opening Shuffle-B's
    left and right branch and 2 + t is block t; (-1, -1) where a place is only filled up.
    packed_from: the pieces that it was selected from; empty where its source writes it.
    """

    channels: tuple[Label, ...]
    packed_from: tuple[int, ...] = ()


@dataclass(frozen=True)
class Step:
    """What happens before and in one block, or in the closing Shuffle-B, the last step.

    new: the pieces made before the block runs. reads: the pieces that it reads, in order.
    columns: for each place of these, the block's own input channel there, or -1.
    """

    new: tuple[int, ...]
    reads: tuple[int, ...]
    columns: IntArray


@dataclass(frozen=True)
class ChainPlan:
    """Which pieces there are, and the steps that write and read them."""

    pieces: tuple[Piece, ...]
    steps: tuple[Step, ...]


def plan_chain(half: int, n_blocks: int, block_size: int = 16) -> ChainPlan:
    """Plan a Shuffle-B, `n_blocks` Shuffle-A of 2 * half channels, and a closing Shuffle-B.

    block_size: pieces have a multiple of this many channels. 16 suits ONNX Runtime, whose CPU
    kernels keep channels in blocks of 8 or 16.
    """
    needs = _needs(half, n_blocks)
    reader = {label: step for step, need in enumerate(needs) for label in need}
    pieces: list[Piece] = []
    steps: list[Step] = []
    held: list[int] = []  # pieces of which something is still to be read

    def add(labels: list[Label], packed_from: tuple[int, ...] = ()) -> list[int]:
        cuts = _cut(labels, reader, block_size)
        pieces.extend(Piece(cut, packed_from) for cut in cuts)
        return list(range(len(pieces) - len(cuts), len(pieces)))

    for step, need in enumerate(needs):
        first = len(pieces)
        for source in (0, 1) if step == 0 else (step + 1,):
            held += add([(source, channel) for channel in range(half)])
        reads = [p for p in held if _readers(pieces[p], reader) == {step}]
        mixed = [p for p in held if _readers(pieces[p], reader) > {step}]
        held = [p for p in held if p not in reads and p not in mixed]
        places = sum(len(pieces[p].channels) for p in mixed)
        labels = [label for p in mixed for label in _used(pieces[p])]
        due = [label for label in labels if reader[label] == step]
        later = [label for label in labels if reader[label] > step]
        n_due, n_later = (block_size * -(-len(part) // block_size) for part in (due, later))
        # Selecting costs a product per place and channel; reading what isn't needed, one per place
        # and channel of the block's first convolution.
        selects = n_due * places < (places - n_due) * half
        reads += add(due, tuple(mixed)) if selects else mixed
        held += add(later, tuple(mixed)) if n_later < places else mixed
        wanted = {label: column for column, label in enumerate(need)}
        columns = [wanted.get(label, -1) for p in reads for label in pieces[p].channels]
        new = tuple(range(first, len(pieces)))
        steps.append(Step(new, tuple(reads), np.array(columns, np.int64)))
    return ChainPlan(tuple(pieces), tuple(steps))


def _needs(half: int, n_blocks: int) -> list[list[Label]]:
    """The (source, channel) of each input channel of every block and of the closing Shuffle-B."""

    def shuffled(kept: list[Label], changed: list[Label]) -> list[Label]:
        return [label for pair in zip(kept, changed, strict=True) for label in pair]

    sources = [[(source, channel) for channel in range(half)] for source in range(n_blocks + 2)]
    logical = shuffled(sources[0], sources[1])
    needs = []
    for outputs in sources[2:]:
        needs.append(logical[half:])
        logical = shuffled(logical[:half], outputs)
    return [*needs, logical]


def _readers(piece: Piece, reader: dict[Label, int]) -> set[int]:
    """The steps that read it."""
    return {reader[label] for label in _used(piece)}


def _used(piece: Piece) -> list[Label]:
    return [channel for channel in piece.channels if channel != _NOBODY]


def _cut(labels: list[Label], reader: dict[Label, int], block_size: int) -> list[tuple[Label, ...]]:
    """Order channels by who reads them first, cut them into blocks, join those read alike."""
    order = sorted(labels, key=lambda label: reader[label])
    pieces: list[list[Label]] = []
    readers: list[set[int]] = []
    for start in range(0, len(order), block_size):
        block = order[start : start + block_size]
        read_by = {reader[label] for label in block}
        block += [_NOBODY] * (block_size - len(block))
        if readers and readers[-1] == read_by:
            pieces[-1] += block
        else:
            pieces.append(block)
            readers.append(read_by)
    return [tuple(piece) for piece in pieces]
