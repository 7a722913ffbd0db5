"""The TacticGenerator interface: from a goal to candidates."""

from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.premises import Premise


@frozen(kw_only=True)
class Surroundings:
    """What stands around a site in its file: models read it, symbolic sources only the types that it declares.

    `text_above` is the file up to the declaration, `statement` the declaration from its keyword up to before `:=`,
    `declaration` its full name ("" if it has none), `doc` its doc comment, `steps` the tactics above the site.
    """

    text_above: str = ""
    statement: str = ""
    declaration: str = ""
    doc: str = ""
    steps: tuple[str, ...] = ()


@frozen(kw_only=True)
class TacticRequest:
    """What a generator may look at: the main goal, the accessible premises of the open file, and
    the tactics that this toolchain is known to have (None while that is not known).

    `retrieved` are premises that retrieval found for this goal, best first. `is_root` says that the goal is that of
    the declaration itself, before any tactic.
    """

    goal: Goal
    premises: tuple[Premise, ...] = ()
    known_tactics: frozenset[str] | None = None
    retrieved: tuple[Premise, ...] = ()
    surroundings: Surroundings = Surroundings()
    is_root: bool = False


class TacticGenerator(Protocol):
    """A source of candidates; the result is best first and without repeated texts."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Candidates for the main goal."""
