"""Whole proofs as one candidate, and what they establish elsewhere."""

import pytest

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.steps import StepOrigin, TakenStep
from lean_sidekick.core.term_reader import read_term
from lean_sidekick.tactics.facts import Fact, fact_of
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.neighbours import StepIndex, neighbour_candidates
from lean_sidekick.tactics.scripts import outer_steps, script_of, with_script
from lean_sidekick.tactics.step_texts import step_texts

INDUCTION = "induction n with\n    | zero => rfl\n    | succ n ih => exact ih"
SWAP = "p q : Prop\nh : p ∧ q\n⊢ q ∧ p"


def step(goal: str, tactic: str, declaration: str = "d") -> TakenStep:
    return TakenStep(goal=parse_goal(goal), tactic=tactic, declaration=declaration, origin=StepOrigin.PROOF)


def on(name: str) -> str:
    return f"induction {name} with\n  | zero => rfl\n  | succ {name} ih => exact ih"


def fact(goal: str, tactic: str) -> Fact | None:
    return fact_of(step(goal, tactic), read_goal(parse_goal(goal)))


@pytest.mark.parametrize(
    ("tactics", "script"),
    [
        pytest.param(("intro h", "exact h"), "intro h\nexact h", id="in order"),
        pytest.param(
            ("intro n", INDUCTION, "rfl", "exact ih"),
            "intro n\ninduction n with\n  | zero => rfl\n  | succ n ih => exact ih",
            id="inner steps stand in their outer one already",
        ),
        pytest.param((INDUCTION, "rfl", "exact ih"), None, id="a single outer step is no script"),
        pytest.param((INDUCTION, "rfl", "exact ih", "rfl"), f"{INDUCTION.replace('    ', '  ')}\nrfl", id="said twice"),
        pytest.param(("intro h", f"exact {'x' * 4_000}"), None, id="too long"),
        pytest.param((), None, id="nothing"),
    ],
)
def test_a_script_is_the_outer_steps(tactics: tuple[str, ...], script: str | None) -> None:
    assert script_of(tactics) == script
    if script is not None:
        assert len(outer_steps(script)) == 2


def test_a_whole_proof_is_offered_at_a_similar_goal_in_its_names() -> None:
    """One check instead of one for each step."""
    index = StepIndex()
    index.add(with_script([step(SWAP, "have a := h.1"), step(SWAP, "exact ⟨h.2, a⟩")]))
    found = neighbour_candidates(read_goal(parse_goal("a b : Prop\nu : a ∧ b\n⊢ b ∧ a")), index)
    assert "have a1 := u.1\nexact ⟨u.2, a1⟩" in [candidate.text for candidate in found]


def test_what_is_unlikely_is_left_out_but_for_a_whole_proof() -> None:
    """Of goals that are little alike, one step is tried, and proofs to their end; nothing introduces at an equation."""
    proofs = [INDUCTION, INDUCTION.replace("rfl", "simp"), "intro h\nexact h", "simp", "omega", "intro h", "ring"]
    old = "n m : Nat\n⊢ n * m * 2 = 7 - n * 5"
    index = StepIndex()
    index.add([step(old, tactic, f"d{number}") for number, tactic in enumerate(proofs)])
    index.add([step(SWAP.replace("p", f"p{number}"), "exact h", f"e{number}") for number in range(20)])
    found = neighbour_candidates(read_goal(parse_goal("n k : Nat\n⊢ n + k = k + n")), index)
    assert {"\n" in candidate.text for candidate in found[1:]} == {True}
    assert 2 <= len(found) <= 4 and not any(candidate.text.startswith("intro") for candidate in found)


def test_what_a_proof_establishes_first_is_offered_without_the_rest() -> None:
    """Proofs of similar theorems share their `have`s before they part."""
    haves = "have one : 1 = 1 := rfl\nhave two : ∀ n : Nat, n = n := by\n  intro n\n  rfl"
    assert list(dict(step_texts(f"{haves}\nexact two 1"))) == [f"{haves}\nexact two 1", haves]


def test_a_proof_of_an_equation_is_a_fact_for_all_values() -> None:
    found = fact("α : Type\ni j : Nat\nl : List α\n⊢ i - (i + j) = 0", on("i"))
    assert found is not None
    assert found.step.tactic.startswith("have fact : ∀ (i : Nat) (j : Nat), i - (i + j) = 0 := by\n  intro i j\n  i")
    assert [one.names for one in found.step.goal.hypotheses] == [("α",)]
    assert found.fit(read_term("x * 2 - (x * 2 + y) = z")) > 1
    assert found.fit(read_term("x - (y + x) = z")) == 0


@pytest.mark.parametrize(
    ("goal", "tactic"),
    [
        pytest.param(
            "i j : Nat\nh : i = j\n⊢ i - j = 0", "induction i with\n  | zero => exact h", id="of a hypothesis"
        ),
        pytest.param("i j : Nat\n⊢ i - j < 1", on("i"), id="no equation"),
        pytest.param("i j : Nat\n⊢ i - j = 0", "rfl", id="one line proves it again as well"),
        pytest.param("⊢ 1 = 1", "induction 1 with\n  | zero => rfl", id="of nothing"),
        pytest.param("i j✝ : Nat\n⊢ i - j✝ = 0", on("i"), id="a name that cannot be typed"),
    ],
)
def test_what_is_no_fact_elsewhere(goal: str, tactic: str) -> None:
    assert fact(goal, tactic) is None


def test_an_equation_that_fits_everywhere_is_not_offered() -> None:
    found = fact("i j : Nat\n⊢ i + j = j + i", on("j"))
    assert found is not None
    assert found.fit(read_term("x + y = 3")) == 0
