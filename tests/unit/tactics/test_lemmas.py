"""Lemmas of the open file and of the core table."""

import pytest
from tactic_checks import EARLY, texts

from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.core.term_reader import read_term
from lean_sidekick.core.terms import Shape
from lean_sidekick.tactics.core_lemmas import core_lemmas, probe_names
from lean_sidekick.tactics.dialect import Dialect, name_probe
from lean_sidekick.tactics.goal_shape import GoalShape, read_goal
from lean_sidekick.tactics.lemmas import lemma_candidates


def own(goal: str, **statements: str) -> list[str]:
    """The candidates from lemmas of the open file alone: of the table no name counts as known."""
    premises = [Premise(full_name=name, kind="theorem", statement=text) for name, text in statements.items()]
    known = EARLY | {name_probe("no.such.lemma")}
    found = lemma_candidates(read_goal(parse_goal(goal)), Dialect(known), premises)
    return [candidate.text for candidate in found]


def test_a_lemma_that_fits_ends_the_goal() -> None:
    found = own("a b : Nat\n⊢ foo a b = foo b a", foo_comm="(x y : Nat) : foo x y = foo y x")
    assert found[0] == "exact foo_comm _ _"


def test_premises_are_left_as_goals() -> None:
    found = own("n : Nat\nh : 0 < n\n⊢ good n", good_of_pos="{n : Nat} (h : 0 < n) : good n")
    assert "apply good_of_pos" in found


def test_equations_rewrite_where_a_side_fits() -> None:
    found = own("n : Nat\n⊢ bar (foo n 0) = n", foo_zero="(n : Nat) : foo n 0 = n", baz_zero="(n : Nat) : baz n = n")
    assert "rw [foo_zero]" in found and "simp [foo_zero]" in found
    assert not [text for text in found if "baz" in text]


def test_later_places_are_named_by_arguments() -> None:
    found = own("a b c d : Nat\n⊢ p (foo a b) (foo c d)", foo_comm="(x y : Nat) : foo x y = foo y x")
    assert "rw [foo_comm]" in found and "rw [foo_comm c d]" in found


def test_a_rewrite_that_settles_the_goal_leads() -> None:
    found = own("a b : Nat\nh : p (foo b a)\n⊢ p (foo a b)", foo_comm="(x y : Nat) : foo x y = foo y x")
    assert found[0] == "rw [foo_comm]"


def test_definitions_are_unfolded() -> None:
    premise = Premise(full_name="double", kind="def", statement="(n : Nat) : Nat")
    shape = read_goal(parse_goal("n : Nat\n⊢ double n = n + n"))
    found = [candidate.text for candidate in lemma_candidates(shape, Dialect(EARLY), [premise])]
    assert found[0] == "simp [double]" and "unfold double" in found


def test_predicates_of_the_open_file_are_unfolded_everywhere_at_once() -> None:
    statement = "{α β : Type} (f : α → β) : Prop"
    premises = [Premise(full_name=name, kind="def", statement=statement) for name in ("Injective", "Constant")]
    goal = "f : Nat → Nat\nhf : Injective f\na b : Nat\nh : f a = f b\n⊢ a = b"
    found = [c.text for c in lemma_candidates(read_goal(parse_goal(goal)), Dialect(EARLY), premises)]
    assert "simp only [Injective] at *" in found


@pytest.mark.parametrize("statement", ["", "(a b", "a b c", ": ", "{x : Nat} : ∀"])
def test_statements_that_cannot_be_read_are_left_out(statement: str) -> None:
    assert own("a b : Nat\n⊢ a = b", broken=statement) == []


def test_number_types_are_not_mixed_up() -> None:
    assert not [text for text in texts(_library, "x y : ℝ\nh : x < y\n⊢ x ≤ y", None) if "Nat." in text]
    assert "apply Nat.le_of_lt" in texts(_library, "x y : ℕ\nh : x < y\n⊢ x ≤ y", None)


def test_alternatives_split_on_what_the_goal_compares() -> None:
    found = texts(_library, "a b : Nat\n⊢ a - b ≤ a", None)
    assert "cases Nat.le_total a b with | inl h1 => ?_ | inr h2 => ?_" in found
    assert "cases Nat.eq_zero_or_pos b with | inl h1 => ?_ | inr h2 => ?_" in found


def test_alternatives_split_on_hypotheses() -> None:
    found = texts(_library, "p : Prop\na b : Nat\nh : a ≤ b\n⊢ p", None)
    assert "cases Nat.eq_or_lt_of_le h with | inl h1 => ?_ | inr h2 => ?_" in found


def test_every_line_of_the_table_is_a_statement() -> None:
    lemmas = core_lemmas(Dialect(None))
    assert len({lemma.name for lemma in lemmas}) == len(lemmas)
    for lemma in lemmas:
        assert lemma.symbols, lemma.name
        assert lemma.statement.shape is not Shape.OPAQUE
        assert read_term(lemma.statement.rendered).alpha_key == lemma.statement.alpha_key


def test_only_known_spellings_are_used() -> None:
    known = frozenset({name_probe("Nat.leTrans"), name_probe("Nat.add_comm")})
    assert {lemma.name for lemma in core_lemmas(Dialect(known))} == {"Nat.leTrans", "Nat.add_comm"}
    assert name_probe("Nat.le_trans") in probe_names()


def _library(shape: GoalShape, dialect: Dialect) -> list[Candidate]:
    return lemma_candidates(shape, dialect, ())


def test_what_cannot_match_the_goal_is_not_tried() -> None:
    """Retrieved premises are ranked by words; only those whose conclusion or side fits the goal become tactics."""
    fits = Premise(full_name="fits", kind="theorem", statement="(x y : Nat) : foo x y = foo y x")
    words_alone = [
        Premise(full_name="about_foo", kind="theorem", statement="(x : Nat) : foo x x ≤ bar x"),
        Premise(full_name="for_bar", kind="theorem", statement="(x : Nat) (h : foo x x = x) : bar x = x"),
    ]
    shape = read_goal(parse_goal("a b : Nat\n⊢ foo a b = foo b a"))
    found = [one.text for one in lemma_candidates(shape, Dialect(EARLY), (), [*words_alone, fits])]
    assert any("fits" in text for text in found)
    assert not [text for text in found if text.startswith(("exact", "apply")) and ("about" in text or "bar" in text)]
    assert not [text for text in found if text.startswith("rw") and ("about" in text or "bar" in text)]


def test_many_premises_that_all_fit_do_not_crowd_out_the_rest() -> None:
    """A hundred premises that fit give no more tactics than thirty do, the best ranked ones."""
    shape = read_goal(parse_goal("a b : Nat\n⊢ foo a b = foo b a"))

    def candidates(count: int) -> list[str]:
        retrieved = [
            Premise(full_name=f"lemma{n}", kind="theorem", statement="(x y : Nat) : foo x y = foo y x")
            for n in range(count)
        ]
        return [one.text for one in lemma_candidates(shape, Dialect(EARLY), (), retrieved)]

    assert candidates(100) == candidates(30)
    assert len(candidates(100)) < 60 and "exact lemma0 _ _" in candidates(100)
