"""From checked candidates to the order in which they are shown. Pure.

What Lean said decides: what closes all goals comes first, then what closes this goal. What leaves goals is ordered by
what it costs: how unlikely it is to bring the proof forward, how many goals it leaves, how long they are, and whether
they speak of what cannot be named. So `intro h` stands before a rewriting that leaves a shorter goal and helps
nobody. Of candidates that leave the same goals the cheapest one stays.
"""

from collections.abc import Iterable, Mapping

from lean_sidekick.core.goals import INACCESSIBLE_MARK, Goal
from lean_sidekick.core.outcomes import CheckedCandidate, OutcomeKind
from lean_sidekick.core.render import site_edit
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.api import Suggestion
from lean_sidekick.tactics.merge import progress_cost

TARGET_LENGTH = 60
_EACH_GOAL = 0.7
_CHARACTERS = 150.0
"""Characters of goals that cost as much as a step that is less likely by the factor e."""
_UNNAMED = 1.0


def rank(
    site: ProofSite,
    checked: Iterable[CheckedCandidate],
    others: tuple[Goal, ...],
    confirmed: Mapping[str, tuple[Goal, ...]],
    limit: int,
) -> tuple[Suggestion, ...]:
    """The suggestions in the order shown, at most `limit`.

    `others` are the goals at the site beside the main one; `confirmed` has the texts that were run once
    more alone, each with all goals left after it.
    """
    good = [c for c in checked if c.outcome.kind.is_good]
    good.sort(key=_order)
    seen: set[str] = set()
    suggestions = []
    for item in good:
        effect_key = "\n\n".join(sorted(goal.normal_form() for goal in item.outcome.goals))
        if effect_key and effect_key in seen:
            continue
        seen.add(effect_key)
        suggestions.append(_suggestion(site, item, others, confirmed.get(item.candidate.text)))
    return tuple(suggestions[:limit])


def describe(outcome_goals: tuple[Goal, ...], others: tuple[Goal, ...]) -> str:
    """The effect of a candidate on all goals, in words."""
    left = (*outcome_goals, *others)
    if not left:
        return "closes the goal"
    count = "1 goal left" if len(left) == 1 else f"{len(left)} goals left"
    target = " ".join(left[0].target.split())
    if len(target) > TARGET_LENGTH:
        target = target[: TARGET_LENGTH - 1] + "…"
    closes = "" if outcome_goals else "closes this goal, "
    return f"{closes}{count}: ⊢ {target}"


def _order(item: CheckedCandidate) -> tuple[bool, float, int]:
    is_open = item.outcome.kind is not OutcomeKind.CLOSED
    return is_open, _cost(item) if is_open else -item.candidate.score, len(item.candidate.text)


def _cost(item: CheckedCandidate) -> float:
    """On the scale of minus a score, for what leaves goals."""
    goals = item.outcome.goals
    size = sum(len(goal.text) for goal in goals)
    has_unnamed = any(INACCESSIBLE_MARK in goal.target for goal in goals)
    return (
        progress_cost(item.candidate)
        + _EACH_GOAL * max(0, len(goals) - 1)
        + size / _CHARACTERS
        + (_UNNAMED if has_unnamed else 0.0)
    )


def _suggestion(
    site: ProofSite, item: CheckedCandidate, others: tuple[Goal, ...], left_when_confirmed: tuple[Goal, ...] | None
) -> Suggestion:
    goals = item.outcome.goals
    if left_when_confirmed is not None:
        # A check alone in its place says it best: closing one goal may close others that share a metavariable.
        others = left_when_confirmed
    return Suggestion(
        candidate=item.candidate,
        outcome=item.outcome,
        goals_left=(*goals, *others),
        edit=site_edit(site, item.candidate.text),
        effect=describe(goals, others),
        is_confirmed=left_when_confirmed is not None,
    )
