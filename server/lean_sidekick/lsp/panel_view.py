"""What the panel shows of a round and of a search, as the values that travel; all of bounded size. Pure."""

from collections.abc import Iterable, Sequence

from lean_sidekick.core.goal_changes import Change, ChangedGoal, ChangedHypothesis, changed_goals
from lean_sidekick.core.goals import Goal, Hypothesis
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.engine.api import Suggestion
from lean_sidekick.engine.search_outline import Outline
from lean_sidekick.lsp.panel_messages import (
    PanelChangedParams,
    PanelGoal,
    PanelHypothesis,
    PanelState,
    PanelSuggestion,
    PanelTally,
    SearchTreeChangedParams,
    SearchTreeItem,
)
from lean_sidekick.lsp.round import Round
from lean_sidekick.lsp.snapshot import Snapshot

MOST_ROWS = 300
_MOST_GOALS = 12
_MOST_GROUPS = 100
_MOST_CHARACTERS = 4000
_STOPPED = "Nothing is looked for here while other work goes on."


def nothing(snapshot: Snapshot, message: str) -> PanelChangedParams:
    """A place without a goal, with the reason."""
    return PanelChangedParams(
        uri=snapshot.uri,
        version=snapshot.version,
        round=0,
        state=PanelState.NOTHING,
        message=message,
        goals=(),
        more=0,
        suggestions=(),
        checks=0,
        milliseconds=0,
        first=None,
        tallies=(),
    )


def round_view(known: Round, suggestions: Sequence[Suggestion]) -> PanelChangedParams:
    """What is known of a round by now."""
    latest = known.latest
    if latest is None and not known.is_running:
        return nothing(known.snapshot, known.trouble or _STOPPED)
    goals = latest.state.goals if latest is not None else ()
    return PanelChangedParams(
        uri=known.snapshot.uri,
        version=known.snapshot.version,
        round=known.number,
        state=PanelState.RUNNING if known.is_running else PanelState.DONE,
        message=" ".join(filter(None, (known.trouble, known.warning, latest.model_trouble if latest else ""))),
        goals=tuple(_plain(goal) for goal in goals[:_MOST_GOALS]),
        more=max(0, len(goals) - _MOST_GOALS),
        suggestions=tuple(_suggestion(goals, suggestion) for suggestion in suggestions),
        checks=latest.checks if latest is not None else 0,
        milliseconds=round(known.seconds * 1000),
        first=None if known.first_s is None else round(known.first_s * 1000),
        tallies=tuple(
            PanelTally(source=tally.source.value, run=tally.run, good=tally.good)
            for tally in (latest.tallies if latest is not None else ())
        ),
    )


def search_tree(uri: str, outline: Outline, message: str, *, is_running: bool) -> SearchTreeChangedParams:
    """A search in rows."""
    return SearchTreeChangedParams(
        uri=uri,
        declaration=outline.declaration,
        running=is_running,
        message=message,
        items=tuple(
            SearchTreeItem(
                id=item.id, parent=item.parent, kind=item.kind, state=item.state, text=item.text, detail=item.detail
            )
            for item in outline.items
        ),
        more=outline.left_out,
    )


def _suggestion(before: Sequence[Goal], suggestion: Suggestion) -> PanelSuggestion:
    left = suggestion.goals_left
    return PanelSuggestion(
        tactic=suggestion.candidate.text,
        effect=suggestion.effect,
        source=suggestion.candidate.source.value,
        closes=suggestion.outcome.kind is OutcomeKind.CLOSED,
        goals=tuple(_changed(goal) for goal in changed_goals(before, left[:_MOST_GOALS])) if before else (),
        more=max(0, len(left) - _MOST_GOALS),
    )


def _plain(goal: Goal) -> PanelGoal:
    groups = [ChangedHypothesis(hypothesis=group, change=Change.SAME) for group in goal.hypotheses]
    # The newest hypotheses are those that matter.
    hidden = sum(len(group.hypothesis.names) for group in groups[:-_MOST_GROUPS])
    return _goal(goal, groups[-_MOST_GROUPS:], same=hidden, is_changed=False, is_other=False)


def _changed(changed: ChangedGoal) -> PanelGoal:
    return _goal(
        changed.goal,
        changed.hypotheses[:_MOST_GROUPS],
        same=changed.same_count,
        is_changed=changed.is_target_changed,
        is_other=changed.is_other,
    )


def _goal(
    goal: Goal, hypotheses: Iterable[ChangedHypothesis], *, same: int, is_changed: bool, is_other: bool
) -> PanelGoal:
    return PanelGoal(
        case=goal.case_name,
        hypotheses=tuple(_hypothesis(one) for one in hypotheses),
        same=same,
        sign="|" if goal.is_conv else "⊢",
        target=_cut(goal.target or goal.text),
        changed=is_changed,
        other=is_other,
    )


def _hypothesis(one: ChangedHypothesis) -> PanelHypothesis:
    hypothesis = one.hypothesis
    return PanelHypothesis(
        names=hypothesis.names,
        type=_cut(hypothesis.type),
        value=None if hypothesis.value is None else _cut(hypothesis.value),
        change=one.change,
        before=None if one.before is None else _cut(_type_and_value(one.before)),
    )


def _type_and_value(hypothesis: Hypothesis) -> str:
    return hypothesis.type if hypothesis.value is None else f"{hypothesis.type} := {hypothesis.value}"


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
