"""The order of suggestions, and the words for what each does to all goals."""

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.goals import Goal, parse_goal
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.engine.ranking import describe, rank
from support.sites import sorry_site

SITE = sorry_site("theorem t : p := by\n  sorry\n")


def goal(target: str, hypotheses: str = "") -> Goal:
    return parse_goal(f"{hypotheses}⊢ {target}")


def checked(text: str, kind: OutcomeKind, *left: Goal, score: float = -1.0) -> CheckedCandidate:
    candidate = Candidate(text=text, source=Source.PORTFOLIO, score=score)
    return CheckedCandidate(candidate=candidate, outcome=Outcome(kind=kind, goals=left))


def order(*items: CheckedCandidate) -> list[str]:
    return [s.candidate.text for s in rank(SITE, items, (), {}, 10)]


def test_closing_comes_first_then_fewer_goals_then_simpler_ones_then_the_score() -> None:
    found = order(
        checked("two goals", OutcomeKind.PROGRESS, goal("a"), goal("b")),
        checked("long", OutcomeKind.PROGRESS, goal("a ∧ b ∧ c")),
        checked("short, new hypothesis", OutcomeKind.PROGRESS, goal("a", "h : very ∧ long ∧ hypothesis\n")),
        checked("short", OutcomeKind.PROGRESS, goal("a")),
        checked("closes, unlikely", OutcomeKind.CLOSED, score=-5.0),
        checked("closes", OutcomeKind.CLOSED, score=-0.1),
    )
    assert found == ["closes", "closes, unlikely", "short", "long", "short, new hypothesis", "two goals"]


def test_only_good_outcomes_are_shown() -> None:
    bad = [kind for kind in OutcomeKind if not kind.is_good]
    assert order(*(checked(kind.value, kind) for kind in bad)) == []


def test_of_candidates_with_the_same_effect_the_likelier_stays() -> None:
    found = order(
        checked("worse", OutcomeKind.PROGRESS, goal("a"), score=-3.0),
        checked("better", OutcomeKind.PROGRESS, goal("a"), score=-1.0),
    )
    assert found == ["better"]


def test_the_effect_counts_all_goals() -> None:
    assert describe((), ()) == "closes the goal"
    assert describe((goal("a"),), ()) == "1 goal left: ⊢ a"
    assert describe((goal("a"),), (goal("b"),)) == "2 goals left: ⊢ a"
    assert describe((), (goal("b"),)) == "closes this goal, 1 goal left: ⊢ b"
    assert len(describe((goal("x " * 500),), ())) < 100


def test_what_was_run_alone_says_what_is_left() -> None:
    """`rfl` at `?w = h` closes the goal of `?w` too."""
    item = checked("rfl", OutcomeKind.CLOSED)
    (suggestion,) = rank(SITE, [item], (goal("Nat"),), {"rfl": ()}, 10)
    assert suggestion.is_confirmed
    assert suggestion.effect == "closes the goal"
    assert suggestion.goals_left == ()
