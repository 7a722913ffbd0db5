"""Inverted lists: BM25 as the library bm25s computes it, found by hash."""

import bm25s
import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lean_sidekick.premises.postings import Postings, TokenHashes

DOCUMENTS = [
    ["nat", "add", "comm", "nat", "add", "eq", "add"],
    ["nat", "mul", "comm"],
    ["list", "append", "nil", "list"],
    ["nat", "le", "trans", "le", "le", "le"],
]
# As postings.py fixes the usual length, bm25s must be given documents of that mean length to agree.
USUAL_LENGTH = 30


def build(documents: list[list[str]]) -> tuple[Postings, TokenHashes]:
    hashes = TokenHashes()
    lengths = np.array([len(document) for document in documents], dtype=np.int64)
    tokens = np.array([h for document in documents for h in hashes.of(document)], dtype=np.uint64)
    return Postings.build(tokens, np.repeat(np.arange(len(documents)), lengths), lengths), hashes


def test_scores_are_those_of_bm25s_up_to_a_factor() -> None:
    filler = [f"w{i}" for i in range(USUAL_LENGTH * 5 - sum(len(d) for d in DOCUMENTS))]
    documents = [*DOCUMENTS, filler]
    postings, hashes = build(documents)
    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    index.index(documents, show_progress=False)
    query = ["nat", "add", "comm"]
    asked = np.array(hashes.of(query), dtype=np.uint64)
    count = postings.counts(asked)
    rarity = np.log1p((len(documents) - count + 0.5) / (count + 0.5))
    scores = np.zeros(len(documents), dtype=np.float32)
    postings.add_scores(asked, rarity, scores)
    assert scores == pytest.approx(index.get_scores(query), abs=0.02)


def test_unknown_tokens_are_nowhere() -> None:
    postings, hashes = build(DOCUMENTS)
    asked = np.array(hashes.of(["nat", "unknown"]), dtype=np.uint64)
    assert postings.counts(asked).tolist() == [3, 0]
    empty, _ = build([])
    assert empty.counts(asked).tolist() == [0, 0]


def test_a_set_is_counted_once() -> None:
    postings, hashes = build(DOCUMENTS)
    scores = np.zeros(4, dtype=np.float32)
    postings.add_values(np.array(hashes.of(["nat", "le"]), dtype=np.uint64), np.array([1.0, 10.0]), scores)
    assert scores.tolist() == [1, 1, 0, 11]


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=9), min_size=20, max_size=60))
def test_rows_of_common_tokens_say_what_their_lists_say(documents: list[list[str]]) -> None:
    """The same sums with rows as without, up to rounding; a row stands exactly where a token is common."""
    postings, hashes = build(documents)
    without = evolve(postings, common=postings.common[:0], rows=postings.rows[:0])
    asked = np.array(hashes.of("abcdefgh"), dtype=np.uint64)
    shares = postings.counts(asked) / len(documents)
    assert len(postings.common) == int((shares > 1 / 16).sum())
    for add in ("add_scores", "add_values"):
        sums = [np.zeros(len(documents), dtype=np.float32) for _ in range(2)]
        for one, scores in zip((postings, without), sums, strict=True):
            getattr(one, add)(asked, np.arange(1.0, 9.0), scores)
        assert sums[0] == pytest.approx(sums[1], rel=1e-5)
