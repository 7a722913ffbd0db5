"""The TacticGenerator interface: from a goal to candidates."""

from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.premises import Premise


@frozen(kw_only=True)
class TacticRequest:
    """What a generator may look at: the main goal, the accessible premises of the open file, and
    the tactics that this toolchain is known to have (None while that is not known)."""

    goal: Goal
    premises: tuple[Premise, ...] = ()
    known_tactics: frozenset[str] | None = None


class TacticGenerator(Protocol):
    """A source of candidates; the result is best first and without repeated texts."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Candidates for the main goal."""
