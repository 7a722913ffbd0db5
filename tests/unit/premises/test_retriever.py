"""The pipeline in memory: what it finds, what it may answer with, and why."""

from collections.abc import AsyncIterator

import pytest

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.premises import CorpusFile, Premise, premises_above
from lean_sidekick.premises.api import Accessible, FoundPremise, Retriever
from lean_sidekick.premises.retriever import LocalRetriever

NAT = """
theorem Nat.add_comm (n m : Nat) : n + m = m + n := sorry
theorem Nat.mul_comm (n m : Nat) : n * m = m * n := sorry
theorem Nat.left_distrib (n m k : Nat) : n * (m + k) = n * m + n * k := sorry
theorem Nat.add_zero (n : Nat) : n + 0 = n := sorry
theorem Nat.le_trans {n m k : Nat} : n ≤ m → m ≤ k → n ≤ k := sorry
theorem Nat.succ_le_succ {n m : Nat} : n ≤ m → succ n ≤ succ m := sorry
"""
LIST = """
theorem List.append_assoc (as bs cs : List α) : as ++ bs ++ cs = as ++ (bs ++ cs) := sorry
theorem List.length_append (as bs : List α) : (as ++ bs).length = as.length + bs.length := sorry
theorem List.append_nil (as : List α) : as ++ [] = as := sorry
"""


def corpus_file(module: str, text: str) -> CorpusFile:
    return CorpusFile(path=f"{module}.lean", module=module, premises=premises_above(text, len(text)))


FILES = (corpus_file("Init.Nat", NAT), corpus_file("Init.List", LIST))


@pytest.fixture
async def retriever() -> AsyncIterator[Retriever]:
    found = LocalRetriever.from_files(FILES)
    yield found
    found.close()


def names(found: object) -> list[str]:
    assert isinstance(found, list)
    return [one.premise.full_name for one in found if isinstance(one, FoundPremise)]


async def test_goal_finds_the_lemma_that_says_it(retriever: Retriever) -> None:
    goal = parse_goal("x y : Nat\nh : x ≤ y\n⊢ x + y = y + x")
    found = await retriever.for_goal(goal, Accessible(), 3)
    assert names(found)[0] == "Nat.add_comm"
    assert found[0].reasons and all(reason.rank >= 1 for reason in found[0].reasons)
    assert "HAdd.hAdd" in next(r.shared for r in found[0].reasons if r.ranker == "symbols")
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("addition is commutative", "Nat.add_comm"),
        ("length of append", "List.length_append"),
        ("n + 0 = n", "Nat.add_zero"),
        ("le_trans", "Nat.le_trans"),
        ("appendAssoc", "List.append_assoc"),
    ],
)
async def test_words_find_lemmas(retriever: Retriever, words: str, first: str) -> None:
    assert names(await retriever.for_words(words, Accessible(), 3))[0] == first


async def test_only_accessible_premises_are_answered_with(retriever: Retriever) -> None:
    goal = parse_goal("⊢ a + b = b + a")
    nothing = await retriever.for_goal(goal, Accessible(modules=frozenset()), 9)
    of_lists = await retriever.for_goal(goal, Accessible(modules=frozenset({"Init.List"})), 9)
    own_file = await retriever.for_goal(goal, Accessible(module="Init.Nat"), 9)
    assert nothing == []
    assert names(of_lists) and all(name.startswith("List.") for name in names(of_lists))
    assert not any(name.startswith("Nat.") for name in names(own_file))


async def test_declarations_above_the_cursor_are_in_at_once(retriever: Retriever) -> None:
    above = premises_above("theorem double_add (a : Nat) : double a = a + a := sorry\n", 10_000)
    found = await retriever.for_goal(
        parse_goal("n : Nat\n⊢ double n = n + n"), Accessible(above=above, module="Mine"), 3
    )
    assert names(found)[0] == "double_add"
    assert found[0].premise is above[0]


@pytest.mark.parametrize("text", ["", "  \n"])
async def test_an_empty_question_is_refused(retriever: Retriever, text: str) -> None:
    with pytest.raises(InputError, match="question is empty"):
        await retriever.for_words(text, Accessible(), 3)


async def test_a_question_without_words_has_no_answer(retriever: Retriever) -> None:
    assert await retriever.for_words("()", Accessible(), 3) == []


async def test_a_goal_of_a_megabyte_is_answered(retriever: Retriever) -> None:
    goal = parse_goal("⊢ " + "x + y = y + x ∧ " * 65_000 + "x + y = y + x")
    assert names(await retriever.for_goal(goal, Accessible(), 3))


async def test_an_empty_index_answers_with_what_stands_above() -> None:
    retriever = LocalRetriever(())
    above = (Premise(full_name="mine", kind="theorem", statement=": 1 + 1 = 2"),)
    try:
        found = await retriever.for_goal(parse_goal("⊢ 1 + 1 = 2"), Accessible(above=above), 3)
        assert names(found) == ["mine"]
        assert await retriever.for_goal(parse_goal("⊢ 1 + 1 = 2"), Accessible(), 3) == []
    finally:
        retriever.close()
