"""The engine's public words: what the editor's side and the command line ask for and get.

An `Engine` belongs to one project root. It reads immutable document texts, never the disk, and every answer
names the document version it is for. Errors are `SidekickError`s whose message is for the user.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from enum import Enum
from typing import Protocol

from attrs import frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.goals import Goal, ProofState
from lean_sidekick.core.outcomes import Outcome
from lean_sidekick.core.positions import Position, TextEdit
from lean_sidekick.core.premises import Premise
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.premises.api import RankReason
from lean_sidekick.search.options import SearchOptions
from lean_sidekick.search.result import PartialProof
from lean_sidekick.search.trace import Trace

OPENING_S = 120.0
"""Seconds that Lean may take to read a file up to a place before a round or a search begins, beyond its budget."""


@frozen(kw_only=True)
class DocumentText:
    """One version of a document; `uri` is its real one, whether saved or not."""

    uri: str
    version: int
    text: str


@frozen(kw_only=True)
class Suggestion:
    """A candidate that Lean ran at the site with a good outcome.

    `goals_left` are all goals at the site after it, those of other cases included; `edit` puts it into the text
    of `site`; `is_confirmed` says that it was run once more alone, exactly as the edit leaves it. `effect`
    is the outcome in words: "closes the goal", "2 goals left: …".
    """

    candidate: Candidate
    outcome: Outcome
    goals_left: tuple[Goal, ...]
    edit: TextEdit
    effect: str
    is_confirmed: bool


@frozen(kw_only=True)
class SourceTally:
    """How many candidates of one source Lean has run at a site, and how many of them closed the goal or led on."""

    source: Source
    run: int
    good: int


@frozen(kw_only=True)
class SuggestionRound:
    """What is known so far about one site; each round of a stream is at least as good as the last.

    The first round of a stream may come before anything was run: it has the goals alone. `tallies` say what ran, in
    the order in which the sources were met. `is_searching` says that all candidates were run and none closes the goal:
    only what a search finds may still come. `warning` is one sentence if something above the site is wrong,
    `model_trouble` one if a model that was configured could not be asked; both are "" otherwise.
    """

    site: ProofSite
    state: ProofState
    suggestions: tuple[Suggestion, ...]
    is_complete: bool
    checks: int
    seconds: float
    warning: str
    model_trouble: str = ""
    tallies: tuple[SourceTally, ...] = ()
    is_searching: bool = False


@frozen(kw_only=True)
class PremiseFinding:
    """A premise that was found, with why; `uri` is the file that it stands in, None if that was not found."""

    premise: Premise
    reasons: tuple[RankReason, ...]
    uri: str | None


@frozen(kw_only=True)
class PremiseAnswer:
    """Premises, best first. `goal` is the goal that was asked about, if one was.

    `note` is one sentence if not everything could be searched, "" otherwise.
    """

    goal: Goal | None
    findings: tuple[PremiseFinding, ...]
    note: str


class ProofStatus(Enum):
    """How an attempt at a declaration ended; the values are those of `prove --json`."""

    PROVED = "proved"
    PROVED_WITH_SORRY = "proved_with_sorry"
    PROVED_AXIOMS_UNKNOWN = "proved_axioms_unknown"
    NOT_PROVED = "not_proved"
    TIMED_OUT = "timed_out"
    ERROR = "error"


@frozen(kw_only=True)
class ProofResult:
    """One attempt at a declaration.

    `proof` is the tactic block as it stands under the header, dedented; `edits` put it into the
    document it was asked for, and are empty unless it was proved. `seconds` are those of the search; `opening_s` went
    before it, into reading the file up to the place; at `found_s` the proof was accepted first, and what came after
    went into making it shorter. Without a proof `partial` may be the best that was reached, run
    by Lean with `sorry` at its open goals; `partial_edits` put it in.
    """

    declaration: str
    status: ProofStatus
    proof: str | None
    edits: tuple[TextEdit, ...]
    axioms: tuple[str, ...]
    seconds: float
    checks: int
    message: str
    refused_by_final_check: int = 0
    opening_s: float = 0.0
    found_s: float | None = None
    partial: PartialProof | None = None
    partial_edits: tuple[TextEdit, ...] = ()


@frozen(kw_only=True)
class ProveProgress:
    """A sign of life during a search: checks run, seconds gone, goals left and proved in the best state so far, and
    the target that is worked on."""

    checks: int
    seconds: float
    goals_left: int
    trying: str
    goals_proved: int = 0


@frozen(kw_only=True)
class ModelLoading:
    """A model that is being loaded, and an estimate of how far that is, from 0 to 99."""

    name: str
    percent: int


AskGoals = Callable[[Position], Awaitable[Sequence[str]]]
"""The goals at a position as the editor's own Lean prints them; none where it cannot say, or not in time."""


class Engine(Protocol):
    """Everything that the doors (editor, shell) may ask of a project."""

    def suggest(
        self, document: DocumentText, position: Position, budget: Budget, editors_goals: AskGoals | None = None
    ) -> AsyncGenerator[SuggestionRound, None]:
        """The anytime stream of checked suggestions for the goal at a position.

        `editors_goals` may give a head start: what it says is worked on until our own Lean has said its goals.
        Ends at once, without a round, where no tactic can stand (InputError says why). Closing the iterator
        stops the work behind it. Raises SidekickError.
        """

    async def prove_at(
        self,
        document: DocumentText,
        position: Position,
        budget: Budget,
        on_progress: Callable[[ProveProgress], None],
        trace: Trace | None = None,
    ) -> ProofResult:
        """Tries to complete the declaration at a position; `trace` is told what happens. Cancelling the task stops
        it all."""

    def prove_all(
        self,
        document: DocumentText,
        names: frozenset[str] | None,
        budget_each: Callable[[], Budget],
        on_progress: Callable[[ProveProgress], None],
        options: SearchOptions | None = None,
        trace: Trace | None = None,
    ) -> AsyncGenerator[ProofResult, None]:
        """Tries every declaration that has a hole (only those named, if names are given), in file order.

        `options` say how to search, None as the settings do; `trace` is told what happens.
        """

    async def find_premises(self, document: DocumentText, position: Position, budget: Budget, k: int) -> PremiseAnswer:
        """At most `k` premises that may help the goal at a position. Raises SidekickError."""

    async def find_lemmas(
        self, words: str, document: DocumentText | None, position: Position | None, k: int
    ) -> PremiseAnswer:
        """At most `k` premises that words, a part of a name, a pattern with holes or Lean text are about.

        Only what may be used at the position counts (None: at the end of the document; no document: everything). Asks
        no Lean. Raises InputError for an empty question.
        """

    async def premise_uses(
        self, document: DocumentText, position: Position, name: str, budget: Budget
    ) -> SuggestionRound:
        """The uses of a premise, by its full name, that Lean takes at a position. Raises SidekickError."""

    def load_premises(self) -> None:
        """Begins to load the project's premises in the background, and to bring them up to date, at low priority."""

    async def open_premises(self) -> None:
        """Opens the index of premises as it lies on the disk; builds nothing."""

    async def prepare(self, *, for_words: bool = False) -> None:
        """Waits until the project's premises are loaded, with the models that rank them for goals, or for words.

        Every question works without, and with what is there.
        """

    def model_loading(self) -> ModelLoading | None:
        """The model on this machine that is being loaded just now, if one is."""

    def accepted(self, shown: SuggestionRound, taken: Suggestion) -> None:
        """Learns that the user put a suggestion of a round into the text."""

    async def learn(self, document: DocumentText) -> int:
        """Learns from finished proofs of a document and from the texts that it imports; gives the number of steps.

        Asks Lean only for what it has in memory, never starts Lean, and lets whoever waits at the cursor go first.
        """

    async def forget_learned(self) -> bool:
        """Forgets all that was learned, in every project; False if what is on disk could not be taken away."""

    async def close(self) -> None:
        """Ends every process that belongs to this project."""
