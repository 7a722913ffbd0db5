"""Reciprocal rank fusion."""

from hypothesis import given
from hypothesis import strategies as st

from lean_sidekick.premises.fusion import Ranking, fuse


def ranking(name: str, *documents: int, weight: float = 1.0) -> Ranking:
    return Ranking(ranker=name, weight=weight, documents=documents)


def test_what_two_rankers_agree_on_comes_first() -> None:
    fused = fuse([ranking("a", 1, 2, 3), ranking("b", 4, 2)], 3)
    assert [one.document for one in fused] == [2, 1, 4]
    assert fused[0].ranks == (("a", 2), ("b", 2))


def test_weights_count() -> None:
    assert [one.document for one in fuse([ranking("a", 1), ranking("b", 2, weight=2.0)], 2)] == [2, 1]


def test_one_ranker_alone_keeps_its_order_and_none_gives_nothing() -> None:
    assert [one.document for one in fuse([ranking("a", 7, 3, 5)], 9)] == [7, 3, 5]
    assert fuse([], 9) == []
    assert fuse([ranking("a")], 9) == []


@given(st.lists(st.lists(st.integers(0, 30), unique=True), max_size=4), st.integers(0, 20))
def test_scores_fall_and_nothing_is_made_up(lists: list[list[int]], limit: int) -> None:
    fused = fuse([ranking(str(i), *one) for i, one in enumerate(lists)], limit)
    assert [one.score for one in fused] == sorted((one.score for one in fused), reverse=True)
    assert len({one.document for one in fused}) == len(fused) <= limit
    assert {one.document for one in fused} <= {document for one in lists for document in one}
