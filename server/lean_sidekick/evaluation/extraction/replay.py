"""Replaying steps: the file is cut behind a traced tactic and run again, as an editor would, under its own header.

The text goes into a shadow document of the file, up to the end of the declaration, with a `skip` behind the tactic; the
goals where the tactic begins must be those traced before it, and those at the `skip` those traced after it. Nothing
here shares code with the way in which the step was traced.

The Lean of 2021 tells an editor all hypotheses, but leaves inaccessible ones out of a state where nothing visible needs
them, and the names of those that are propositions. So what is inaccessible is compared where a state has it, without
its name. Numbers of metavariables (`?m.12`) differ from run to run and are not compared.
"""

import re
from collections.abc import Sequence
from enum import Enum

from attrs import define, field, frozen

from lean_sidekick.core.errors import ImportsOutOfDate, InputError, LeanCrashed, TimedOut
from lean_sidekick.core.goals import INACCESSIBLE_MARK, Goal
from lean_sidekick.core.positions import TextMap
from lean_sidekick.evaluation.extraction.assemble import NO_GOALS
from lean_sidekick.evaluation.extraction.traced import SourcePoint, TracedStep, TracedTheorem
from lean_sidekick.lean.api import Document, DocumentServer

REPLAY_S = 120.0
"""Seconds for Lean to get to a step."""

_PROBE = "skip"
_NUMBERED = re.compile(r"\?[mu]\.\d+")
_MARKED = re.compile(r"[^\s()\[\]{},:]*✝[¹²³⁰⁴⁵⁶⁷⁸⁹]*")
_HYPOTHESIS = re.compile(r"(?P<names>[^⊢|:]*?) : (?P<type>.*)")
_GOAL_BREAK = re.compile(r"\n\n(?=\S| :)")


class Replayed(Enum):
    """What came of a replay; the values are those of reports."""

    SAME = "the state after"
    OTHER_AFTER = "another state after"
    OTHER_BEFORE = "another state before"
    NOT_RUN = "Lean did not answer"


@frozen(kw_only=True)
class Replay:
    """What came of a step, and the state that was seen instead, or why there was none."""

    outcome: Replayed
    seen: str = ""


@define(kw_only=True)
class Replayer:
    """Replays steps of one file after the other; whoever makes it closes it."""

    server: DocumentServer
    _document: Document | None = field(default=None, init=False)

    async def run(self, uri: str, text: str, theorem: TracedTheorem, step: TracedStep) -> Replay:
        """Runs a step of a theorem again; `text` is that of the file, with LF line ends. Raises LeanUnavailable."""
        start = offset_of(text, step.start)
        cut, probe = cut_behind(text, theorem, step)
        try:
            document = await self._opened(uri, cut)
            places = TextMap(cut)
            before = await document.plain_goal(places.position(start), REPLAY_S)
            after = await document.plain_goal(places.position(probe), REPLAY_S)
        except (TimedOut, LeanCrashed, ImportsOutOfDate, InputError) as error:
            return Replay(outcome=Replayed.NOT_RUN, seen=str(error))
        if before is None or not is_same_state(step.state_before, before):
            return Replay(outcome=Replayed.OTHER_BEFORE, seen=_shown(before))
        if after is None or not is_same_state(step.state_after, after):
            return Replay(outcome=Replayed.OTHER_AFTER, seen=_shown(after))
        return Replay(outcome=Replayed.SAME)

    async def close(self) -> None:
        """Ends the worker."""
        if self._document is not None:
            await self._document.close()

    async def _opened(self, uri: str, text: str) -> Document:
        if self._document is not None and self._document.uri == uri:
            await self._document.change(text)
            return self._document
        if self._document is not None:
            await self._document.close()
            self._document = None
        self._document = await self.server.open(uri, text)
        return self._document


def cut_behind(text: str, theorem: TracedTheorem, step: TracedStep) -> tuple[str, int]:
    """The text to the end of a theorem with a probe behind one of its steps, and the offset of the probe.

    The probe stands on a line of its own below the step, but beside a `;`: then the step's column is not that of its
    block, or what follows it (`intro` takes names) is no part of it only because of the `;`.
    """
    start, end = offset_of(text, step.start), offset_of(text, step.end)
    line_start = text.rfind("\n", 0, start) + 1
    is_in_row = text[line_start:start].rstrip().endswith(";") or text[end:].lstrip(" ").startswith(";")
    gap = "; " if is_in_row else "\n" + " " * (start - line_start)
    last = offset_of(text, theorem.end)
    return f"{text[:end]}{gap}{_PROBE}{text[end:last]}\n", end + len(gap)


def offset_of(text: str, point: SourcePoint) -> int:
    """Where a place of a file stands in its text."""
    return TextMap(text).line_start(point.line - 1) + point.column - 1


def is_same_state(state: str, goals: Sequence[Goal]) -> bool:
    """Whether goals that Lean told an editor are those of a traced state, apart from what the module says."""
    traced = () if state == NO_GOALS else _GOAL_BREAK.split(state)
    return len(traced) == len(goals) and all(
        _is_same_goal(_Printed.read(one), _Printed.read(_with_case(other)))
        for one, other in zip(traced, goals, strict=True)
    )


@frozen(kw_only=True)
class _Printed:
    """A goal by lines: those of accessible hypotheses one by one, inaccessible types, and all else in order."""

    accessible: tuple[tuple[str, str], ...]
    inaccessible: frozenset[str]
    rest: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> "_Printed":
        accessible: list[tuple[str, str]] = []
        inaccessible: set[str] = set()
        rest: list[str] = []
        for line in _lines(_MARKED.sub(INACCESSIBLE_MARK, _NUMBERED.sub("?", text))):
            match = _HYPOTHESIS.fullmatch(line)
            if match is None:
                rest.append(line)
                continue
            names = [name for name in match["names"].split() if name != INACCESSIBLE_MARK]
            accessible += [(name, match["type"]) for name in names]
            if len(names) < max(1, len(match["names"].split())):
                inaccessible.add(match["type"])
        return cls(accessible=tuple(accessible), inaccessible=frozenset(inaccessible), rest=tuple(rest))


def _is_same_goal(traced: _Printed, told: _Printed) -> bool:
    is_known = all(any(_says(other, one) for other in told.inaccessible) for one in traced.inaccessible)
    return is_known and traced.accessible == told.accessible and traced.rest == told.rest


def _says(told: str, traced: str) -> bool:
    """Whether a type is told, of a `let` variable with its value, which a state leaves out with the name."""
    return told == traced or told.startswith(f"{traced} := ")


def _lines(text: str) -> list[str]:
    """The lines of a goal, each with what continues it, which is indented by two blanks at least."""
    lines: list[str] = []
    for line in text.split("\n"):
        if lines and line.startswith("  "):
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    return lines


def _with_case(goal: Goal) -> str:
    return f"case {goal.case_name}\n{goal.text}" if goal.case_name else goal.text


def _shown(goals: Sequence[Goal] | None) -> str:
    if goals is None:
        return "no tactic stands there"
    return "\n\n".join(map(_with_case, goals)) or NO_GOALS
