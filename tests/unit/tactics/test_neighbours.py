"""Steps of similar goals come first, in the names at hand; the index is bounded, replaced and forgotten."""

import subprocess
import sys

from lean_sidekick.core.candidates import Source
from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.steps import StepOrigin, TakenStep
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.neighbours import StepIndex, neighbour_candidates
from lean_sidekick.tactics.step_texts import step_texts

APPEND = "α : Type\nxs ys : List α\n⊢ List.length (xs ++ ys) = List.length xs + List.length ys"
SUM = "a b : Nat\n⊢ a + b = b + a"
LOGIC = "p q : Prop\nh : p ∧ q\n⊢ q ∧ p"


def step(goal: str, tactic: str, declaration: str = "d", origin: StepOrigin = StepOrigin.PROOF) -> TakenStep:
    return TakenStep(goal=parse_goal(goal), tactic=tactic, declaration=declaration, origin=origin)


def index_of(*steps: TakenStep, size_limit: int = 100) -> StepIndex:
    index = StepIndex(size_limit=size_limit)
    index.add(steps)
    return index


def offered(index: StepIndex, goal: str) -> list[str]:
    return [candidate.text for candidate in neighbour_candidates(read_goal(parse_goal(goal)), index)]


def test_the_step_of_the_most_similar_goal_comes_first_in_the_names_at_hand() -> None:
    index = index_of(step(SUM, "exact Nat.add_comm a b"), step(APPEND, "induction xs"), step(LOGIC, "exact ⟨h.2, h.1⟩"))
    assert offered(index, APPEND.replace("xs", "l").replace("ys", "r"))[0] == "induction l"
    assert offered(index, "x y : Nat\n⊢ x + y = y + x")[0] == "exact Nat.add_comm x y"
    assert offered(index, "a b : Prop\nu : a ∧ b\n⊢ b ∧ a")[0] == "exact ⟨u.2, u.1⟩"


def test_candidates_have_scores_that_fall_and_their_source() -> None:
    index = index_of(step(SUM, "exact Nat.add_comm a b"), step("n : Nat\n⊢ n + 0 = n", "rfl"), step(SUM, "simp"))
    found = neighbour_candidates(read_goal(parse_goal(SUM)), index)
    assert {candidate.source for candidate in found} == {Source.NEIGHBOUR}
    scores = [candidate.score for candidate in found]
    assert scores == sorted(scores, reverse=True)
    assert all(-10 < score < 0 for score in scores)


def test_of_two_equal_goals_the_newer_step_and_the_accepted_one_count_more() -> None:
    index = index_of(step(SUM, "simp", "old"), step(SUM, "omega", "new"))
    assert offered(index, SUM)[:2] == ["omega", "simp"]
    index = index_of(step(SUM, "simp", "old", StepOrigin.ACCEPTED), step(SUM + " + 0", "omega", "new"))
    assert offered(index, SUM)[0] == "simp"


def test_an_edited_proof_loses_its_old_steps_and_keeps_what_was_accepted() -> None:
    index = index_of(step(SUM, "simp"), step(SUM, "rfl", origin=StepOrigin.ACCEPTED), step(LOGIC, "exact ⟨h.2, h.1⟩"))
    index.replace("d", [step(SUM, "exact Nat.add_comm a b")])
    assert set(offered(index, SUM)) == {"exact Nat.add_comm a b", "rfl"}
    assert len(index) == 2


def test_the_index_is_bounded_and_can_be_cleared() -> None:
    index = index_of(*(step(f"n : Nat\n⊢ n + {k} = n", f"exact h{k}") for k in range(30)), size_limit=10)
    assert len(index) == 10
    assert offered(index, "n : Nat\n⊢ n + 3 = n")
    index.clear()
    assert len(index) == 0
    assert offered(index, "n : Nat\n⊢ n + 3 = n") == []


def test_an_empty_index_offers_nothing() -> None:
    assert offered(StepIndex(), SUM) == []


def test_the_order_is_the_same_in_every_process() -> None:
    """Features stand in sets, whose order differs from run to run."""
    program = (
        "from test_neighbours import *\n"
        "goals = [f'a b : Nat\\n⊢ a * {k} + b = b + a' for k in range(20)]\n"
        "goals += [LOGIC.replace('p', f'p{k}') for k in range(60)]\n"
        "steps = [step(goal, f'exact h{k}', f'd{k}') for k, goal in enumerate(goals)]\n"
        "found = neighbour_candidates(read_goal(parse_goal(SUM)), index_of(*steps))\n"
        "print([(c.text, repr(c.score)) for c in found])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": ":".join(sys.path)},
            cwd=__file__.rpartition("/")[0],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout
        for seed in (1, 2)
    }
    assert len(outputs) == 1
    assert outputs.pop().count("exact") > 3


def test_what_a_tactic_can_be_tried_as() -> None:
    induction = "induction n with\n| zero => rfl\n| succ n ih =>\n  simp\n  exact ih"
    assert list(dict(step_texts(induction))) == [
        "induction n with\n  | zero => rfl\n  | succ n ih =>\n    simp\n    exact ih",
        "induction n with | zero => ?_ | succ n ih => ?_",
    ]
    assert list(dict(step_texts("rw [foo a, ← bar] at h"))) == ["rw [foo a, ← bar] at h", "rw [foo a] at h"]
    assert list(step_texts("· exact h")) == []
    assert list(step_texts("case zero => rfl")) == []
    assert list(dict(step_texts("caseBash x"))) == ["caseBash x"]


def test_what_an_earlier_proof_established_is_offered_where_it_rewrites_the_goal() -> None:
    have = "have key : ∀ a b : Nat, a + b - b = a := by\n  intro a b\n  induction b with\n  | zero => rfl"
    index = index_of(step("p : Nat → Prop\nα : Type\n⊢ p 0", have), *(step(LOGIC, f"exact h{k}") for k in range(40)))
    fitting = "x y : Nat\nq : Nat → Prop\n⊢ q (x * y + 2 - 2)"
    assert have in offered(index, fitting)
    known = fitting.replace("⊢", "h : ∀ (i j : Nat), i + j - j = i\n⊢")
    for goal in (fitting.replace("- 2", "- 3"), known):
        assert index.facts(read_goal(parse_goal(goal)), 4) == []


def test_what_was_established_about_a_hypothesis_is_no_fact_for_others() -> None:
    index = index_of(step("n : Nat\n⊢ n = n", "have key : ∀ a : Nat, a + n = n + a := fun a => Nat.add_comm a n"))
    assert index.facts(read_goal(parse_goal("x y : Nat\nz : List Nat\n⊢ x + y = 0")), 4) == []
