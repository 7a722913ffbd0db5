"""Calls of `simp` with arguments, and Mathlib's arithmetic with arguments."""

import pytest
from tactic_checks import EARLY, MODERN, check_leading, texts

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.tactics.arithmetic import arithmetic_candidates
from lean_sidekick.tactics.dialect import Dialect, name_probe
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.simplification import simp_candidates


@pytest.mark.parametrize(
    ("goal", "leading"),
    [
        ("a b : Nat\nf : Nat → Nat\nh : f a = b\n⊢ f (f a) = f b", ["simp [h]", "simp at h"]),
        (
            "α : Type\nf : α → α\nxs : List α\nih : List.map f xs = xs\n⊢ List.map f (a :: xs) = List.reverse xs",
            [
                "simp only [List.map]",
                "simp [ih]",
                "simp [List.map, List.reverse, ih]",
                "simp [List.map, ih]",
                "simp [List.reverse, ih]",
            ],
        ),
        ("a b c : Nat\n⊢ a + b + c = c + b + a", ["simp [Nat.add_comm, Nat.add_left_comm, Nat.add_assoc]"]),
    ],
)
def test_what_leads(goal: str, leading: list[str]) -> None:
    check_leading(simp_candidates, goal, EARLY, leading)


def test_all_hypotheses_at_once_where_lean_can_read_it() -> None:
    goal = "a b : Nat\nh : a = b\n⊢ b = a"
    assert "simp [*]" in texts(simp_candidates, goal, MODERN)
    assert "simp [*]" not in texts(simp_candidates, goal, EARLY)


def test_lemma_groups_go_by_symbols_and_carrier() -> None:
    lists = texts(simp_candidates, "xs ys zs : List α\n⊢ xs ++ ys ++ zs = xs ++ (ys ++ zs)", MODERN)
    assert "simp [List.append_assoc]" in lists
    assert not [text for text in lists if "Nat.add_comm" in text]


def test_words_inside_unread_text_are_no_definitions() -> None:
    found = texts(simp_candidates, "n : Nat\n⊢ (if n < 3 then 1 else 2) = 1", EARLY)
    assert not [text for text in found if "then" in text]


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("x y : ℝ\nh : 0 < x\nh2 : 0 < y\n⊢ 2 * x * y ≤ x ^ 2 + y ^ 2", "nlinarith [sq_nonneg (x - y)]"),
        ("x y : ℝ\nh : 0 < x\nh2 : 0 < y\n⊢ 0 < x * y", "nlinarith [sq_nonneg (x - y), mul_pos h h2]"),
        ("x y : ℝ\nh : x = 2\nh2 : y = x\n⊢ y = 2", "linear_combination h + h2"),
        ("n : ℕ\nh : n < 5\nh2 : n * n = 4\n⊢ n = 2", "interval_cases n"),
    ],
)
def test_arithmetic_with_arguments(goal: str, expected: str) -> None:
    assert expected in texts(arithmetic_candidates, goal, MODERN)
    assert texts(arithmetic_candidates, goal, EARLY) == []
    assert texts(arithmetic_candidates, goal, None) == []


def test_a_step_of_an_induction_unfolds_with_its_hypothesis_and_a_group() -> None:
    goal = "x : Nat\nl : List Nat\nih : ∀ (n : Nat), go l n = n + sum l\nn : Nat\n⊢ go (x :: l) n = n + sum (x :: l)"
    found = texts(simp_candidates, goal, EARLY)
    assert "simp [go, sum, ih, Nat.add_assoc]" in found
    assert "simp [go, sum, ih, Nat.add_comm, Nat.add_left_comm, Nat.add_assoc]" in found


def test_constructors_of_the_open_file_are_not_unfolded() -> None:
    shape = read_goal(parse_goal("t : Tree\n⊢ Tree.size (Tree.node t t) = Tree.size t"))
    found = [candidate.text for candidate in simp_candidates(shape, Dialect(EARLY), {"Tree.node"})]
    assert "simp [Tree.size]" in found
    assert not [text for text in found if "node" in text]


@pytest.mark.parametrize(
    ("target", "computed"),
    [
        ("count p (a :: l ++ m) = count p (a :: l)", ["simp only [List.cons_append, count]"]),
        ("List.length (rev (a :: l)) = List.length (a :: l)", ["simp only [rev, List.length_cons]"]),
        ("fact (Node.mk n) = 1", ["simp only [fact]"]),
        ("fact n = List.length (a :: l)", ["simp only [List.length_cons]"]),
        ("fact n = n", []),  # there is nothing to be computed
    ],
)
def test_functions_of_a_constructor_are_computed(target: str, computed: list[str]) -> None:
    goal = parse_goal(f"a n : Nat\nl m : List Nat\np : Nat → Bool\n⊢ {target}")
    found = [one.text for one in simp_candidates(read_goal(goal), Dialect(None), {"Node.mk"})]
    assert [text for text in found if text.startswith("simp only [") and "_assoc" not in text] == computed


def test_a_choice_is_unfolded_where_omega_does_not_see_through_it() -> None:
    assert texts(simp_candidates, "a b : Nat\n⊢ Nat.min a b = Nat.min b a", EARLY)[0] == "simp only [Nat.min]"
    assert "simp only [Nat.min]" not in texts(simp_candidates, "a b : Nat\n⊢ Nat.min a b = Nat.min b a", MODERN)


def test_what_has_an_accumulator_is_computed_by_a_lemma_or_a_fact() -> None:
    target = "⊢ List.filter p (a :: l) = l"
    goal = f"a : Nat\nl : List Nat\np : Nat → Bool\n{target}"
    lacking = EARLY | {name_probe("Nat.add_comm")}
    assert not [text for text in texts(simp_candidates, goal, lacking) if text.startswith("simp only [")]
    there = lacking | {name_probe("List.filter_cons")}
    assert "simp only [List.filter_cons]" in texts(simp_candidates, goal, there)
    stated = goal.replace("⊢", "filter_cons : ∀ (p : Nat → Bool), q p = p\n⊢")
    assert "simp only [filter_cons]" in texts(simp_candidates, stated, lacking)


def test_a_hypothesis_about_what_appends_to_a_first_element() -> None:
    goal = "a : Nat\nl m : List Nat\nh : a :: l ++ m = a :: l\n⊢ m = []"
    assert texts(simp_candidates, goal, EARLY)[0] == "simp at h"
