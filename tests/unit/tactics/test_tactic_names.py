"""Names that tactics introduce: as a person would choose, never one in use."""

from hypothesis import given
from hypothesis import strategies as st

from lean_sidekick.core.term_reader import read_term
from lean_sidekick.tactics.names import Names
from lean_sidekick.tactics.patterns import pattern


def test_names_follow_what_they_stand_for() -> None:
    names = Names({"x", "hp"})
    assert names.variable("x", read_term("Nat")) == "x1"
    assert names.variable("a✝", read_term("List α")) == "l"
    assert names.variable("_", None) == "x2"
    assert names.proof(read_term("q")) == "hq"
    assert names.proof(read_term("p")) == "hp1"
    assert names.proof(read_term("¬q")) == "hnq"
    assert names.proof(read_term("a = b")) == "h"
    assert names.proof(read_term("R x y")) == "hr"


def test_words_of_the_language_are_no_names() -> None:
    assert Names(()).fresh("fun") == "x"
    assert Names(()).fresh("not a name") == "x"


@given(st.lists(st.text(alphabet="hxp1✝'_ fun", max_size=4), max_size=8), st.sets(st.sampled_from(["h", "x", "h1"])))
def test_no_name_is_given_twice(wanted: list[str], taken: set[str]) -> None:
    names = Names(taken)
    given_out = [names.fresh(name) for name in wanted]
    assert len(set(given_out)) == len(given_out)
    assert taken.isdisjoint(given_out)
    assert all(name.isidentifier() or name.replace("'", "").isidentifier() for name in given_out)


def test_patterns_open_as_far_as_they_go() -> None:
    def opened(text: str, *, with_cases: bool) -> str:
        return pattern(read_term(text), Names({"x", "p", "q", "r"}), with_cases=with_cases)

    assert opened("∃ (x : α), p ∧ q", with_cases=False) == "⟨x1, hp, hq⟩"
    assert opened("p ∧ (q ∨ r)", with_cases=False) == "⟨hp, h⟩"
    assert opened("p ∧ (q ∨ r)", with_cases=True) == "⟨hp, (hq | hr)⟩"
    assert opened("p ∨ q ∨ r", with_cases=True) == "hp | hq | hr"
    assert opened("(p ∨ q) ∧ r", with_cases=True) == "⟨(hp | hq), hr⟩"
    assert opened("(p ∧ q) ∧ r", with_cases=False) == "⟨⟨hp, hq⟩, hr⟩"
    assert opened("p → q", with_cases=True) == "h"
