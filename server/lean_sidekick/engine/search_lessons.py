"""What a search teaches: of the candidates that were run at goals that it proved, which one was the step of the proof.

A trace beside the one that was asked for. Goals that were not proved teach nothing: nobody knows what would have
helped.
"""

from collections.abc import Callable

from attrs import define, field

from lean_sidekick.core.goals import Goal, parse_goal
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.search.trace import (
    BatchRun,
    CandidateRun,
    Event,
    NodeEnded,
    NodeMet,
    SearchBegan,
    SearchEnded,
    Trace,
)

Lesson = tuple[str, float, bool]
"""A tactic text, its score, and whether it was the step of the proof."""


@define(kw_only=True)
class SearchLessons:
    """Passes events on to `inner`, and gives the lessons of each proved goal at the end of a search."""

    inner: Trace
    teach: Callable[[Goal, list[Lesson]], None]
    _goals: dict[int, str] = field(factory=dict, init=False)
    _run: dict[int, list[CandidateRun]] = field(factory=dict, init=False)
    _proved: set[int] = field(factory=set, init=False)

    def write(self, event: Event) -> None:
        """See `Trace`."""
        self.inner.write(event)
        match event:
            case SearchBegan():
                self._forget()
            case NodeMet():
                self._goals[event.node] = event.goals[0]
            case BatchRun():
                self._run.setdefault(event.node, []).extend(event.candidates)
            case NodeEnded():
                if event.is_proved:
                    self._proved.add(event.node)
            case SearchEnded():
                for node in sorted(self._proved & self._run.keys()):
                    self._teach(node)
                self._forget()

    def _teach(self, node: int) -> None:
        taken = next((one for one in self._run[node] if self._proves(one)), None)
        if taken is not None:
            lessons = [(one.text, one.score, one is taken) for one in self._run[node]]
            self.teach(parse_goal(self._goals[node]), lessons)

    def _proves(self, candidate: CandidateRun) -> bool:
        if candidate.children is None:
            return candidate.outcome == OutcomeKind.CLOSED.value
        return all(child in self._proved for child in candidate.children)

    def _forget(self) -> None:
        self._goals.clear()
        self._run.clear()
        self._proved.clear()
