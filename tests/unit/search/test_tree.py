"""The search tree: merging, circles, proofs that climb, bans, replay and the finished text."""

import pytest

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.goals import Goal, parse_goal
from lean_sidekick.search.proof_text import Step, block_of, broken, proof_steps
from lean_sidekick.search.tree import GoalNode, ProofTree, closing_edges, lost_goals, normal_form, replay, together


def goal(target: str, case: str | None = None) -> Goal:
    return parse_goal((f"case {case}\n" if case else "") + f"⊢ {target}")


def tactic(text: str) -> Candidate:
    return Candidate(text=text, source=Source.PORTFOLIO, score=-1.0)


def tree_of(*targets: str) -> ProofTree:
    tree = ProofTree()
    tree.add_roots(tuple(goal(target) for target in targets), 0)
    return tree


def step(tree: ProofTree, node: GoalNode, text: str, *targets: str) -> tuple[GoalNode, ...]:
    new = tree.add_edge(node, tactic(text), tuple(goal(t) for t in targets), 1.0)
    assert new is not None
    return new


def test_a_goal_is_proved_when_every_goal_that_a_tactic_leaves_is() -> None:
    tree = tree_of("p ∧ q")
    left, right = step(tree, tree.roots[0], "constructor", "p", "q")
    step(tree, left, "exact hp")
    assert not tree.is_proved
    step(tree, right, "exact hq")
    assert tree.is_proved
    assert block_of(proof_steps(tree.roots)) == "constructor\n· exact hp\n· exact hq"


def test_goals_that_print_alike_are_one_node() -> None:
    tree = tree_of("a")
    first = step(tree, tree.roots[0], "t", "b", "c")
    again = step(tree, first[0], "u", "c")
    assert again == ()
    step(tree, first[1], "closes c")
    assert tree.is_proved
    assert block_of(proof_steps(tree.roots)) == "t\n· u\n  closes c\n· closes c"


def test_case_names_and_inaccessible_names_do_not_tell_goals_apart() -> None:
    tree = tree_of("a")
    new = tree.add_edge(
        tree.roots[0],
        tactic("t"),
        (parse_goal("case x\nh✝ : p\n⊢ q"), parse_goal("case y\nh✝¹ : p\n⊢ q")),
        1.0,
    )
    assert new is not None and len(new) == 1


def test_a_tactic_that_leads_in_a_circle_is_not_added() -> None:
    tree = tree_of("a = b")
    (child,) = step(tree, tree.roots[0], "symm", "b = a")
    assert tree.add_edge(child, tactic("symm"), (goal("a = b"),), 1.0) is None
    assert not tree.is_proved


def test_two_tactics_with_the_same_effect_are_one_edge() -> None:
    tree = tree_of("a")
    step(tree, tree.roots[0], "t", "b")
    assert tree.add_edge(tree.roots[0], tactic("u"), (goal("b"),), 1.0) is None


def test_every_root_has_to_be_proved_and_later_roots_are_reached_by_skipping() -> None:
    tree = tree_of("p", "q")
    step(tree, tree.roots[0], "exact hp")
    assert not tree.is_proved
    assert replay(tree.roots[1]) == ["skip", "· admit"]
    step(tree, tree.roots[1], "exact hq")
    assert block_of(proof_steps(tree.roots)) == "· exact hp\n· exact hq"


def test_the_path_to_a_goal_admits_the_goals_before_it() -> None:
    tree = tree_of("a")
    _, _, third = step(tree, tree.roots[0], "t", "b", "c", "d")
    (below,) = step(tree, third, "u", "e")
    assert replay(below) == ["t", "· admit", "· admit", "u"]


def test_a_banned_edge_takes_back_what_rested_on_it() -> None:
    tree = tree_of("a")
    (b,) = step(tree, tree.roots[0], "t", "b")
    step(tree, b, "bad")
    assert tree.is_proved
    tree.ban(closing_edges(tree.roots)[-1])
    assert not tree.is_proved
    step(tree, b, "good")
    assert block_of(proof_steps(tree.roots)) == "t\ngood"


def test_an_unproved_tree_has_no_text() -> None:
    with pytest.raises(ValueError):
        proof_steps(tree_of("a").roots)


@pytest.mark.parametrize(
    ("text", "blocks", "expected"),
    [
        ("intro h", ["exact h"], "intro h\nexact h"),
        (
            "induction n with\n| zero => ?_\n| succ n ih => ?_",
            ["rfl", "rw [ih]\nsimp"],
            "induction n with\n| zero => rfl\n| succ n ih =>\n  rw [ih]\n  simp",
        ),
        (
            "cases h with | inl a => ?_ | inr b => ?_",
            ["exact x", "exact y"],
            "cases h with\n| inl a => exact x\n| inr b => exact y",
        ),
        (
            "cases h with | intro x hx => ?_",
            ["exact x", "exact y"],
            "cases h with | intro x hx => ?_\n· exact x\n· exact y",
        ),
        ("constructor", ["simp\nrfl", "simp"], "constructor\n· simp\n  rfl\n· simp"),
    ],
)
def test_the_text_is_laid_out_as_a_person_would(text: str, blocks: list[str], expected: str) -> None:
    parts = tuple(Step(text=block) for block in blocks)
    assert block_of((Step(text=text, parts=parts),)) == expected


@pytest.mark.parametrize(
    ("goals", "expected"),
    [
        (["⊢ p", "⊢ q"], [(0, 1), (1, 2)]),
        (["⊢ p ?x", "⊢ q", "⊢ r ?x", "⊢ s"], [(0, 3), (3, 4)]),
        (["⊢ p ?w", "case w\n⊢ Nat", "case h\n⊢ q"], [(0, 2), (2, 3)]),
        (["⊢ p ?left.refine_3.w", "case left.w\n⊢ Nat"], [(0, 2)]),
        (["⊢ p ?m.12", "⊢ Nat", "case h\n⊢ q"], [(0, 2), (2, 3)]),
        (["case refine_1\n⊢ p", "case refine_2\n⊢ q"], [(0, 1), (1, 2)]),
        (["case cons.refine_1\n⊢ p", "case cons.refine_2\n⊢ q"], [(0, 1), (1, 2)]),
        (["case refine_1\n⊢ p ?refine_2", "case refine_2\n⊢ Nat"], [(0, 2)]),
    ],
)
def test_goals_that_share_metavariables_belong_together(goals: list[str], expected: list[tuple[int, int]]) -> None:
    assert together([parse_goal(text) for text in goals]) == expected


@pytest.mark.parametrize(
    ("before", "after", "is_lost"),
    [
        (["⊢ p ?w", "case h\n⊢ q ?w", "case w\n⊢ Nat"], ["case h\n⊢ q 0"], False),
        (["⊢ p ?w", "case h\n⊢ q ?w", "case w\n⊢ Nat"], [], True),
        (["⊢ p ?w", "case h\n⊢ q ?w", "case w\n⊢ Nat"], ["case new\n⊢ r"], True),
        (["⊢ p ?w", "case w\n⊢ Nat"], [], False),
        (["case refine_1\n⊢ False", "case refine_2\n⊢ q"], [], True),
        (["⊢ p ?m.1", "⊢ Nat"], [], False),
        (["⊢ p"], [], False),
    ],
)
def test_a_goal_that_a_tactic_cannot_have_proved_is_missed(before: list[str], after: list[str], is_lost: bool) -> None:
    goals = [[parse_goal(text) for text in texts] for texts in (before, after)]
    assert lost_goals(goals[0], goals[1]) is is_lost


def test_what_metavariables_are_called_does_not_tell_states_apart() -> None:
    states = [[parse_goal(f"⊢ p {a} {b}"), parse_goal(f"⊢ q {a}")] for a, b in (("?x", "?y"), ("?m.3", "?m.1"))]
    assert normal_form(states[0]) == normal_form(states[1])
    assert normal_form(states[0]) != normal_form([parse_goal("⊢ p ?x ?x"), parse_goal("⊢ q ?x")])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("simp [aaaa, bbbb, cccc]", "simp [aaaa, bbbb,\n    cccc]"),
        ("· simp [aaaa, bbbb, cccc]", "· simp [aaaa,\n      bbbb, cccc]"),
        ("| succ n ih => simp [aa]", "| succ n ih =>\n  simp [aa]"),
        ("exact match h with | a => (f | g) | b => c", "exact match h with\n  | a => (f | g)\n  | b => c"),
        ("rw [aaaaaa, bbbbbbb, cccccc, ddddddd]", "rw [aaaaaa,\n    bbbbbbb,\n    cccccc,\n    ddddddd]"),
        ("exact ⟨f a, g ⟨b, c⟩⟩", "exact ⟨f a,\n    g ⟨b, c⟩⟩"),
        ("exact a_name_that_is_long", "exact a_name_that_is_long"),
        ("a, b, c, d, e, f, g, h, i, j", "a, b, c, d, e, f, g, h, i, j"),
    ],
)
def test_long_lines_are_broken_inside_brackets_where_that_helps(line: str, expected: str) -> None:
    assert broken(line, 18) == expected
