"""What a tactic changes in the goals, as values: hypotheses that came, went or are different, and the target.

Hypotheses are told apart by their names; those that cannot be typed (`h✝`) by name and type. What only moved counts as
unchanged. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

from attrs import frozen

from lean_sidekick.core.goals import INACCESSIBLE_MARK, Goal, Hypothesis


class Change(Enum):
    """What became of a hypothesis."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@frozen(kw_only=True)
class ChangedHypothesis:
    """Hypotheses of one type that share a fate; `before` is the one that a changed one was."""

    hypothesis: Hypothesis
    change: Change
    before: Hypothesis | None = None


@frozen(kw_only=True)
class ChangedGoal:
    """A goal after a tactic, beside the goal that it was run at.

    `hypotheses` are those that are not the same: first the removed ones, then the others in the order of the goal.
    `same_count` is how many names are. `is_other` says that it is another goal of the state before, untouched.
    """

    goal: Goal
    hypotheses: tuple[ChangedHypothesis, ...]
    same_count: int
    is_target_changed: bool
    is_other: bool


def changed_goals(before: Sequence[Goal], after: Iterable[Goal]) -> tuple[ChangedGoal, ...]:
    """The goals after a tactic that was run at the first goal of a state; that state has at least one goal."""
    others = Counter(goal.normal_form() for goal in before[1:])
    found = []
    for goal in after:
        form = goal.normal_form()
        is_other = others[form] > 0
        others[form] -= is_other
        found.append(_untouched(goal) if is_other else changed_goal(before[0], goal))
    return tuple(found)


def changed_goal(before: Goal, after: Goal) -> ChangedGoal:
    """What is different in one goal."""
    old, new = list(_single(before)), list(_single(after))
    kept = Counter(old) & Counter(new)
    left_old, left_new = _without(old, kept), _without(new, kept)
    nameable = {one.names: one for one in left_old if INACCESSIBLE_MARK not in one.names[0]}
    added = [
        ChangedHypothesis(hypothesis=one, change=Change.ADDED if was is None else Change.CHANGED, before=was)
        for one in left_new
        for was in [nameable.pop(one.names, None)]
    ]
    changed = {one.before for one in added}
    removed = [ChangedHypothesis(hypothesis=one, change=Change.REMOVED) for one in left_old if one not in changed]
    return ChangedGoal(
        goal=after,
        hypotheses=(*_grouped(removed), *_grouped(added)),
        same_count=kept.total(),
        is_target_changed=before.target != after.target,
        is_other=False,
    )


def _untouched(goal: Goal) -> ChangedGoal:
    return ChangedGoal(
        goal=goal, hypotheses=(), same_count=len(list(_single(goal))), is_target_changed=False, is_other=True
    )


def _single(goal: Goal) -> Iterator[Hypothesis]:
    """The hypotheses, one name each."""
    for group in goal.hypotheses:
        for name in group.names:
            yield Hypothesis(names=(name,), type=group.type, value=group.value)


def _without(hypotheses: Iterable[Hypothesis], kept: Counter[Hypothesis]) -> list[Hypothesis]:
    rest, left = Counter(kept), []
    for one in hypotheses:
        if rest[one] > 0:
            rest[one] -= 1
        else:
            left.append(one)
    return left


def _grouped(changes: Iterable[ChangedHypothesis]) -> Iterator[ChangedHypothesis]:
    """Neighbours of one type and one fate as one group again, as Lean prints them."""
    last: ChangedHypothesis | None = None
    for one in changes:
        if last is not None and _is_alike(last, one):
            names = (*last.hypothesis.names, *one.hypothesis.names)
            hypothesis = Hypothesis(names=names, type=one.hypothesis.type, value=one.hypothesis.value)
            last = ChangedHypothesis(hypothesis=hypothesis, change=one.change)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _is_alike(first: ChangedHypothesis, second: ChangedHypothesis) -> bool:
    return (
        first.change is second.change
        and Change.CHANGED is not first.change
        and (first.hypothesis.type, first.hypothesis.value) == (second.hypothesis.type, second.hypothesis.value)
        and first.hypothesis.value is None
    )
