"""All sources together: order, costs, and what holds for any goal whatever."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tactic_checks import EARLY, MODERN

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.goals import Goal, Hypothesis, parse_goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.merge import CANDIDATE_LIMIT, cost_of, default_generator, merge, progress_cost, safe_first
from lean_sidekick.tactics.portfolio import Cost

GOALS = [json.loads(line) for line in (Path(__file__).parent / "data" / "goals.jsonl").read_text("utf-8").splitlines()]
BRACKETS = {"(": ")", "[": "]", "⟨": "⟩", "{": "}"}


def check_candidates(candidates: list[Candidate], goal: Goal) -> None:
    """What every list of candidates promises."""
    texts = [candidate.text for candidate in candidates]
    assert len(set(texts)) == len(texts) <= CANDIDATE_LIMIT
    assert [c.score for c in candidates] == sorted((c.score for c in candidates), reverse=True)
    for candidate in candidates:
        text = candidate.text
        assert candidate.score <= 0
        assert text and text == text.strip()
        assert "✝" not in text and "⋯" not in text and "sorry" not in text
        open_brackets: list[str] = []
        for character in text:
            if character in BRACKETS:
                open_brackets.append(BRACKETS[character])
            elif character in BRACKETS.values():
                assert open_brackets and open_brackets.pop() == character, text
        assert not open_brackets, text


async def generate(goal: Goal, known: frozenset[str] | None, premises: tuple[Premise, ...] = ()) -> list[Candidate]:
    request = TacticRequest(goal=goal, known_tactics=known, premises=premises)
    return list(await default_generator().generate(request))


@pytest.mark.parametrize("known", [None, EARLY, MODERN], ids=["unknown", "early", "modern"])
async def test_recorded_goals(known: frozenset[str] | None) -> None:
    for text in GOALS:
        goal = parse_goal(text)
        first = await generate(goal, known)
        check_candidates(first, goal)
        assert first, text


@pytest.mark.parametrize(
    "text",
    [
        "a : Int\n⊢ - -a = a",
        "a b : Int\nh : -a < -b\n⊢ b - -a ≤ -(a * b)",
        "a b : Bool\n⊢ (!!a) = (a && !b)",
        "n : Nat\nh : ↑n = ↑(n + 1)\n⊢ -↑n + ↑n = 0",
    ],
)
async def test_operators_before_one_term(text: str) -> None:
    """`-` stands between two terms and before one; sources that look at both sides have to tell them apart."""
    goal = parse_goal(text)
    for known in (None, EARLY, MODERN):
        check_candidates(await generate(goal, known), goal)


def test_a_step_by_which_nothing_is_lost_goes_before_those_that_may_lead_nowhere() -> None:
    def scores(*candidates: tuple[str, float]) -> dict[str, float]:
        made = [Candidate(text=text, source=Source.SHAPE, score=score) for text, score in candidates]
        return {candidate.text: round(candidate.score, 2) for candidate in safe_first(made)}

    risky = (("induction n with | zero => ?_", -1.3), ("exact h", -1.0), ("simp", -1.5))
    assert scores(*risky) == dict(risky)
    opened = scores(("cases h with | intro a b => ?_", -0.2), ("cases k with | intro c d => ?_", -0.25), *risky)
    assert list(opened.values()) == [-0.2, -1.45, -2.5, -1.0, -1.5]
    # All ways to split are alike in that; to introduce is another matter.
    mixed = scores(("match h with | ⟨a, b⟩ => ?_", -0.2), ("cases k with | intro c d => ?_", -0.25), ("intro x", -0.3))
    assert list(mixed.values()) == [-0.2, -1.45, -0.3]


async def test_the_same_goal_gets_the_same_candidates() -> None:
    for text in GOALS[::7]:
        goal = parse_goal(text)
        assert await generate(goal, EARLY) == await generate(goal, EARLY)


TYPES = st.sampled_from(["Nat", "ℝ", "Prop", "α", "Type u_1", "List α", "α → Prop", "Bool", "a = b", "p ∧ q", "p ∨ q"])
STATEMENTS = st.recursive(
    st.sampled_from(["p", "q x", "a = b", "0 < n", "n ≤ m + 1", "x✝ = n", "?m.3 = a", "a :: l = []", "f ⋯ = 1"]),
    lambda inner: st.one_of(
        st.builds("({} ∧ {})".format, inner, inner),
        st.builds("({} ∨ {})".format, inner, inner),
        st.builds("({} → {})".format, inner, inner),
        st.builds("({} ↔ {})".format, inner, inner),
        st.builds("¬({})".format, inner),
        st.builds("(∃ (x : α), {})".format, inner),
        st.builds("(∀ (n✝ : Nat), {})".format, inner),
    ),
    max_leaves=6,
)
NAMES = st.lists(
    st.sampled_from(["h", "h✝", "x", "n", "m", "a", "b", "p", "q", "α", "l", "ih", "fun✝"]), min_size=1, max_size=3
)
HYPOTHESES = st.builds(
    lambda names, kind: Hypothesis(names=tuple(names), type=kind), NAMES, st.one_of(TYPES, STATEMENTS)
)


@settings(max_examples=60)
@given(st.lists(HYPOTHESES, max_size=6), STATEMENTS, st.sampled_from([None, EARLY, MODERN]))
async def test_any_goal(hypotheses: list[Hypothesis], target: str, known: frozenset[str] | None) -> None:
    lines = [f"{' '.join(h.names)} : {h.type}" for h in hypotheses]
    goal = parse_goal("\n".join([*lines, f"⊢ {target}"]))
    check_candidates(await generate(goal, known), goal)


@settings(max_examples=60)
@given(st.text(max_size=80), st.text(max_size=40))
async def test_any_text(goal_text: str, statement: str) -> None:
    goal = parse_goal(goal_text)
    premises = (Premise(full_name="foo", kind="theorem", statement=statement),)
    for candidate in await generate(goal, MODERN, premises):
        assert "✝" not in candidate.text


async def test_cheap_and_likely_ones_come_first() -> None:
    goal = parse_goal("n m : Nat\nh : n = m\n⊢ m = n")
    found = [candidate.text for candidate in await generate(goal, EARLY)]
    assert found[0] == "exact h.symm"
    assert found.index("rfl") < found.index("induction n with | zero => ?_ | succ n ih => ?_")


async def test_lemmas_of_the_file_are_used() -> None:
    premises = (Premise(full_name="foo_comm", kind="theorem", statement="(a b : Nat) : foo a b = foo b a"),)
    goal = parse_goal("x y : Nat\n⊢ foo x y = foo y x")
    assert (await generate(goal, EARLY, premises))[0].text == "exact foo_comm x y"


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("rfl", Cost.INSTANT),
        ("exact h.symm", Cost.INSTANT),
        ("simp [h]", Cost.FAST),
        ("simp [Nat.add_comm]", Cost.RISKY),
        ("exact Nat.add_comm a b", Cost.INSTANT),
        ("simp_all [f]", Cost.SLOW),
        ("induction n <;> simp_all", Cost.SLOW),
        ("nlinarith [sq_nonneg x]", Cost.HEAVY),
        ("decide", Cost.RISKY),
        ("something_else", Cost.FAST),
        ("", Cost.FAST),
    ],
)
def test_costs(text: str, cost: Cost) -> None:
    assert cost_of(text) is cost


def test_steps_that_should_end_a_goal_cost_more_when_they_leave_one() -> None:
    def cost(text: str) -> float:
        return progress_cost(Candidate(text=text, source=Source.PORTFOLIO, score=-1.0))

    assert cost("intro h") == 1.0
    assert cost("simp_all") == 2.0
    assert cost("induction n <;> simp_all") == 3.0


def test_merging_keeps_the_best_score_and_drops_what_cannot_be_typed() -> None:
    def candidate(text: str, score: float) -> Candidate:
        return Candidate(text=text, source=Source.SHAPE, score=score)

    merged = merge([candidate("a", -2), candidate("b", -1), candidate("a", -0.5), candidate("exact x✝", 0)], limit=9)
    assert [(c.text, c.score) for c in merged] == [("a", -0.5), ("b", -1)]
    assert len(merge([candidate(str(i), -i) for i in range(9)], limit=4)) == 4


def test_of_two_splits_that_differ_in_names_alone_the_better_one_is_tried() -> None:
    """Its goals are the same; tried twice, a search would prove each of them twice."""
    texts = {
        "induction l with | nil => ?_ | cons a as ih => ?_": -1.4,
        "induction l with | nil => ?_ | cons a l ih => ?_": -0.7,
        "induction l generalizing n with | nil => ?_ | cons a l ih => ?_": -1.5,
        "cases l with | nil => rfl | cons a l => ?_": -2.0,
        "cases l with | nil => simp | cons b l => ?_": -2.1,
    }
    merged = merge([Candidate(text=text, source=Source.SHAPE, score=score) for text, score in texts.items()], 9)
    assert [candidate.score for candidate in merged] == [-0.7, -1.5, -2.0, -2.1]


def test_a_step_that_computes_costs_no_more_than_its_score_and_goes_first() -> None:
    computes = Candidate(text="simp only [count]", source=Source.PORTFOLIO, score=-0.5)
    cases = Candidate(text="cases m with | nil => ?_ | cons a m => ?_", source=Source.SHAPE, score=-1.0)
    simp = Candidate(text="simp [count]", source=Source.PORTFOLIO, score=-0.5)
    assert progress_cost(computes) == 0.5 < progress_cost(simp)
    found = {candidate.text: candidate.score for candidate in safe_first([computes, cases, simp])}
    assert found[cases.text] < cases.score and found[simp.text] == simp.score
