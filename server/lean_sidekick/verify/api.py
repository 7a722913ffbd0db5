"""The Verifier interface: candidates in, one outcome each out.

Implementations are interchangeable (shadow documents, recordings). They name these protocols in
annotations and inherit from nothing.
"""

from collections.abc import AsyncGenerator, Sequence
from enum import Enum
from typing import Protocol

from attrs import frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.errors import LeanCrashed, ProtocolError, StaleDocument
from lean_sidekick.core.finished_proofs import FinishedProof
from lean_sidekick.core.goals import Goal, ProofState
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome
from lean_sidekick.core.sites import ProofSite

BROKEN = (LeanCrashed, ProtocolError, StaleDocument)
"""What ends a question without an answer: a check that meets one of them crashed."""

HUNG = "did not end in time"
"""The message of a candidate that ran alone for its full time limit, without an end."""


class Priority(Enum):
    """Whose question it is: what the user looks at goes first."""

    CURSOR = "the site at the cursor"
    BACKGROUND = "a search in the background"


class FinalStatus(Enum):
    """What the final check said of a whole declaration."""

    ACCEPTED = "accepted"
    ACCEPTED_WITH_SORRY = "accepted, but depends on an unfinished declaration"
    ACCEPTED_AXIOMS_UNKNOWN = "accepted, but this Lean refuses to say its axioms"
    UNVERIFIED_AXIOMS = "no error, but its axioms cannot be read"
    REFUSED = "refused"
    TIMED_OUT = "timed out"
    CRASHED = "crashed"


@frozen(kw_only=True)
class FinalVerdict:
    """The final check of a finished proof: status, the axioms it uses, and the reason in words."""

    status: FinalStatus
    axioms: tuple[str, ...] = ()
    message: str = ""


@frozen(kw_only=True)
class SiteState:
    """What Lean says of a site before any candidate: its goals, and what is wrong above the hole.

    `prefix_error` is the first error of the declaration before the hole, "" if there is none. Outcomes at
    a site with such an error, or with `sorry` in a goal, are labelled and never counted as proof.
    """

    state: ProofState
    prefix_error: str


@frozen(kw_only=True)
class Place:
    """Candidates for the main goal after some tactic lines, which must all be run below the site's main goal."""

    steps: tuple[str, ...]
    candidates: tuple[Candidate, ...]


class Session(Protocol):
    """One open site. Sessions of one verifier take turns; `close` gives its document back."""

    @property
    def site(self) -> ProofSite:
        """The site this session was opened for."""

    async def known_tactics(self, texts: Sequence[str], budget: Budget) -> frozenset[str]:
        """Which of these tactic texts this toolchain parses and can elaborate under the site's header.

        Learned once for a header and remembered.
        """

    async def site_state(self, budget: Budget) -> SiteState:
        """The goals at the hole.

        Raises TimedOut, LeanCrashed, ImportsOutOfDate, and InputError where no tactic can stand.
        """

    def check(
        self, steps: Sequence[str], candidates: Sequence[Candidate], budget: Budget
    ) -> AsyncGenerator[CheckedCandidate, None]:
        """Runs each candidate on the main goal after the tactic block lines `steps` stand in the hole.

        What the policy refuses is not run.

        Yields exactly one outcome for each candidate, as soon as it is known, in any order; when the
        budget ends, what was not run is yielded as timed out. `closed` is provisional until `confirm` says it.
        """

    async def check_together(self, places: Sequence[Place], budget: Budget) -> list[dict[str, Outcome]]:
        """Runs the candidates of several places in one edit, as far as that goes.

        Gives, for each place, the outcomes that are settled, by candidate text; for the others `check` has to be asked.
        """

    def refuses(self, candidate: Candidate) -> Outcome | None:
        """Why the policy refuses a candidate, None if it may run: to be asked before `run_steps`, which runs all."""

    async def run_steps(self, steps: Sequence[str], budget: Budget) -> Outcome:
        """Runs tactic lines in the hole, one after the other, and says what is left of all goals there.

        `progress` has all of them, `closed` says that none is left: no proof by itself, since the lines may hold
        `sorry`. An error in the last of the lines is a failure.
        """

    async def narrowed(self, steps: Sequence[str], text: str, budget: Budget) -> str | None:
        """A `simp` after the steps as `simp only […]` with what it uses, not yet run; None if Lean does not say."""

    async def confirm(self, block: str, budget: Budget) -> Outcome:
        """Runs a block alone in the hole, exactly as the user would have it, all goals counted.

        `closed` means: no goal is left at the hole and no new error in the declaration.
        """

    async def final_check(self, block: str, budget: Budget) -> FinalVerdict:
        """Checks the user's whole file with the block in the hole, on a fresh document."""

    async def close(self) -> None:
        """Ends the session; more calls are not allowed."""


class Verifier(Protocol):
    """Opens sites."""

    async def open(self, site: ProofSite, priority: Priority = Priority.CURSOR) -> Session:
        """Opens a site; raises LeanUnavailable if there is no Lean to ask."""

    async def goals_before_steps(self, uri: str, text: str, proof: FinishedProof) -> Sequence[Goal | None] | None:
        """The main goal before each step of a finished proof of a text, None for a step where Lean sees none.

        Asks only about what Lean has elaborated already, and waits for nobody long; None where nothing can be said now.
        """

    async def close(self) -> None:
        """Ends all sessions and the processes behind them."""
