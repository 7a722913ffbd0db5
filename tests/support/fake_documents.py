"""A document server in this process, whose Lean is a function from text to diagnostics, or to an error to raise."""

from collections.abc import Callable, Sequence

from attrs import define, field

from lean_sidekick.core.goals import Goal, parse_goals
from lean_sidekick.core.positions import Position, Range
from lean_sidekick.lean.diagnostics import Diagnostic, Severity
from lean_sidekick.lean.gates import Gates
from lean_sidekick.lean.version import LeanVersion

Lean = Callable[[str], Sequence[Diagnostic]]


def at(line: int, message: str, severity: Severity = Severity.ERROR) -> Diagnostic:
    """A diagnostic that begins at a line."""
    start = Position(line, 0)
    return Diagnostic(range=Range(start, start), severity=severity, message=message)


def information(line: int, message: str = "") -> Diagnostic:
    """What `trace` or `#check` prints at a line."""
    return at(line, message, Severity.INFORMATION)


@define
class FakeDocument:
    """See `lean.api.Document`."""

    uri: str
    text: str
    server: "FakeServer"
    version: int = 1

    async def change(self, text: str) -> int:
        self.text = text
        self.version += 1
        return self.version

    async def diagnostics(self, timeout_s: float) -> tuple[Diagnostic, ...]:
        self.server.elaborated.append(self.text)
        return tuple(self.server.lean(self.text))

    async def plain_goal(self, position: Position, timeout_s: float) -> tuple[Goal, ...] | None:
        return parse_goals(self.server.goals) if self.server.goals is not None else None

    async def plain_term_goal(self, position: Position, timeout_s: float) -> Goal | None:
        return None

    async def reopen(self, text: str) -> int:
        self.server.reopened += 1
        return await self.change(text)

    async def close(self) -> None:
        self.server.closed += 1


@define
class FakeServer:
    """See `lean.api.DocumentServer`."""

    lean: Lean
    goals: tuple[str, ...] | None = ("⊢ True",)
    elaborated: list[str] = field(factory=list)
    opened: list[str] = field(factory=list)
    reopened: int = 0
    closed: int = 0
    gates: Gates = field(factory=lambda: Gates.for_version(LeanVersion(4, 20, 0), is_early=False))

    async def open(self, uri: str, text: str) -> FakeDocument:
        self.opened.append(uri)
        return FakeDocument(uri, text, self)

    async def close(self) -> None:
        self.closed += 1
