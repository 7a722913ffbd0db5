"""The in-document runner's message, and what its rows amount to. Pure.

One message with the nonce of the question is the answer; anything else is none. A row that cannot be an outcome
(a heavy candidate, a word of a later version) leaves its candidate to the plain way.
"""

import json
import re
from collections.abc import Iterable
from enum import Enum

from attrs import frozen

from lean_sidekick.core.goals import Goal, parse_goals
from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.core.positions import Position, Range
from lean_sidekick.lean.diagnostics import Diagnostic, Severity, is_heartbeat_timeout
from lean_sidekick.verify.packing import MESSAGE_LIMIT, failure

_PLACE = re.compile(r"<input>:\d+:\d+: ")
_NOWHERE = Range(Position(0, 0), Position(0, 0))


class NoAnswer(Enum):
    """Why there is no answer: the state to begin from is not kept (any more), or Lean said nothing of use."""

    UNKNOWN_BASE = "unknown base"
    SILENCE = "silence"


@frozen(kw_only=True)
class Row:
    """What the runner said of one candidate: `kind` is `ran`, `failed`, `parse error`, `timed out` or `too large`;
    `texts` are the goals where it ran, else Lean's messages."""

    kind: str
    texts: tuple[str, ...]


@frozen(kw_only=True)
class Answer:
    """The runner's message: the goals before, whether candidates saw the main goal alone, and a row for each candidate
    in order, None for those that there was no time for."""

    before: tuple[str, ...]
    is_focused: bool
    rows: tuple[Row | None, ...]


def read_answer(nonce: str, diagnostics: Iterable[Diagnostic]) -> Answer | NoAnswer:
    """The runner's answer; SILENCE if there is not exactly one with this nonce, or it cannot be read."""
    found = [
        d.message
        for d in diagnostics
        if d.severity is Severity.INFORMATION and d.message.lstrip().startswith(f'["{nonce}",')
    ]
    if len(found) != 1:
        return NoAnswer.SILENCE
    try:
        parts = json.loads(found[0])
        if parts[1:] == ["unknown"]:
            return NoAnswer.UNKNOWN_BASE
        _, before, focused, rows = parts
        return Answer(
            before=tuple(str(goal) for goal in before),
            is_focused=focused == "focused",
            rows=tuple(_row(row) for row in rows),
        )
    except (ValueError, TypeError):
        return NoAnswer.SILENCE


def _row(row: list[object] | None) -> Row | None:
    if row is None:
        return None
    kind, texts = row
    if not isinstance(texts, list):
        raise TypeError("a row without texts")
    return Row(kind=str(kind), texts=tuple(str(text) for text in texts))


def outcome_of(row: Row, answer: Answer) -> Outcome | None:
    """A row as an outcome; None where the plain way has to say it, because the candidate is heavy."""
    match row.kind:
        case "parse error":
            return Outcome(kind=OutcomeKind.PARSE_ERROR, message=_PLACE.sub("", row.texts[0], count=1)[:MESSAGE_LIMIT])
        case "failed":
            errors = [Diagnostic(range=_NOWHERE, severity=Severity.ERROR, message=text) for text in row.texts]
            return None if any(is_heartbeat_timeout(error) for error in errors) else failure(errors[0])
        case "ran":
            return _goals_outcome(parse_goals(row.texts), parse_goals(answer.before), answer.is_focused)
    return None


def _goals_outcome(after: tuple[Goal, ...], before: tuple[Goal, ...], is_focused: bool) -> Outcome:
    goals = after
    rest = () if is_focused else before[1:]
    if is_focused:
        before = before[:1]
    elif rest and goals[len(goals) - len(rest) :] == rest:
        goals = goals[: len(goals) - len(rest)]
    if not goals:
        return Outcome(kind=OutcomeKind.CLOSED)
    if any("sorryAx" in goal.text for goal in goals):
        return Outcome(kind=OutcomeKind.FAILED, message="leaves a goal that contains an error")
    same = [g.normal_form() for g in after] == [g.normal_form() for g in before]
    return Outcome(kind=OutcomeKind.NO_CHANGE if same else OutcomeKind.PROGRESS, goals=goals)
