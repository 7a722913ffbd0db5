"""Who is in train, val and test. Pure; the same theorems and the same seed give the same answer in any order of files.

Two strategies, those of LeanDojo Benchmark. `random`: theorems in a random order. `novel_premises`: val and test get
theorems whose proofs use a premise that no proof in train uses; premises that few theorems use come first, as there.
Theorems with equal statements are one unit in both: nothing that is tested stands in train under another name.

Works on numbers alone (hashes of 8 bytes), so that a hundred thousand theorems take a few megabytes.
"""

from enum import Enum, IntEnum

import numpy as np
import numpy.typing as npt
from attrs import frozen

Hashes = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]
Sides = npt.NDArray[np.int8]

LARGEST = 2000
"""Theorems in val and in test of LeanDojo Benchmark 4."""

SHARE = 0.1
"""Of a small project, this share goes to val and as much to test."""


class Strategy(Enum):
    """The ways of splitting; the values are the names of their folders."""

    RANDOM = "random"
    NOVEL_PREMISES = "novel_premises"


class Side(IntEnum):
    """Where a theorem goes."""

    TRAIN = 0
    VAL = 1
    TEST = 2
    LEFT_OUT = 3

    @property
    def label(self) -> str:
        """The name of its file, without the ending."""
        return self.name.lower()


WRITTEN_SIDES = (Side.TRAIN, Side.VAL, Side.TEST)


@frozen(kw_only=True, eq=False)
class Uses:
    """Which theorem uses which premise: theorem `theorems[i]` (its number) uses the premise with hash `premises[i]`."""

    theorems: Indexes
    premises: Hashes


def side_size(count: int) -> int:
    """How many theorems of so many go to val, and how many to test: a tenth, at most 2,000."""
    return min(LARGEST, round(count * SHARE)) or int(count >= 3)


def equal_groups(*keys: Hashes) -> Indexes:
    """For each theorem the lowest number of those that share one of its keys, directly or over others; 0 is no key."""
    count = len(keys[0])
    labels: Indexes = np.arange(count, dtype=np.int64)
    inverses = []
    for key in keys:
        _, inverse = np.unique(key, return_inverse=True)
        unknown = key == 0
        inverse[unknown] = inverse.max(initial=0) + 1 + np.arange(int(unknown.sum()))
        inverses.append(inverse)
    while count:
        before = labels
        for inverse in inverses:
            lowest = np.full(int(inverse.max()) + 1, count, dtype=np.int64)
            np.minimum.at(lowest, inverse, labels)
            labels = lowest[inverse]
        if np.array_equal(before, labels):
            break
    return labels


def random_split(order: Hashes, groups: Indexes, size: int) -> Sides:
    """Val and test get `size` theorems each; what no whole group fits into stays with train."""
    return _filled(order, groups, np.ones(len(order), dtype=bool), (Side.VAL, size), (Side.TEST, size))


def novel_premises_split(order: Hashes, groups: Indexes, uses: Uses, size: int) -> Sides:
    """Val and test get up to `size` theorems each, all of whose proofs use a premise that train does not know.

    A theorem that says the same as one of them, and whose own proof uses no such premise, is left out.
    """
    held = _users_of_rare_premises(order, uses, 2 * size)
    half = min(size, int(held.sum()) // 2)
    sides = _filled(order, groups, held, (Side.VAL, half), (Side.TEST, len(order)))
    is_same = np.isin(groups, groups[held]) & ~held
    sides[is_same] = Side.LEFT_OUT
    return sides


def _users_of_rare_premises(order: Hashes, uses: Uses, wanted: int) -> npt.NDArray[np.bool_]:
    """Theorems that use one of the rarest premises, with all others that use it, `wanted` of them at most."""
    held = np.zeros(len(order), dtype=bool)
    if not len(uses.theorems):
        return held
    pairs = np.unique(np.stack([uses.premises, uses.theorems.astype(np.uint64)], axis=1), axis=0)
    _, starts, counts = np.unique(pairs[:, 0], return_index=True, return_counts=True)
    # Premises that are used equally often come in an order that the seed decides: it is in the order of their users.
    first_user = np.minimum.reduceat(order[pairs[:, 1].astype(np.int64)], starts)
    for premise in np.lexsort((pairs[starts, 0], first_user, counts)):
        users = pairs[starts[premise] : starts[premise] + counts[premise], 1].astype(np.int64)
        if int(held.sum()) + int((~held[users]).sum()) > wanted:
            break
        held[users] = True
    return held


def _filled(order: Hashes, groups: Indexes, chosen: npt.NDArray[np.bool_], *sizes: tuple[Side, int]) -> Sides:
    """Fills sides with whole groups of the chosen theorems, in the order of the group's first member."""
    sides: Sides = np.full(len(order), Side.TRAIN, dtype=np.int8)
    members = np.flatnonzero(chosen)
    if not len(members):
        return sides
    labels, counts = np.unique(groups[members], return_counts=True)
    by_group = members[np.argsort(groups[members], kind="stable")]
    ends = np.cumsum(counts)
    first = np.minimum.reduceat(order[by_group], ends - counts)
    left = dict(sizes)
    for group in np.lexsort((labels, first)):
        for side, room in left.items():
            if counts[group] <= room:
                sides[by_group[ends[group] - counts[group] : ends[group]]] = side
                left[side] = room - int(counts[group])
                break
    return sides
