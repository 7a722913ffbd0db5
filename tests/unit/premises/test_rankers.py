"""Each ranker alone: what it puts first, and what it leaves out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.premises.api import Accessible
from lean_sidekick.premises.lexical import LexicalRanker
from lean_sidekick.premises.names import NameRanker
from lean_sidekick.premises.neighbours import NearRanker, ProofRanker
from lean_sidekick.premises.patterns import PatternRanker
from lean_sidekick.premises.rankers import Ranker, WeightedRanker, best
from lean_sidekick.premises.retriever import LocalRetriever
from lean_sidekick.premises.segment import Segment
from lean_sidekick.premises.shapes import ShapeRanker
from lean_sidekick.premises.source_scan import declarations_above
from lean_sidekick.premises.symbols import SymbolRanker


def lemma(name: str, statement: str, *, uses: tuple[str, ...] | None = None) -> Premise:
    return Premise(full_name=name, kind="theorem", statement=statement, uses=uses)


LEMMAS = (
    lemma("Nat.add_comm", "∀ (n m : Nat), n + m = m + n", uses=("congrArg", "Eq.trans")),
    lemma("Nat.mul_add", "∀ (a b c : Nat), a * (b + c) = a * b + a * c", uses=("Nat.add_comm",)),
    lemma("Nat.le_of_lt", "∀ {n m : Nat}, n < m → n ≤ m"),
    lemma("Nat.gcd_comm", "∀ (m n : Nat), Nat.gcd m n = Nat.gcd n m", uses=("Nat.gcd_rec",)),
    lemma("Nat.gcd_rec", "∀ (m n : Nat), Nat.gcd m n = Nat.gcd (n % m) m"),
    lemma("List.map_append", "∀ (f : α → β) (l r : List α), List.map f (l ++ r) = List.map f l ++ List.map f r"),
    lemma("List.length_append", "(xs ys : List α) : (xs ++ ys).length = xs.length + ys.length"),
    lemma("Eq.trans", "∀ {a b c : α}, a = b → b = c → a = c"),
    lemma("congrArg", "∀ (f : α → β) {a b : α}, a = b → f a = f b"),
)
CORPUS = (CorpusFile(path="Lemmas.lean", module="Lemmas", premises=LEMMAS),)


def ask_goal(ranker: Ranker, goal: str, accessible: Accessible | None = None) -> list[str]:
    retriever = LocalRetriever.from_files(CORPUS).with_goal_rankers((WeightedRanker(ranker, 1.0),))
    return [f.premise.full_name for f in retriever.answer_goal(parse_goal(goal), accessible or Accessible(), 8)]


def ask_words(ranker: Ranker, text: str) -> list[str]:
    retriever = LocalRetriever((Segment.build(CORPUS),), (), (WeightedRanker(ranker, 1.0),))
    return [found.premise.full_name for found in retriever.answer_words(text, Accessible(), 8)]


def test_lexical_ranks_by_words_of_names_and_symbols() -> None:
    assert ask_goal(LexicalRanker(), "x y : Nat\n⊢ Nat.gcd x y = Nat.gcd y x")[:2] == ["Nat.gcd_comm", "Nat.gcd_rec"]


def test_symbols_prefer_few_others_and_bring_new_ones_in() -> None:
    found = ask_goal(SymbolRanker(), "x y : Nat\n⊢ gcd x y = gcd y x")
    assert found[:2] == ["Nat.gcd_comm", "Nat.gcd_rec"]
    # `%` came in with gcd_rec; what shares nothing at all is not there.
    assert "List.map_append" in found and "Nat.le_of_lt" in found[2:]


def test_shape_prefers_a_conclusion_that_is_built_like_the_goal() -> None:
    assert ask_goal(ShapeRanker(), "x y : Nat\nh : x < y\n⊢ x ≤ y")[0] == "Nat.le_of_lt"


def test_shape_sees_what_rewrites_a_part_of_the_goal() -> None:
    assert "Nat.mul_add" in ask_goal(ShapeRanker(), "n x y : Nat\n⊢ P (n * (x + y))")[:2]
    assert "Nat.mul_add" not in ask_goal(ShapeRanker(), "n x y : Nat\n⊢ P (n - x)")[:2]


def test_proofs_vote_with_what_they_use() -> None:
    assert ask_goal(ProofRanker(), "x y : Nat\n⊢ Nat.gcd x (y + 1) = Nat.gcd (y + 1) x")[0] == "Nat.gcd_rec"


def test_proofs_know_only_what_the_question_sees() -> None:
    """A lemma that nobody above has used gets no vote, and votes for what is not accessible are lost."""
    above = (lemma("mine", "∀ (n : Nat), P n", uses=("Nat.gcd_rec", "my_own")), lemma("my_own", "∀ n, Q n"))
    accessible = Accessible(modules=frozenset(), above=above, module="Mine")
    assert ask_goal(ProofRanker(), "x : Nat\n⊢ P x", accessible) == ["my_own"]


def test_near_is_what_stands_above_last_first() -> None:
    above = (lemma("first", "True"), lemma("second", "True"))
    assert ask_goal(NearRanker(), "⊢ False", Accessible(above=above)) == ["second", "first"]
    assert ask_goal(NearRanker(), "⊢ False") == []


ABOVE = "theorem gcd_self (n : Nat) : gcd n n = n := by simp [Nat.le_of_lt, not_a_name]\n"
GCD = "x y : Nat\n⊢ gcd (x + y) (x + y) = x + y"


def test_unsaved_proofs_above_say_what_helps() -> None:
    """Their text is all there is; what is no premise in it counts for nothing."""
    above = declarations_above(ABOVE, len(ABOVE))
    assert "Nat.le_of_lt" not in ask_goal(ProofRanker(), GCD)
    assert ask_goal(ProofRanker(), GCD, Accessible(above=above))[0] == "Nat.le_of_lt"


@pytest.mark.parametrize(("module", "found"), [("Mine", "List.map_append"), ("Other", "Nat.le_of_lt")])
def test_what_lean_said_of_a_saved_proof_counts_more_than_its_text(module: str, found: str) -> None:
    """It is taken from the file's own premises in the index, which are no answers themselves."""
    gcd_self = lemma("gcd_self", "∀ (n : Nat), n = n", uses=("List.map_append",))
    saved = CorpusFile(path="", module="Mine", premises=(gcd_self,))
    retriever = LocalRetriever.from_files((*CORPUS, saved)).with_goal_rankers((WeightedRanker(ProofRanker(), 1.0),))
    accessible = Accessible(modules=frozenset({"Lemmas"}), above=declarations_above(ABOVE, len(ABOVE)), module=module)
    names = {one.premise.full_name for one in retriever.answer_goal(parse_goal(GCD), accessible, 8)}
    assert names & {"List.map_append", "Nat.le_of_lt"} == {found}


@pytest.mark.parametrize("ranker", [LexicalRanker(), SymbolRanker(), ShapeRanker(), NearRanker(), ProofRanker()])
def test_a_goal_without_words_has_no_answer(ranker: Ranker) -> None:
    assert ask_goal(ranker, "⊢ ?") == []


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("gcd_c", ["Nat.gcd_comm"]),
        ("addComm", ["Nat.add_comm"]),
        ("Nat.gcd", ["Nat.gcd_rec", "Nat.gcd_comm"]),
        ("trans", ["Eq.trans"]),
        ("two words", []),
        ("nothing_like_it", []),
    ],
)
def test_parts_of_names(fragment: str, expected: list[str]) -> None:
    assert ask_words(NameRanker(), fragment) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("_ * (_ + _) = _", ["Nat.mul_add"]),
        ("?a + ?b = ?b + ?a", ["Nat.add_comm"]),
        ("?a + ?a = _", []),
        ("Nat.gcd ?m ?n = Nat.gcd ?n ?m", ["Nat.gcd_comm"]),
        ("List.map _ (_ ++ _)", ["List.map_append"]),
        ("map _ (_ ++ _)", ["List.map_append"]),
        ("List.length (_ ++ _)", ["List.length_append"]),
        ("(_ ++ _).length = _", ["List.length_append"]),
        ("_ ≥ _", ["Nat.le_of_lt"]),
        ("_ < _", ["Nat.le_of_lt"]),
        ("n + m", []),
        ("_", []),
    ],
)
def test_patterns_with_holes(pattern: str, expected: list[str]) -> None:
    assert ask_words(PatternRanker(), pattern) == expected


@given(st.integers(1, 700), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_the_best_are_those_of_a_sort(size: int, limit: int, seed: int) -> None:
    """However many blocks there are; equal scores in document order, nothing that is not allowed or not positive."""
    random = np.random.default_rng(seed)
    scores = random.integers(-3, 6, size).astype(np.float32)
    allowed = random.random(size) < 0.7
    expected = sorted((-score, i) for i, score in enumerate(scores.tolist()) if allowed[i] and score > 0)[:limit]
    assert best(scores, allowed, limit).tolist() == [i for _, i in expected]


def test_a_pattern_is_answered_by_whole_conclusions_and_then_no_more_is_read() -> None:
    files = tuple(
        CorpusFile(path=f"{n}.lean", module=f"M{n}", premises=(lemma(f"p{n}", "∀ (a b : Nat), a + b = b + a"),))
        for n in range(300)
    )
    retriever = LocalRetriever((Segment.build(files),), (), (WeightedRanker(PatternRanker(), 1.0),))
    assert len(retriever.answer_words("_ + _ = _ + _", Accessible(), 200)) == 200
