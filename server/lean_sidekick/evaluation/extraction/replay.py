"""Replaying steps: a traced tactic is taken out of its file, and the verifier runs it there again.

The file stands in a shadow document with a `sorry` in the place of the step; the goals there must be those before the
step, and those after running it there those after it. So what was read out of Lean's information trees is compared with
what Lean says when a tactic is run as a user would run it, under the file's own header.

Equal goals are printed in two ways: a state leaves the names of inaccessible propositions out, and inaccessible
hypotheses that nothing depends on, which a message prints. They are compared without what only one of them says.
"""

import re
from collections.abc import Sequence
from enum import Enum

from attrs import frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import InputError, LeanCrashed, TimedOut
from lean_sidekick.core.goals import INACCESSIBLE_MARK, Goal, split_goals
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.core.positions import TextMap
from lean_sidekick.engine.site_finder import find_site
from lean_sidekick.evaluation.extraction.assemble import NO_GOALS
from lean_sidekick.evaluation.extraction.theorem_rows import plain_tactic
from lean_sidekick.evaluation.extraction.traced import SourcePoint, TracedStep
from lean_sidekick.verify.api import Verifier

REPLAY_S = 60.0
"""Seconds for one step, its file included."""

_HOLE = "sorry"
_MARKED = re.compile(r"[^\s()\[\]{},:]*✝[¹²³⁰⁴⁵⁶⁷⁸⁹]*")
_NAMELESS = re.compile(r"\?[mu]\.\d+")


class Replayed(Enum):
    """What came of a replay; the values are those of reports."""

    SAME = "the state after"
    OTHER_AFTER = "another state after"
    OTHER_BEFORE = "another state before"
    FAILED = "the tactic fails"
    NO_SITE = "no place for a tactic there"
    NOT_RUN = "Lean did not answer"


@frozen(kw_only=True)
class Replay:
    """A step with what came of it, and in words what was seen instead."""

    path: str
    step: TracedStep
    outcome: Replayed
    seen: str


async def replay(verifier: Verifier, uri: str, version: int, path: str, text: str, step: TracedStep) -> Replay:
    """Runs a step of a file again; `text` is the file's, with LF line ends. Raises LeanUnavailable."""
    start, end = offset_of(text, step.start), offset_of(text, step.end)
    holed = f"{text[:start]}{_HOLE}{text[end:]}"

    def told(outcome: Replayed, seen: str = "") -> Replay:
        return Replay(path=path, step=step, outcome=outcome, seen=seen)

    try:
        session = await verifier.open(find_site(holed, uri, version, TextMap(holed).position(start)))
        try:
            budget = Budget(seconds=REPLAY_S, checks=10)
            before = (await session.site_state(budget)).state.goals
            if not same_goals(step.state_before, before):
                return told(Replayed.OTHER_BEFORE, shown(before))
            outcome = await session.run_steps([plain_tactic(step)], budget)
        finally:
            await session.close()
    except InputError as error:
        return told(Replayed.NO_SITE, str(error))
    except (TimedOut, LeanCrashed) as error:
        return told(Replayed.NOT_RUN, str(error))
    if outcome.kind in (OutcomeKind.TIMED_OUT, OutcomeKind.CRASHED):
        return told(Replayed.NOT_RUN, outcome.message)
    if outcome.kind not in (OutcomeKind.PROGRESS, OutcomeKind.CLOSED):
        return told(Replayed.FAILED, outcome.message)
    if not same_goals(step.state_after, outcome.goals):
        return told(Replayed.OTHER_AFTER, shown(outcome.goals))
    return told(Replayed.SAME)


def same_goals(state: str, goals: Sequence[Goal]) -> bool:
    """Whether goals are those of a traced state, apart from what only one way of printing says."""
    traced = () if state == NO_GOALS else split_goals(state)
    return len(traced) == len(goals) and all(map(_same_goal, traced, goals))


def shown(goals: Sequence[Goal]) -> str:
    """Goals as a state is written."""
    return "\n\n".join(goal.text for goal in goals) or NO_GOALS


def offset_of(text: str, point: SourcePoint) -> int:
    """Where a place of a file stands in its text."""
    start = TextMap(text).line_start(point.line - 1)
    return start + point.column - 1


def _same_goal(state: Goal, goal: Goal) -> bool:
    if _plain(state.target) != _plain(goal.target):
        return False
    known = [_hypothesis(names, kind, value) for names, kind, value in _hypotheses(state)]
    seen = [_hypothesis(names, kind, value) for names, kind, value in _hypotheses(goal)]
    visible = [one for one in seen if one[0]]
    return [one for one in known if one[0]] == visible and {one for one in known if not one[0]} <= set(seen)


def _hypotheses(goal: Goal) -> list[tuple[tuple[str, ...], str, str | None]]:
    found: list[tuple[tuple[str, ...], str, str | None]] = []
    for line in _joined(goal.text):
        if line.startswith(" : "):  # a proposition without a name
            found.append(((), line[3:], None))
    found += [
        ((name,), hypothesis.type, hypothesis.value) for hypothesis in goal.hypotheses for name in hypothesis.names
    ]
    return found


def _joined(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        if lines and line.startswith("  "):
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    return lines


def _hypothesis(names: tuple[str, ...], kind: str, value: str | None) -> tuple[str, str, str]:
    name = "".join(name for name in names if INACCESSIBLE_MARK not in name)
    return name, _plain(kind), _plain(value or "")


def _plain(text: str) -> str:
    """Without line breaks, marked names and numbers of metavariables, which differ from run to run."""
    return " ".join(_NAMELESS.sub("?_", _MARKED.sub("✝", text)).split())
