"""Taking hypotheses and data apart."""

import pytest
from tactic_checks import EARLY, MODERN, check_leading, texts

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.tactics.case_splits import split_candidates
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.inductive_types import inductive_types


@pytest.mark.parametrize(
    ("goal", "known", "leading"),
    [
        (
            "p q r : Prop\nh : p ∧ q ∧ r\n⊢ r",
            EARLY,
            ["match h with | ⟨hp, hq, hr⟩ => ?_", "cases h with | intro hp h => ?_"],
        ),
        ("p q r : Prop\nh : p ∧ q ∧ r\n⊢ r", MODERN, ["obtain ⟨hp, hq, hr⟩ := h"]),
        ("α : Type\np : α → Prop\nh : ∃ (x : α), p x\n⊢ False", EARLY, ["cases h with | intro x hx => ?_"]),
        ("α : Type\nx : α\np : α → Prop\nh : ∃ x, p x\n⊢ False", MODERN, ["obtain ⟨x1, hp⟩ := h"]),
        ("p q : Prop\nh : p ∨ q\n⊢ q ∨ p", EARLY, ["cases h with | inl hp => ?_ | inr hq => ?_"]),
        ("p q r : Prop\nh : p ∨ q ∧ r\n⊢ q ∨ p", MODERN, ["rcases h with hp | ⟨hq, hr⟩"]),
        ("p q r : Prop\nh : r → p ∨ q\nhr : r\n⊢ q", EARLY, ["cases h hr with | inl hp => ?_ | inr hq => ?_"]),
        ("p : Prop\nh : False\n⊢ p", EARLY, ["cases h"]),
        ("a b : Bool\n⊢ (a && b) = (b && a)", EARLY, ["cases a <;> cases b <;> rfl"]),
        ("α : Type\no : Option α\n⊢ o = o", EARLY, ["cases o <;> rfl", "cases o <;> simp"]),
        ("α β : Type\np : α × β\n⊢ (p.fst, p.snd) = p", EARLY, ["cases p <;> rfl", "cases p with | mk a b => ?_"]),
        ("n : Nat\n⊢ 0 + n = n", EARLY, ["induction n with | zero => ?_ | succ n ih => ?_"]),
        ("xs ys : List α\n⊢ xs ++ ys = ys", EARLY, ["induction xs with | nil => ?_ | cons x xs ih => ?_"]),
        # A hypothesis that rules out one case makes the split cheap.
        ("n : Nat\nf : Nat → Nat\nh : n ≠ 0\n⊢ f n = n", EARLY, ["cases n with | zero => ?_ | succ n => ?_"]),
    ],
)
def test_what_leads(goal: str, known: frozenset[str], leading: list[str]) -> None:
    check_leading(split_candidates, goal, known, leading)


def test_what_is_apart_already_is_left_alone() -> None:
    assert texts(split_candidates, "p q : Prop\nh : p ∧ q\nhp : p\nhq : q\n⊢ q", EARLY) == []
    assert texts(split_candidates, "p q : Prop\nh : p ∨ q\nhp : p\n⊢ q", EARLY) == []
    exists = "α : Type\np q : α → Prop\nh : ∃ (x : α), p x ∧ q x\ny : α\nhy : p y"
    assert texts(split_candidates, f"{exists}\nhq : q y\n⊢ False", EARLY) == []
    # Somebody else's `p y` says nothing of what exists.
    assert "match h with | ⟨x, hp, hq⟩ => ?_" in texts(split_candidates, f"{exists}\n⊢ False", EARLY)


def test_a_truth_value_that_is_its_own_negation_ends_the_goal() -> None:
    goal = "α : Type\nf : α → α → Bool\nx : α\nh : f x x = !f x x\n⊢ False"
    assert "exact absurd h (by cases f x x <;> simp)" in texts(split_candidates, goal, EARLY)


def test_data_waits_for_induction_on_a_hypothesis_about_it() -> None:
    goal = read_goal(parse_goal("n : Nat\nh : Even n\n⊢ Odd (n + 1)"))
    scores = {c.text: c.score for c in split_candidates(goal, Dialect(EARLY))}
    later = {c.text: c.score for c in split_candidates(goal, Dialect(EARLY), derived=frozenset({"n"}))}
    induction = "induction n with | zero => ?_ | succ n ih => ?_"
    assert later[induction] < scores[induction]


def test_induction_may_leave_other_variables_free() -> None:
    goal = "α : Type\nn : Nat\na : α\nxs : List α\n⊢ List.drop n (a :: xs) = xs"
    assert "induction xs generalizing n a with | nil => ?_ | cons x xs ih => ?_" in texts(split_candidates, goal, EARLY)


def test_a_function_that_waits_for_an_argument_makes_its_cases_likely() -> None:
    waiting = texts(split_candidates, "n : Nat\nxs : List α\n⊢ List.take (Nat.succ n) xs = xs", EARLY)
    idle = texts(split_candidates, "n : Nat\nxs : List α\n⊢ List.take n xs = xs", EARLY)
    cases = "cases xs with | nil => ?_ | cons x xs => ?_"
    assert waiting.index(cases) < idle.index(cases)


def test_nested_induction_is_worth_less() -> None:
    fresh = texts(split_candidates, "n m : Nat\n⊢ n + m = m + n", EARLY)
    nested = texts(split_candidates, "n m : Nat\nih : n + m = m + n\n⊢ n + m = m + n", EARLY)
    assert fresh[0].startswith("induction") and "ih1" in nested[0]


def test_hypotheses_that_cannot_be_named_are_not_touched() -> None:
    assert texts(split_candidates, "p q : Prop\nh✝ : p ∨ q\n⊢ q", EARLY) == []


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("α : Type\np : α → Bool\nx : α\n⊢ (p x && p x) = p x", "cases h : p x with | false => ?_ | true => ?_"),
        (
            "α : Type\np : α → Bool\nx : α\n⊢ (match p x with\n    | true => 1\n    | false => 2) = 1",
            "cases h : p x with | false => ?_ | true => ?_",
        ),
        (
            "α : Type\np : α → Bool\nx h : α\n⊢ (if p x = true then 1 else 2) = 1",
            "cases h1 : p x with | false => ?_ | true => ?_",
        ),
    ],
)
def test_what_a_function_says_of_an_element_can_be_split(goal: str, expected: str) -> None:
    assert expected in texts(split_candidates, goal, EARLY)
    assert expected in texts(split_candidates, goal, MODERN)


def test_a_truth_value_that_is_known_is_not_split_again() -> None:
    goal = "α : Type\np : α → Bool\nx : α\nh : p x = true\n⊢ (p x && p x) = true"
    assert not any(text.startswith("cases h1 :") for text in texts(split_candidates, goal, EARLY))


@pytest.mark.parametrize(
    ("text", "goal", "expected"),
    [
        (
            "inductive Tree (α : Type) where\n  | leaf : Tree α\n  | node : Tree α → α → Tree α → Tree α\n",
            "α : Type\nt : Tree α\n⊢ Tree.mirror (Tree.mirror t) = t",
            "induction t with | leaf => ?_ | node l a r ihl ihr => ?_",
        ),
        (
            "inductive Color where\n  | red | green\n",
            "c : Color\n⊢ Color.next (Color.next c) = c",
            "cases c <;> rfl",
        ),
        (
            "structure Point where\n  x : Nat\n  y : Nat\n",
            "p : Point\n⊢ Point.swap (Point.swap p) = p",
            "cases p with | mk x y => ?_",
        ),
    ],
)
def test_data_of_a_type_of_the_open_file_is_taken_apart(text: str, goal: str, expected: str) -> None:
    """And nothing is tried where the file does not say what the type is made of."""
    shape = read_goal(parse_goal(goal))
    found = [candidate.text for candidate in split_candidates(shape, Dialect(EARLY), inductive_types(text))]
    assert expected in found
    assert texts(split_candidates, goal, EARLY) == []


@pytest.mark.parametrize("length", ["List.length l = 1", "List.length (a :: l) = 2"])
def test_lists_of_few_lengths_are_taken_apart(length: str) -> None:
    (first, *_) = texts(split_candidates, f"a : Nat\nl : List Nat\nh : {length}\n⊢ f l = a", EARLY)
    assert first == "cases l with | nil => ?_ | cons a1 l => ?_"


def test_an_induction_on_what_only_a_hypothesis_speaks_of() -> None:
    found = texts(split_candidates, "as bs : List Nat\nh : as ++ bs = as\n⊢ bs = []", EARLY)
    assert "induction as with | nil => ?_ | cons a as ih => ?_" in found


def test_what_an_induction_hypothesis_holds_for_in_general_is_split_at_once() -> None:
    goal = "a : Nat\nas bs : List Nat\n{}⊢ f (a :: as) bs = 0"
    general = "ih : ∀ (bs : List Nat), f as bs = 0\n"
    scores = []
    for hypothesis in (general, "ih : f as bs = 0\n"):
        shape = read_goal(parse_goal(goal.format(hypothesis)))
        found = {one.text: one.score for one in split_candidates(shape, Dialect(EARLY))}
        scores.append(found["cases bs with | nil => ?_ | cons b bs => ?_"])
    assert scores[0] > scores[1]


@pytest.mark.parametrize("bound", ["x < 3", "Nat.succ x < 3", "x ≤ 2"])
def test_few_numbers_are_gone_through_one_by_one(bound: str) -> None:
    (first, *_) = texts(split_candidates, f"x : Nat\nh : {bound}\n⊢ x = 0 ∨ x = 1 ∨ x = 2", EARLY)
    assert first == "cases x with | zero => ?_ | succ x => ?_"
