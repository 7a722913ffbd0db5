"""The Verifier over shadow documents: many candidates in one edit of our own Lean server's copy of the file.

Promises: one outcome a candidate; an outcome rests on what Lean printed for exactly that candidate, in the newest
version of the document, elaborated to its end. What Lean leaves open is run again in smaller batches and in the end
alone; what stays open then is `crashed` or `timed out`, never a success. One document a file, used by one edit at a
time. Does not decide what is worth checking, and starts no process of its own.
"""

import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing

from attrs import define, evolve, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.declarations import blank_programs
from lean_sidekick.core.errors import InputError, TimedOut
from lean_sidekick.core.finished_proofs import FinishedProof
from lean_sidekick.core.goals import Goal, ProofState
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.lean.api import Document, DocumentServer
from lean_sidekick.lean.diagnostics import Diagnostic, is_heartbeat_timeout, is_unsolved_goals
from lean_sidekick.verify import final
from lean_sidekick.verify.api import BROKEN, HUNG, FinalVerdict, Place, Priority, SiteState
from lean_sidekick.verify.batches import (
    LEAVES_RAW_GOAL,
    BatchResult,
    PrintedState,
    collect,
    new_errors,
    open_batch,
    sort_out,
    with_simp_all,
)
from lean_sidekick.verify.dialect import Dialect
from lean_sidekick.verify.finished import goals_before_steps
from lean_sidekick.verify.leaves import pack_places, read_places
from lean_sidekick.verify.narrow import asking, can_be_narrowed, read_rewrites, read_try_this, tracing
from lean_sidekick.verify.packing import (
    MESSAGE_LIMIT,
    NOT_RUN_HERE,
    SENTINEL,
    Lines,
    Packed,
    bounded,
    errors_in,
    has_sentinel,
    own_errors,
    pack,
    pack_state,
    reached_end,
    read_probes,
    read_slots,
    read_state,
    shadow_text,
)
from lean_sidekick.verify.policy import Policy, candidate_refusal, refusal
from lean_sidekick.verify.turns import Turns
from lean_sidekick.verify.vocabulary import Vocabulary, learn

logger = logging.getLogger(__name__)


@frozen(kw_only=True)
class Limits:
    """What checks may cost: candidates in one edit, heartbeats for one edit, seconds for one candidate alone,
    seconds for opening a file the first time (its imports and everything above the site)."""

    batch_size: int
    heartbeats: int
    candidate_s: float
    opening_s: float


@define
class ShadowVerifier:
    """Opens sites on one Lean server; the documents stay open, and warm, until `close_document` or `close`."""

    server: DocumentServer
    dialect: Dialect
    policy: Policy
    limits: Limits
    _turns: dict[str, Turns] = field(factory=dict, init=False)
    _documents: dict[str, Document] = field(factory=dict, init=False)
    elaboration_s: float = field(default=0.0, init=False)
    """Seconds spent waiting for Lean so far: for measuring what the rest adds."""
    vocabulary: Vocabulary = field(factory=Vocabulary, init=False)
    baselines: final.Baselines = field(factory=final.Baselines, init=False)

    async def open(self, site: ProofSite, priority: Priority = Priority.CURSOR) -> "ShadowSession":
        """Opens a site; Lean is asked for nothing before the first check."""
        base = site.text if self.policy.keep_commands else blank_programs(site.text, len(site.text))
        return ShadowSession(verifier=self, site=site, base=base, priority=priority)

    async def goals_before_steps(self, uri: str, text: str, proof: FinishedProof) -> Sequence[Goal | None] | None:
        """See `verify.api.Verifier`."""
        return await goals_before_steps(self, uri, text, proof)

    def open_document(self, uri: str) -> Document | None:
        """The document of a file as it stands, if it is open; who reads it should hold the turn."""
        return self._documents.get(uri)

    async def close_document(self, uri: str) -> None:
        """Ends the worker of a file; the next check opens it again."""
        async with self.turn(uri):
            document = self._documents.pop(uri, None)
            if document is not None:
                await document.close()

    async def close(self) -> None:
        """Ends all documents and the server."""
        for uri in list(self._documents):
            await self.close_document(uri)
        await self.server.close()

    def turn(self, uri: str, priority: Priority = Priority.CURSOR) -> AbstractAsyncContextManager[None]:
        """Who holds it may edit the document."""
        return self._turns.setdefault(uri, Turns()).turn(priority)

    async def elaborate(
        self, uri: str, text: str, timeout_s: float, *, above: str, fresh: bool = False
    ) -> tuple[Document, tuple[Diagnostic, ...]]:
        """Puts a text into the document and waits for all that Lean says of it; the caller holds the turn.

        `above` is the part that stays the same: a new worker elaborates it first, in time of its own, so that
        `timeout_s` is for the rest alone. `fresh` asks for a new worker. A worker that had a candidate's full time
        and did not end is killed, so that the next edit finds a healthy one; one that was given up earlier is
        overtaken by the next edit.
        """
        document = self._documents.get(uri)
        try:
            if document is None or fresh:
                document = await self._open(uri, document, f"{above}\n{SENTINEL}\n")
            started = time.perf_counter()
            await document.change(text)
            diagnostics = await document.diagnostics(timeout_s)
            self.elaboration_s += time.perf_counter() - started
            return document, diagnostics
        except TimedOut:
            if timeout_s >= self.limits.candidate_s and (document := self._documents.pop(uri, None)) is not None:
                await document.close()
            raise

    async def _open(self, uri: str, document: Document | None, text: str) -> Document:
        if document is None:
            document = await self.server.open(uri, text)
            self._documents[uri] = document
        else:
            await document.reopen(text)
        await document.diagnostics(self.limits.opening_s)
        return document


@define
class ShadowSession:
    """One site; see `verify.api.Session`."""

    verifier: ShadowVerifier
    site: ProofSite
    base: str
    priority: Priority
    _parsed: set[str] = field(factory=set, init=False)
    _untouched: tuple[Packed, tuple[Diagnostic, ...]] | None = field(default=None, init=False)

    async def known_tactics(self, texts: Sequence[str], budget: Budget) -> frozenset[str]:
        """See `verify.api.Session`."""
        return await learn(self.verifier, self.site, self.base, texts, budget, self.priority)

    async def site_state(self, budget: Budget) -> SiteState:
        """See `verify.api.Session`."""
        async with self._turn:
            packed, diagnostics = await self._admitted(budget.seconds_left)
        goals = read_state(packed, diagnostics)
        above = Lines(packed.declaration_lines.first, max(packed.declaration_lines.first, packed.hole_line - 1))
        # An error exactly where the declaration begins is the unfinished end of what stands above it.
        errors = [e for e in errors_in(above, diagnostics) if e.range.start != packed.start]
        errors.sort(key=is_unsolved_goals)
        prefix_error = errors[0].message[:MESSAGE_LIMIT] if errors else ""
        if goals is None and prefix_error:
            first = prefix_error.splitlines()[0]
            raise InputError(f"Lean does not get as far as this place: {first}.")
        if goals is None:
            raise InputError("Lean sees no tactic state here; put the cursor into a tactic block.")
        return SiteState(state=ProofState(goals=goals), prefix_error=prefix_error)

    async def check(
        self, steps: Sequence[str], candidates: Sequence[Candidate], budget: Budget
    ) -> AsyncGenerator[CheckedCandidate, None]:
        """See `verify.api.Session`."""
        runnable: list[Candidate] = []
        for candidate in candidates:
            outcome = self.refuses(candidate)
            if outcome is None:
                runnable.append(candidate)
            else:
                yield CheckedCandidate(candidate=candidate, outcome=outcome)
        # Last, since whoever asks may be content with what comes first, and takes the order for that of its candidates.
        last = with_simp_all(runnable) if self._copies_mislead(steps) else []
        runnable = [candidate for candidate in runnable if candidate not in last]
        size = self.verifier.limits.batch_size
        batches = deque(runnable[i : i + size] for i in range(0, len(runnable), size))
        while batches:
            batch = batches.popleft()
            if budget.is_spent:
                for candidate in batch:
                    outcome = Outcome(kind=OutcomeKind.TIMED_OUT, message="not run: the budget was spent")
                    yield CheckedCandidate(candidate=candidate, outcome=outcome)
                continue
            result = await self._check_batch(steps, batch, budget)
            budget.spend_checks(len(result.known))
            for checked in result.known:
                yield checked
            batches.extendleft(reversed(result.again))
        if last:
            async with aclosing(self.check_one_by_one(steps, last, budget)) as outcomes:
                async for checked in outcomes:
                    budget.spend_checks(1)
                    yield checked

    async def check_one_by_one(
        self, steps: Sequence[str], candidates: Sequence[Candidate], budget: Budget
    ) -> AsyncGenerator[CheckedCandidate, None]:
        """Like `check`, each candidate alone in its place and in an edit of its own: slow, and what the rest is judged
        by."""
        before = await self._state_after(list(steps), budget)
        for candidate in candidates:
            outcome = self.refuses(candidate)
            if outcome is None:
                outcome = await self._check_alone(steps, candidate.text, before, budget)
            yield CheckedCandidate(candidate=candidate, outcome=outcome)

    async def check_together(self, places: Sequence[Place], budget: Budget) -> list[dict[str, Outcome]]:
        """See `verify.api.Session`."""
        allowed = []
        for place in places:
            alone = with_simp_all(place.candidates) if self._copies_mislead(place.steps) else []
            fit = tuple(c for c in place.candidates if self.refuses(c) is None and c not in alone)
            allowed.append(evolve(place, candidates=fit))
        verifier = self.verifier
        packed = pack_places(
            self.site, allowed, verifier.dialect, base=self.base, heartbeats=verifier.limits.heartbeats
        )
        answer = await self._elaborate_batch(packed.packed, budget)
        found = [{} for _ in places] if isinstance(answer, Outcome) else read_places(packed, allowed, answer)
        budget.spend_checks(sum(map(len, found)))
        return found

    def refuses(self, candidate: Candidate) -> Outcome | None:
        """See `verify.api.Session`."""
        return candidate_refusal(candidate, self.verifier.policy)

    async def run_steps(self, steps: Sequence[str], budget: Budget) -> Outcome:
        """See `verify.api.Session`."""
        budget.spend_checks(1)
        after = await self._state_after(list(steps), budget)
        if after.failure is not None:
            return after.failure
        return Outcome(kind=OutcomeKind.PROGRESS if after.goals else OutcomeKind.CLOSED, goals=after.goals)

    async def narrowed(self, steps: Sequence[str], text: str, budget: Budget) -> str | None:
        """See `verify.api.Session`."""
        if not can_be_narrowed(text):
            return None
        said = read_try_this(await self._said_by(steps, asking(text), budget))
        return said or read_rewrites(text, await self._said_by(steps, tracing(text), budget))

    async def confirm(self, block: str, budget: Budget) -> Outcome:
        """See `verify.api.Session`."""
        refused = refusal(block, self.verifier.policy)
        if refused is not None:
            return refused
        if self.site.is_conv:
            # A `conv` step leaves a term, and rarely a finished proof: it is good if it runs, and changes the goals.
            outcome = await self._check_alone([], block, await self._state_after([], budget), budget)
            if outcome.kind is not OutcomeKind.CLOSED:
                budget.spend_checks(1)
                return outcome
        packed = shadow_text(self.site, block, base=self.base)
        height = block.count("\n") + 1
        budget.spend_checks(1)
        async with self._turn:
            try:
                known = await self._admitted(self._wait(budget))
                _, diagnostics = await self._elaborate(packed, self._wait(budget))
            except TimedOut:
                return Outcome(kind=OutcomeKind.TIMED_OUT, message="Lean did not finish in time")
            except BROKEN as error:
                return Outcome(kind=OutcomeKind.CRASHED, message=str(error))
        if not has_sentinel(packed, diagnostics):
            return Outcome(kind=OutcomeKind.CRASHED, message="Lean did not finish the file")
        errors = new_errors(known, packed, diagnostics, height)
        if not errors:
            return Outcome(kind=OutcomeKind.CLOSED)
        if all(is_unsolved_goals(error) for error in errors):
            after = await self._state_after([block], budget)
            if after.failure is not None:
                return after.failure
            if after.goals:
                return Outcome(kind=OutcomeKind.PROGRESS, goals=after.goals)
        return Outcome(kind=OutcomeKind.FAILED, message=errors[0].message[:MESSAGE_LIMIT])

    async def final_check(self, block: str, budget: Budget) -> FinalVerdict:
        """See `verify.api.Session`."""
        refused = refusal(block, self.verifier.policy)
        if refused is not None:
            return final.refused(refused.message)
        return await final.check(self.verifier, self.site, self.base, block, budget, self.priority)

    async def close(self) -> None:
        """The document stays open for the next session on this file."""

    @property
    def _turn(self) -> AbstractAsyncContextManager[None]:
        return self.verifier.turn(self.site.uri, self.priority)

    def _copies_mislead(self, steps: Sequence[str]) -> bool:
        """Whether the main goal may be one whose copy is not quite it."""
        if not self.verifier.dialect.simp_all_alone or self.site.declaration.body_start is None:
            return False
        before = "\n".join([self.base[self.site.declaration.body_start : self.site.start], *steps])
        return LEAVES_RAW_GOAL.search(before) is not None

    def _wait(self, budget: Budget) -> float:
        return max(0.05, min(budget.seconds_left, self.verifier.limits.candidate_s))

    def _overran(self, wait_s: float) -> Outcome:
        """What a candidate that did not end alone gets; only one that had its full time is said to hang."""
        message = HUNG if wait_s >= self.verifier.limits.candidate_s else "the budget ended before it did"
        return Outcome(kind=OutcomeKind.TIMED_OUT, message=message)

    async def _elaborate(self, packed: Packed, timeout_s: float) -> tuple[Document, tuple[Diagnostic, ...]]:
        above = self.base[: self.site.declaration.start]
        return await self.verifier.elaborate(self.site.uri, packed.text, timeout_s, above=above)

    async def _admitted(self, timeout_s: float) -> tuple[Packed, tuple[Diagnostic, ...]]:
        """The declaration with the goals of its hole printed and admitted, and what Lean says of it; asked once."""
        if self._untouched is None:
            packed = pack_state(self.site, [], self.verifier.dialect, base=self.base, heartbeats=None)
            self._untouched = packed, (await self._elaborate(packed, timeout_s))[1]
        return self._untouched

    async def _check_batch(self, steps: Sequence[str], batch: list[Candidate], budget: Budget) -> BatchResult:
        """One edit; a second one, with a parse probe for each candidate, where the first was not parsed to its end."""
        if self.site.is_conv:
            return await self._one_by_one(steps, batch, budget)
        # `skip` first shows the main goal, `skip` last shows that Lean came to the end of the candidates.
        texts = ["skip", *(candidate.text for candidate in batch), "skip"]
        unparsed = [text for text in texts[1:-1] if text not in self._parsed]
        for probes in ([], unparsed):
            packed = pack(
                self.site,
                steps,
                texts,
                self.verifier.dialect,
                base=self.base,
                probes=probes,
                heartbeats=self.verifier.limits.heartbeats,
            )
            answer = await self._elaborate_batch(packed, budget)
            if isinstance(answer, Outcome):
                return open_batch(batch, answer)
            diagnostics = answer
            if reached_end(packed, diagnostics):
                self._parsed.update(texts)
                break
            parse_errors = dict(zip(probes, read_probes(packed, diagnostics), strict=True))
            self._parsed.update(text for text, error in parse_errors.items() if not error)
            if any(parse_errors.values()):
                return sort_out(batch, parse_errors)
        first, *_ = read_slots(packed, diagnostics, None)
        if not isinstance(first, Outcome) or len(first.goals) != 1:
            # An early Lean does not even copy a goal that holds a metavariable.
            before = await self._state_after(list(steps), budget)
            if any(goal.has_metavariable for goal in before.goals):
                return await self._one_by_one(steps, batch, budget)
            return self._without_start(packed, batch, diagnostics)
        if first.goals[0].has_metavariable:
            return await self._one_by_one(steps, batch, budget)
        return collect(batch, read_slots(packed, diagnostics, first.goals[0])[1:-1])

    async def _elaborate_batch(self, packed: Packed, budget: Budget) -> tuple[Diagnostic, ...] | Outcome:
        """What Lean says of the whole text, or the outcome that stands for its silence."""
        wait_s = min(budget.seconds_left, self.verifier.limits.candidate_s)
        async with self._turn:
            try:
                _, diagnostics = await self._elaborate(packed, wait_s)
            except TimedOut:
                return self._overran(wait_s)
            except BROKEN as error:
                return Outcome(kind=OutcomeKind.CRASHED, message=str(error)[:MESSAGE_LIMIT])
        if packed.sentinel_line is not None and not has_sentinel(packed, diagnostics):
            return Outcome(kind=OutcomeKind.CRASHED, message="Lean did not finish the file")
        return diagnostics

    def _without_start(self, packed: Packed, batch: list[Candidate], diagnostics: Sequence[Diagnostic]) -> BatchResult:
        """`skip` alone did not come back with the main goal: what stands before the candidates does not run."""
        errors = errors_in(packed.declaration_lines, diagnostics)
        if errors and is_heartbeat_timeout(errors[0]):
            outcome = Outcome(kind=OutcomeKind.TIMED_OUT, message="the proof before this place took all the time")
        else:
            reason = errors[0].message if errors else "Lean reported no goal"
            outcome = Outcome(kind=OutcomeKind.FAILED, message=f"{NOT_RUN_HERE}: {reason}"[:MESSAGE_LIMIT])
        return BatchResult(known=[CheckedCandidate(candidate=c, outcome=outcome) for c in batch], again=[])

    async def _one_by_one(self, steps: Sequence[str], batch: list[Candidate], budget: Budget) -> BatchResult:
        """Goals that hold metavariables: an assignment by one candidate must not reach the next."""
        known = [checked async for checked in self.check_one_by_one(steps, batch, budget)]
        return BatchResult(known=known, again=[])

    async def _check_alone(self, steps: Sequence[str], text: str, before: PrintedState, budget: Budget) -> Outcome:
        if budget.is_spent:
            return Outcome(kind=OutcomeKind.TIMED_OUT, message="not run: the budget was spent")
        after = await self._state_after([*steps, text], budget)
        if after.failure is not None:
            return after.failure
        if before.failure is not None:
            return before.failure
        rest = before.goals[1:]
        goals = after.goals
        if not rest or goals[len(goals) - len(rest) :] == rest:
            goals = goals[: len(goals) - len(rest)]
        if not goals:
            return Outcome(kind=OutcomeKind.CLOSED)
        same = [g.normal_form() for g in after.goals] == [g.normal_form() for g in before.goals]
        return Outcome(kind=OutcomeKind.NO_CHANGE if same else OutcomeKind.PROGRESS, goals=goals)

    async def _said_by(self, steps: Sequence[str], text: str, budget: Budget) -> list[str]:
        """What a tactic after the steps says that is no error; nothing where Lean does not come so far."""
        dialect = self.verifier.dialect
        lines = [*(bounded(step, dialect) for step in steps), text]
        packed = pack_state(self.site, lines, dialect, base=self.base, heartbeats=self.verifier.limits.heartbeats)
        budget.spend_checks(1)
        async with self._turn:
            try:
                _, diagnostics = await self._elaborate(packed, self._wait(budget))
            except (TimedOut, *BROKEN):
                return []
        own = packed.slots[0].candidate_lines
        return [d.message for d in diagnostics if own.holds(d) and not d.is_error]

    async def _state_after(self, steps: list[str], budget: Budget) -> PrintedState:
        """All goals after the steps; an error in the last of them is a failure."""
        verifier = self.verifier
        steps = [bounded(step, verifier.dialect) for step in steps]
        packed = pack_state(self.site, steps, verifier.dialect, base=self.base, heartbeats=verifier.limits.heartbeats)
        async with self._turn:
            wait_s = self._wait(budget)
            try:
                _, diagnostics = await self._elaborate(packed, wait_s)
            except TimedOut:
                return PrintedState(failure=self._overran(wait_s))
            except BROKEN as error:
                return PrintedState(failure=Outcome(kind=OutcomeKind.CRASHED, message=str(error)[:MESSAGE_LIMIT]))
        errors = own_errors(packed, diagnostics)
        if errors:
            kind = OutcomeKind.TIMED_OUT if is_heartbeat_timeout(errors[0]) else OutcomeKind.FAILED
            return PrintedState(failure=Outcome(kind=kind, message=errors[0].message[:MESSAGE_LIMIT]))
        goals = read_state(packed, diagnostics)
        if goals is None or not has_sentinel(packed, diagnostics):
            return PrintedState(failure=Outcome(kind=OutcomeKind.FAILED, message="Lean gave it up without a message"))
        return PrintedState(goals=goals)
