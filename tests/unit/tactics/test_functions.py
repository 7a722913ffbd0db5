"""Functions that are asked for or cannot be: choice, diagonals, equal functions at a point."""

import pytest
from tactic_checks import EARLY, MODERN, texts

from lean_sidekick.tactics.dialect import name_probe
from lean_sidekick.tactics.functions import CHOICE, function_candidates

CHOOSES = "α β : Type\nr : α → β → Prop\nh : ∀ (x : α), ∃ (y : β), r x y"


def test_choice_gives_a_function_where_one_is_asked_for() -> None:
    asked = "⊢ ∃ (f : α → β), ∀ (x : α), r x (f x)"
    wanted = "cases Classical.axiomOfChoice h with | intro g hg => ?_"
    assert texts(function_candidates, f"{CHOOSES}\n{asked}", EARLY) == [wanted]
    assert texts(function_candidates, f"{CHOOSES}\n{asked}", MODERN) == ["obtain ⟨g, h1⟩ := Classical.axiomOfChoice h"]
    assert texts(function_candidates, f"{CHOOSES}\n⊢ ∃ (x : α) (y : β), r x y", EARLY) == []
    # Not where it is there already, and not where the toolchain does not know the name.
    chosen = f"{CHOOSES}\ng : α → β\nhg : ∀ (x : α), r x (g x)"
    assert texts(function_candidates, f"{chosen}\n{asked}", EARLY) == []
    assert texts(function_candidates, f"{CHOOSES}\n{asked}", EARLY | {name_probe("rfl")}) == []
    assert texts(function_candidates, f"{CHOOSES}\n{asked}", EARLY | {name_probe(CHOICE)}) == [wanted]


@pytest.mark.parametrize(("values", "diagonal"), [("Prop", "¬f x x"), ("Bool", "!f x x"), ("Nat", "f x x + 1")])
def test_a_diagonal_is_no_function_of_a_list(values: str, diagonal: str) -> None:
    context = f"α : Type\nf : α → α → {values}"
    exists = f"{context}\n⊢ ∃ (s : α → {values}), ∀ (x : α), f x ≠ s"
    assert texts(function_candidates, exists, EARLY) == [f"refine ⟨fun x => {diagonal}, ?_⟩"]
    onto = f"{context}\nh : ∀ (s : α → {values}), ∃ (x : α), f x = s\n⊢ False"
    assert texts(function_candidates, onto, EARLY) == [f"cases h (fun x => {diagonal}) with | intro x hx => ?_"]


def test_a_diagonal_needs_as_many_rows_as_columns() -> None:
    assert (
        texts(function_candidates, "α β : Type\nf : α → β → Prop\n⊢ ∃ (s : β → Prop), ∀ (x : α), f x ≠ s", EARLY) == []
    )


def test_equal_functions_are_equal_at_a_point_of_the_context() -> None:
    goal = "α : Type\nf : α → α → Prop\nx : α\nh : f x = fun (y : α) => ¬f y y"
    assert texts(function_candidates, f"{goal}\n⊢ False", EARLY) == ["have h1 := congrFun h x"]
    assert texts(function_candidates, f"{goal}\nh1 : f x x = ¬f x x\n⊢ False", EARLY) == []
