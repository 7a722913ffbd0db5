"""Facts that early libraries lack: where they are offered and in which types."""

import pytest
from tactic_checks import EARLY, texts

from lean_sidekick.tactics.dialect import name_probe
from lean_sidekick.tactics.early_facts import early_fact_candidates, fact_names
from lean_sidekick.tactics.early_facts_table import FACTS
from lean_sidekick.tactics.merge import vocabulary_probes

# Names were asked for, and those of the facts were not found.
KNOWN = EARLY | {name_probe("Nat.add_comm")}
APPENDED = "β : Type\nxs ys : List β\n⊢ List.length (xs ++ ys) = List.length (ys ++ xs)"


def test_a_fact_in_the_types_of_the_goal() -> None:
    (text,) = texts(early_fact_candidates, APPENDED, KNOWN)
    assert text.startswith("have length_append : ∀ (as bs : List β), List.length (as ++ bs) = ")
    assert "α" not in text


@pytest.mark.parametrize("known", [None, KNOWN | {name_probe("List.length_append")}], ids=["unknown", "there"])
def test_nothing_where_the_library_may_have_the_lemma(known: frozenset[str] | None) -> None:
    assert texts(early_fact_candidates, APPENDED, known) == []


def test_a_fact_that_is_there_already_is_not_offered_again() -> None:
    there = APPENDED.replace("⊢", "length_append : ∀ (as bs : List β), p as bs\n⊢")
    assert texts(early_fact_candidates, there, KNOWN) == []


def test_no_type_no_fact() -> None:
    goal = "xs : Wrapped Nat\n⊢ List.length (f xs ++ f xs) = 0"
    assert texts(early_fact_candidates, goal, KNOWN) == []


def test_what_a_proof_needs_stands_before_it() -> None:
    (text, *_) = texts(early_fact_candidates, "a m n : Nat\n⊢ a ^ (m * n) = (a ^ m) ^ n", KNOWN)
    first, second = text.index("have pow_add :"), text.index("have pow_mul :")
    assert first < second


def test_the_table_is_whole() -> None:
    names = set(fact_names())
    assert len(names) == len(FACTS)
    assert all(set(fact.needs) <= names for fact in FACTS)
    assert set(map(name_probe, names)) <= set(vocabulary_probes())
