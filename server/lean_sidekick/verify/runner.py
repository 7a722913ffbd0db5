"""The Verifier that runs candidates inside Lean: one edit, one own tactic, one message with all outcomes.

It stands on a `ShadowVerifier`, which keeps everything but `check`: the goals of a site, what a toolchain knows, and
above all `confirm` and `final_check`, under the user's own header. So what is `closed` here orders and filters, and
is never more than provisional. The runner lives in a document of its own beside the real one, because it may need one
more import.

Whether its Lean text elaborates is learned once for a header. That, and loading the imports once more, is done in the
background; nobody waits for it. Until then, where the text does not elaborate, and where Lean gives no answer (a `conv`
block, a prefix that does not run, a candidate that nothing inside Lean can stop), the plain way checks the batch.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing

from attrs import define, evolve, field

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.declarations import header_end
from lean_sidekick.core.errors import InputError, LeanCrashed, SidekickError, StaleDocument, TimedOut
from lean_sidekick.core.finished_proofs import FinishedProof
from lean_sidekick.core.goals import Goal, parse_goals
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.core.positions import Position, Range
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.lean.api import Document, DocumentServer
from lean_sidekick.lean.diagnostics import Diagnostic, Severity, is_heartbeat_timeout
from lean_sidekick.verify.api import FinalVerdict, Priority, SiteState
from lean_sidekick.verify.packing import (
    MESSAGE_LIMIT,
    SENTINEL,
    bounded,
    check_options,
    failure,
    parenthesized,
    shadow_text,
)
from lean_sidekick.verify.policy import refusal
from lean_sidekick.verify.runner_lean import Answer, Row, RunnerText, invocation, read_answer, runner_texts
from lean_sidekick.verify.shadow import ShadowSession, ShadowVerifier
from lean_sidekick.verify.turns import Turns

logger = logging.getLogger(__name__)

BATCH_SIZE = 128
HEARTBEAT_SHARE = 8
"""What the plain way gives a whole edit, in parts for one candidate: one that needs more is heavy, and goes there."""
PATIENCE = 4
"""After this part of an edit's time no further candidate is begun, so that the last one begun may still end."""
URI_SUFFIX = ".LeanSidekickRunner.lean"
_PLACE = re.compile(r"<input>:\d+:\d+: ")
_NOWHERE = Range(Position(0, 0), Position(0, 0))


@define
class RunnerDocuments:
    """The runner's own documents. One that made trouble is closed, and opened again at the next edit; a question that
    was given up leaves it open, because loading imports again costs more than what still runs."""

    server: DocumentServer
    opening_s: float
    candidate_s: float
    _documents: dict[str, Document] = field(factory=dict, init=False)
    _ready: set[str] = field(factory=set, init=False)
    _turns: dict[str, Turns] = field(factory=dict, init=False)

    def turn(self, uri: str, priority: Priority = Priority.CURSOR) -> AbstractAsyncContextManager[None]:
        """Who holds it may edit the document."""
        return self._turns.setdefault(uri, Turns()).turn(priority)

    async def open(self, uri: str, text: str) -> tuple[Diagnostic, ...]:
        """Gives the text to a new worker, unless one has it already, and waits for all that Lean says, however long
        its imports take."""
        document = self._documents.get(uri)
        if document is None or document.text != text:
            await self.close(uri)
            document = self._documents[uri] = await self.server.open(uri, text)
        diagnostics = await self._wait(document, self.opening_s)
        self._ready.add(uri)
        return diagnostics

    def is_ready(self, uri: str) -> bool:
        """Whether a worker has its imports loaded."""
        return uri in self._ready

    async def elaborate(self, uri: str, text: str, timeout_s: float) -> tuple[Diagnostic, ...]:
        """All that Lean says of a text in a document that is ready."""
        document = self._documents[uri]
        await document.change(text)
        return await self._wait(document, timeout_s)

    async def close(self, uri: str) -> None:
        """Ends the worker of a document, if it has one."""
        self._ready.discard(uri)
        document = self._documents.pop(uri, None)
        if document is not None:
            await document.close()

    async def _wait(self, document: Document, timeout_s: float) -> tuple[Diagnostic, ...]:
        try:
            return await document.diagnostics(timeout_s)
        except SidekickError as error:
            if not isinstance(error, TimedOut) or timeout_s >= self.candidate_s:
                await self.close(document.uri)
            raise


@define
class RunnerVerifier:
    """Opens sites on a plain verifier, which it then owns; see the module."""

    plain: ShadowVerifier
    batch_size: int = BATCH_SIZE
    documents: RunnerDocuments = field(init=False)
    _texts: dict[str, RunnerText | None] = field(factory=dict, init=False)
    _warming: dict[str, asyncio.Task[None]] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        limits = self.plain.limits
        self.documents = RunnerDocuments(
            server=self.plain.server, opening_s=limits.opening_s, candidate_s=limits.candidate_s
        )

    async def open(self, site: ProofSite, priority: Priority = Priority.CURSOR) -> RunnerSession:
        """See `verify.api.Verifier`."""
        return RunnerSession(runner=self, plain=await self.plain.open(site, priority))

    async def goals_before_steps(self, uri: str, text: str, proof: FinishedProof) -> Sequence[Goal | None] | None:
        """See `verify.api.Verifier`."""
        return await self.plain.goals_before_steps(uri, text, proof)

    async def close_document(self, uri: str) -> None:
        """Ends both workers of a file."""
        await self._stop_warming(runner_uri(uri))
        async with self.documents.turn(runner_uri(uri)):
            await self.documents.close(runner_uri(uri))
        await self.plain.close_document(uri)

    async def close(self) -> None:
        """Ends all documents and the server."""
        for uri in list(self._warming):
            await self._stop_warming(uri)
        await self.plain.close()

    def known_text(self, uri: str, header: str) -> RunnerText | None:
        """The form of the runner that can be used in a document now; None if there is none, or not yet."""
        return self._texts.get(header) if self.documents.is_ready(uri) else None

    def is_hopeless(self, header: str) -> bool:
        """Whether no form of the runner elaborates under a header."""
        return header in self._texts and self._texts[header] is None

    def warm(self, uri: str, header: str, above: Callable[[RunnerText], str]) -> asyncio.Task[None]:
        """Learns what is not known of a header, and loads the document with the text `above` the site, in a task."""
        task = self._warming.get(uri)
        if task is None or task.done():
            task = self._warming[uri] = asyncio.create_task(self._warm(uri, header, above))
        return task

    async def _warm(self, uri: str, header: str, above: Callable[[RunnerText], str]) -> None:
        try:
            async with self.documents.turn(uri, Priority.BACKGROUND):
                form = await self._text_for(uri, header)
                if form is None:
                    return
                text = f"{above(form)}\n{SENTINEL}\n"
                if self.documents.is_ready(uri):
                    await self.documents.elaborate(uri, text, self.plain.limits.opening_s)
                else:
                    await self.documents.open(uri, text)
        except SidekickError as error:
            logger.info("the in-document runner is not loaded: %s", error)

    async def _stop_warming(self, uri: str) -> None:
        task = self._warming.pop(uri, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _text_for(self, uri: str, header: str) -> RunnerText | None:
        """The form of the runner that elaborates under a header, None if none does; the caller holds the turn."""
        if header not in self._texts:
            self._texts[header] = await self._learn(uri, header)
        return self._texts[header]

    async def _learn(self, uri: str, header: str) -> RunnerText | None:
        for form in runner_texts(self.plain.server.gates, header):
            text = f"{header}{_inserted(form, header)}\n{SENTINEL}\n"
            try:
                diagnostics = await self.documents.open(uri, text)
            except (InputError, LeanCrashed, TimedOut) as error:
                logger.info("the in-document runner cannot be tried: %s", error)
                continue
            errors = [d for d in diagnostics if d.is_error]
            if not errors and any(d.severity is Severity.INFORMATION for d in diagnostics):
                return form
            reason = errors[0].message.splitlines()[0] if errors else "Lean said nothing"
            logger.info("the in-document runner (%s) does not elaborate: %s", form.added_import or "no import", reason)
        await self.documents.close(uri)
        logger.info("no in-document runner under this header; candidates are checked in blocks")
        return None


@define
class RunnerSession:
    """One site; see `verify.api.Session`."""

    runner: RunnerVerifier
    plain: ShadowSession
    _is_without_answer: bool = field(default=False, init=False)
    _has_answered: bool = field(default=False, init=False)
    _heavy: set[str] = field(factory=set, init=False)

    @property
    def site(self) -> ProofSite:
        """See `verify.api.Session`."""
        return self.plain.site

    @property
    def is_answered(self) -> bool:
        """Whether the runner itself has answered at this site."""
        return self._has_answered

    async def warm(self) -> None:
        """Waits until the runner is loaded for this file, or did not load; `check` does not wait for it."""
        if self.runner.known_text(self._uri, self._header) is None:
            await asyncio.shield(self.runner.warm(self._uri, self._header, self._above))

    async def known_tactics(self, texts: Sequence[str], budget: Budget) -> frozenset[str]:
        """See `verify.api.Session`."""
        return await self.plain.known_tactics(texts, budget)

    async def site_state(self, budget: Budget) -> SiteState:
        """See `verify.api.Session`."""
        return await self.plain.site_state(budget)

    async def run_steps(self, steps: Sequence[str], budget: Budget) -> Outcome:
        """See `verify.api.Session`."""
        return await self.plain.run_steps(steps, budget)

    async def confirm(self, block: str, budget: Budget) -> Outcome:
        """See `verify.api.Session`."""
        return await self.plain.confirm(block, budget)

    async def final_check(self, block: str, budget: Budget) -> FinalVerdict:
        """See `verify.api.Session`."""
        return await self.plain.final_check(block, budget)

    async def close(self) -> None:
        """See `verify.api.Session`."""
        await self.plain.close()

    async def check(
        self, steps: Sequence[str], candidates: Sequence[Candidate], budget: Budget
    ) -> AsyncGenerator[CheckedCandidate, None]:
        """See `verify.api.Session`."""
        policy = self.plain.verifier.policy
        runnable: deque[Candidate] = deque()
        for_plain: list[Candidate] = []
        for candidate in candidates:
            is_ours = candidate.text not in self._heavy and refusal(candidate.text, policy) is None
            (runnable if is_ours else for_plain).append(candidate)
        if self._form is None and not self.runner.is_hopeless(self._header) and not budget.is_spent:
            self.runner.warm(self._uri, self._header, self._above)
        while runnable and not budget.is_spent and not self._is_without_answer and self._form is not None:
            batch = [runnable.popleft() for _ in range(min(len(runnable), self.runner.batch_size))]
            answer = await self._run(steps, batch, budget)
            if answer is None or not answer.rows:
                async with aclosing(self._check_plainly(steps, batch, budget)) as outcomes:
                    async for checked in outcomes:
                        yield checked
                continue
            for candidate, row in zip(batch, answer.rows, strict=False):
                outcome = outcome_of(row, answer)
                if outcome is None:
                    self._heavy.add(candidate.text)
                    for_plain.append(candidate)
                else:
                    budget.spend_checks(1)
                    yield CheckedCandidate(candidate=candidate, outcome=outcome)
            runnable.extendleft(reversed(batch[len(answer.rows) :]))
        async with aclosing(self.plain.check(steps, [*for_plain, *runnable], budget)) as outcomes:
            async for checked in outcomes:
                yield checked

    async def _check_plainly(
        self, steps: Sequence[str], batch: list[Candidate], budget: Budget
    ) -> AsyncGenerator[CheckedCandidate, None]:
        """A batch without an answer, the plain way; what does not end there either never goes into the runner again."""
        async with aclosing(self.plain.check(steps, batch, budget)) as outcomes:
            async for checked in outcomes:
                if checked.outcome.kind is OutcomeKind.TIMED_OUT:
                    self._heavy.add(checked.candidate.text)
                yield checked

    async def _run(self, steps: Sequence[str], batch: list[Candidate], budget: Budget) -> Answer | None:
        """What the runner says of the first candidates of the batch, as many as it had time for; None if it says
        nothing."""
        nonce = secrets.token_hex(8)
        documents = self.runner.documents
        async with documents.turn(self._uri, self.plain.priority):
            form = self._form
            if form is None:
                return None
            text = self._text(form, steps, [candidate.text for candidate in batch], nonce)
            try:
                limit = min(budget.seconds_left, self.plain.verifier.limits.candidate_s)
                diagnostics = await documents.elaborate(self._uri, text, limit)
            except (TimedOut, LeanCrashed, StaleDocument, InputError) as error:
                logger.info("the in-document runner did not answer: %s", error)
                return None
        answer = read_answer(nonce, diagnostics)
        if answer is None and not steps:
            # No tactic block, or nothing before it runs: no later batch will fare better.
            self._is_without_answer = True
        self._has_answered |= answer is not None
        return answer

    @property
    def _uri(self) -> str:
        return runner_uri(self.site.uri)

    @property
    def _header(self) -> str:
        return self.plain.base[: header_end(self.plain.base)]

    @property
    def _form(self) -> RunnerText | None:
        return self.runner.known_text(self._uri, self._header)

    def _above(self, form: RunnerText) -> str:
        site, base = self._with_runner(form)
        return base[: site.declaration.start]

    def _with_runner(self, form: RunnerText) -> tuple[ProofSite, str]:
        header = self._header
        return _below(self.site, self.plain.base, _inserted(form, header), len(header))

    def _text(self, form: RunnerText, steps: Sequence[str], candidates: Sequence[str], nonce: str) -> str:
        verifier = self.plain.verifier
        limits = verifier.limits
        site, base = self._with_runner(form)
        texts = ["\n".join(parenthesized(bounded(text, verifier.dialect))) for text in candidates]
        milliseconds = int(1000 * limits.candidate_s / PATIENCE)
        lines = [line for step in steps for line in parenthesized(step)]
        lines.append(invocation(nonce, limits.heartbeats // HEARTBEAT_SHARE, milliseconds, texts))
        options = check_options(verifier.dialect, limits.heartbeats)
        return shadow_text(site, "\n".join(lines), base=base, options=options).text


def runner_uri(uri: str) -> str:
    """The URI of the runner's document, beside the real one."""
    return uri.removesuffix(".lean") + URI_SUFFIX


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


def _inserted(form: RunnerText, header: str) -> str:
    """What stands between the header and the rest of the file."""
    lines = [form.added_import] if form.added_import else []
    return ("\n" if header else "") + "\n".join([*lines, form.definitions])


def _below(site: ProofSite, base: str, inserted: str, offset: int) -> tuple[ProofSite, str]:
    """The site and its text with something inserted above it."""
    grown = len(inserted)
    declaration = site.declaration
    moved = evolve(
        declaration,
        start=declaration.start + grown,
        keyword_start=declaration.keyword_start + grown,
        body_start=None if declaration.body_start is None else declaration.body_start + grown,
        end=declaration.end + grown,
    )
    text = f"{base[:offset]}{inserted}{base[offset:]}"
    return evolve(site, text=text, declaration=moved, start=site.start + grown, end=site.end + grown), text
