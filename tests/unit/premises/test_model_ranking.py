"""Models that help to rank: asked within a limit, left out with one sentence, asked again; the rest always answers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import numpy as np
import pytest
from attrs import evolve

from lean_sidekick.core.errors import ModelUnavailable, SidekickError, TimedOut
from lean_sidekick.core.goals import Goal, parse_goal
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.premises.api import Accessible, FoundPremise
from lean_sidekick.premises.model_ranking import ModelRanking
from lean_sidekick.premises.quantised import quantise
from lean_sidekick.premises.reranking import RERANKED, reordered
from lean_sidekick.premises.retriever import LocalRetriever
from lean_sidekick.premises.segment import Segment

GOAL = parse_goal("x y : Nat\n⊢ x + y = y + x")
NAMES = ("add_comm", "sub_self", "far_away")
EVERYTHING = Accessible()


class Scripted:
    """An encoder and a cross-encoder that do as they are told; `limits` are those they were asked with."""

    name = "scripted"

    def __init__(self, *, vector: Sequence[float] = (0, 0, 1), scores: Sequence[float] = (1, 2, 3)) -> None:
        self.vector, self.given, self.limits = np.array(vector, dtype=np.float32), tuple(scores), list[float]()
        self.loads, self.fails_to_load, self.fails = 0, list[SidekickError](), list[SidekickError]()
        self.may_load = asyncio.Event()
        self.may_load.set()

    async def load(self) -> None:
        self.loads += 1
        await self.may_load.wait()
        if self.fails_to_load:
            raise self.fails_to_load.pop()

    async def goal(self, goal: Goal, timeout_s: float) -> np.ndarray:
        return self._answer(timeout_s)

    async def words(self, text: str, timeout_s: float) -> np.ndarray:
        return self._answer(timeout_s)

    async def premises(self, premises: Sequence[Premise]) -> np.ndarray:
        raise AssertionError("no question needs that")

    async def scores(self, question: str, premises: Sequence[Premise], timeout_s: float) -> Sequence[float]:
        self._answer(timeout_s)
        return self.given[: len(premises)]

    def _answer(self, timeout_s: float) -> np.ndarray:
        self.limits.append(timeout_s)
        if self.fails:
            raise self.fails.pop()
        return self.vector


@pytest.fixture
def retriever() -> LocalRetriever:
    """Three premises; the vector of each is an axis of its own."""
    statements = ("(a b : Nat) : a + b = b + a", "(n : Nat) : n - n = 0", ": True")
    premises = tuple(
        Premise(full_name=name, kind="theorem", statement=text, module="A")
        for name, text in zip(NAMES, statements, strict=True)
    )
    segment = Segment.build((CorpusFile(path="A.lean", module="A", premises=premises),))
    return LocalRetriever((evolve(segment, vectors=quantise(np.eye(3, dtype=np.float32))),))


@pytest.fixture
async def made() -> AsyncIterator[Callable[..., ModelRanking]]:
    rankings: list[ModelRanking] = []

    def make(
        embedder: Scripted | None = None, reranker: Scripted | None = None, helps_words_only: bool = False
    ) -> ModelRanking:
        rankings.append(ModelRanking(embedder, reranker, helps_words_only=helps_words_only))
        return rankings[-1]

    yield make
    for ranking in rankings:
        await ranking.close()


def names(found: Sequence[FoundPremise]) -> list[str]:
    return [one.premise.full_name for one in found]


def rankers(found: Sequence[FoundPremise]) -> set[str]:
    return {reason.ranker for one in found for reason in one.reasons}


async def test_an_encoder_finds_what_shares_no_word_and_is_named_as_the_reason(
    retriever: LocalRetriever, made: Callable[..., ModelRanking]
) -> None:
    ranking = made(Scripted())
    await ranking.ready(for_words=True)
    found = await ranking.for_goal(retriever, GOAL, EVERYTHING, 3)
    far = next(one for one in found if one.premise.full_name == "far_away")
    assert ("dense", 1) in [(reason.ranker, reason.rank) for reason in far.reasons]
    assert "dense" in rankers(await ranking.for_words(retriever, "addition", EVERYTHING, 3))
    assert ranking.trouble == ""
    assert "dense" not in rankers(await retriever.for_goal(GOAL, EVERYTHING, 3))


async def test_nobody_waits_for_a_model_that_is_being_loaded(
    retriever: LocalRetriever, made: Callable[..., ModelRanking]
) -> None:
    encoder = Scripted()
    encoder.may_load.clear()
    ranking = made(encoder)
    found = await ranking.for_goal(retriever, GOAL, EVERYTHING, 3)
    assert names(found)[0] == "add_comm" and "dense" not in rankers(found)
    assert ranking.trouble == "Dense ranking is left out while its model is being loaded."
    encoder.may_load.set()
    await ranking.ready(for_words=True)
    assert "dense" in rankers(await ranking.for_goal(retriever, GOAL, EVERYTHING, 3))
    assert (ranking.trouble, encoder.loads) == ("", 1)


async def test_a_model_that_is_not_there_is_one_sentence_and_is_not_asked_at_every_question(
    retriever: LocalRetriever, made: Callable[..., ModelRanking], caplog: pytest.LogCaptureFixture
) -> None:
    encoder = Scripted()
    encoder.fails_to_load = [ModelUnavailable("The model m is not on this machine.")]
    ranking = made(encoder)
    await ranking.ready(for_words=True)
    for _ in range(3):
        assert names(await ranking.for_goal(retriever, GOAL, EVERYTHING, 3))[0] == "add_comm"
    assert ranking.trouble == "Dense ranking is left out: The model m is not on this machine."
    assert (encoder.loads, encoder.limits) == (1, [])
    assert [record.message for record in caplog.records] == [ranking.trouble]


async def test_a_model_that_fails_or_is_slow_leaves_the_others_answer(
    retriever: LocalRetriever, made: Callable[..., ModelRanking]
) -> None:
    for error in (TimedOut("The model gave no answer within 2 s."), ModelUnavailable("It is gone.")):
        encoder, cross = Scripted(), Scripted()
        encoder.fails, cross.fails = [error], [error]
        ranking = made(encoder, cross)
        await ranking.ready(for_words=True)
        found = await ranking.for_words(retriever, "add comm sub", EVERYTHING, 3)
        assert names(found)[0] == "add_comm"
        assert not rankers(found) & {"dense", "cross-encoder"}
        assert ranking.trouble == f"Dense ranking is left out: {error} The cross-encoder is left out: {error}"


async def test_a_search_is_in_a_hurry(retriever: LocalRetriever, made: Callable[..., ModelRanking]) -> None:
    """A slow encoder is not waited for again and again; the questions of a person still ask it."""
    encoder, cross = Scripted(), Scripted()
    ranking = made(encoder, cross)
    await ranking.ready(for_words=True)
    assert "cross-encoder" not in rankers(await ranking.for_goal(retriever, GOAL, EVERYTHING, 3, hurried=True))
    encoder.fails = [TimedOut("slow")]
    for _ in range(3):
        assert names(await ranking.for_goal(retriever, GOAL, EVERYTHING, 3, hurried=True))[0] == "add_comm"
    assert encoder.limits == [0.2, 0.2]
    assert {"dense", "cross-encoder"} <= rankers(await ranking.for_goal(retriever, GOAL, EVERYTHING, 3))


async def test_an_encoder_that_nobody_named_helps_with_words_and_says_nothing_else(
    retriever: LocalRetriever, made: Callable[..., ModelRanking]
) -> None:
    encoder = Scripted()
    ranking = made(encoder, helps_words_only=True)
    ranking.start()
    await ranking.ready(for_words=False)
    assert "dense" not in rankers(await ranking.for_goal(retriever, GOAL, EVERYTHING, 3))
    assert await ranking.for_words(LocalRetriever(()), "add", EVERYTHING, 3) == []
    assert (encoder.loads, ranking.trouble) == (0, "")
    await ranking.ready(for_words=True)
    assert "dense" in rankers(await ranking.for_words(retriever, "addition", EVERYTHING, 3))
    assert encoder.loads == 1


async def test_vectors_of_another_encoder_are_one_sentence(
    retriever: LocalRetriever, made: Callable[..., ModelRanking]
) -> None:
    ranking = made(Scripted(vector=(1, 0)))
    await ranking.ready(for_words=True)
    assert names(await ranking.for_goal(retriever, GOAL, EVERYTHING, 3))[0] == "add_comm"
    assert "vectors of 2 numbers, but those of the index have 3: run `lean-sidekick index`" in ranking.trouble


async def test_an_index_without_vectors_says_who_makes_them(made: Callable[..., ModelRanking]) -> None:
    encoder = Scripted()
    ranking = made(encoder)
    await ranking.ready(for_words=True)
    assert await ranking.for_words(LocalRetriever(()), "add", EVERYTHING, 3) == []
    assert "no vectors by this encoder yet; `lean-sidekick index` makes them" in ranking.trouble
    assert encoder.limits == []


async def test_a_cross_encoder_has_the_last_word(retriever: LocalRetriever, made: Callable[..., ModelRanking]) -> None:
    ranking = made(None, Scripted(scores=(0.0, 1.0)))
    await ranking.ready(for_words=True)
    before = await retriever.for_goal(GOAL, EVERYTHING, 3)
    found = await ranking.for_goal(retriever, GOAL, EVERYTHING, 1)
    assert names(found) == [names(before)[1]]
    assert found[0].reasons[0].ranker == "cross-encoder"


def test_only_the_first_are_ordered_anew_and_scores_still_fall() -> None:
    found = [
        FoundPremise(premise=Premise(full_name=f"p{i}", kind="", statement=""), score=1 / (i + 1), reasons=())
        for i in range(RERANKED + 2)
    ]
    again = reordered(found, [float(i % 2) for i in range(RERANKED)])
    assert names(again)[:2] == ["p1", "p3"] and names(again)[16:18] == ["p0", "p2"]
    assert names(again)[RERANKED:] == [f"p{RERANKED}", f"p{RERANKED + 1}"]
    scores = [one.score for one in again]
    assert scores == sorted(scores, reverse=True)
