"""Splits: sizes, the promise about statements, the promise about premises, and that the order of input is no matter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_sidekick.evaluation.extraction.splits import (
    Side,
    Uses,
    equal_groups,
    novel_premises_split,
    random_split,
    side_size,
)


@st.composite
def theorems(draw):
    """Order, groups and uses of a small project."""
    count = draw(st.integers(0, 40))
    order = np.array(draw(st.permutations(range(1, count + 1))), dtype=np.uint64)
    statements = np.array(draw(st.lists(st.integers(0, 30), min_size=count, max_size=count)), dtype=np.uint64)
    pairs = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(1, 15)), max_size=120)) if count else []
    uses = Uses(
        theorems=np.array([pair[0] for pair in pairs], dtype=np.int64),
        premises=np.array([pair[1] for pair in pairs], dtype=np.uint64),
    )
    return order, equal_groups(statements), uses


def sides_of_groups(sides, groups):
    return {group: set(sides[groups == group].tolist()) - {Side.LEFT_OUT} for group in set(groups.tolist())}


@given(theorems())
def test_equal_statements_stand_on_one_side(project) -> None:
    order, groups, uses = project
    size = side_size(len(order))
    for sides in (random_split(order, groups, size), novel_premises_split(order, groups, uses, size)):
        assert all(len(found) <= 1 for found in sides_of_groups(sides, groups).values())
        assert np.count_nonzero(sides == Side.VAL) <= size
        assert np.count_nonzero(sides == Side.TEST) <= 2 * size


@given(theorems())
def test_each_held_out_proof_uses_a_premise_that_train_does_not(project) -> None:
    order, groups, uses = project
    sides = novel_premises_split(order, groups, uses, side_size(len(order)))
    known = set(uses.premises[sides[uses.theorems] == Side.TRAIN].tolist())
    for number in np.flatnonzero((sides == Side.VAL) | (sides == Side.TEST)):
        assert set(uses.premises[uses.theorems == number].tolist()) - known


@given(theorems(), st.randoms())
def test_the_order_of_the_theorems_is_no_matter(project, random) -> None:
    order, groups, uses = project
    count = len(order)
    moved = list(range(count))
    random.shuffle(moved)
    new_place = np.empty(count, dtype=np.int64)
    new_place[moved] = np.arange(count)
    keys = (groups + 1).astype(np.uint64)
    other = Uses(theorems=new_place[uses.theorems], premises=uses.premises)
    size = side_size(count)
    here = equal_groups(keys), equal_groups(keys[moved])
    assert np.array_equal(random_split(order, here[0], size)[moved], random_split(order[moved], here[1], size))
    assert np.array_equal(
        novel_premises_split(order, here[0], uses, size)[moved],
        novel_premises_split(order[moved], here[1], other, size),
    )


def test_sizes_are_met_where_nothing_stands_against_it() -> None:
    count = 1000
    order = np.random.default_rng(1).permutation(count).astype(np.uint64)
    sides = random_split(order, np.arange(count), side_size(count))
    assert [int(np.count_nonzero(sides == side)) for side in Side] == [800, 100, 100, 0]
    each_its_own = Uses(theorems=np.arange(count), premises=np.arange(1, count + 1, dtype=np.uint64))
    sides = novel_premises_split(order, np.arange(count), each_its_own, side_size(count))
    assert [int(np.count_nonzero(sides == side)) for side in Side] == [800, 100, 100, 0]


@pytest.mark.parametrize(
    ("count", "size"), [(0, 0), (2, 0), (3, 1), (10, 1), (196, 20), (19_999, 2000), (122_000, 2000)]
)
def test_a_tenth_goes_to_each_side_and_two_thousand_at_most(count: int, size: int) -> None:
    assert side_size(count) == size


def test_groups_join_over_either_key_and_over_others() -> None:
    one = np.array([5, 5, 6, 7, 0, 0], dtype=np.uint64)
    other = np.array([1, 2, 2, 3, 0, 3], dtype=np.uint64)
    assert equal_groups(one, other).tolist() == [0, 0, 0, 3, 4, 3]


def test_rare_premises_come_first_and_all_their_users_with_them() -> None:
    """A premise that three theorems use is not chosen where one that one uses does."""
    order = np.arange(1, 31, dtype=np.uint64)
    uses = Uses(
        theorems=np.array([*range(30), 3, 9, 12, 20, 25, 29], dtype=np.int64),
        premises=np.array([1] * 30 + [2, 2, 2, 3, 4, 4], dtype=np.uint64),
    )
    sides = novel_premises_split(order, np.arange(30), uses, 3)
    assert np.flatnonzero(sides != Side.TRAIN).tolist() == [3, 9, 12, 20, 25, 29]
    sides = novel_premises_split(order, np.arange(30), uses, 2)
    assert np.flatnonzero(sides != Side.TRAIN).tolist() == [20, 25, 29]
