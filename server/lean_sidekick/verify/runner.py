"""The Verifier that runs candidates inside Lean: one edit, one own tactic, one message with all outcomes.

It stands on a `ShadowVerifier`, which keeps everything but `check`: the goals of a site, what a toolchain knows, and
above all `confirm` and `final_check`, under the user's own header. So what is `closed` here orders and filters, and
is never more than provisional. The runner lives in a document of its own beside the real one, because it may need one
more import.

Whether its Lean text works is learned once for a header, by a trial. That, and loading the imports once more, is done
in the background, for files that are asked about often; nobody waits for it. Until then, where it does not work, and
where Lean gives no answer (a `conv` block, a prefix that does not run, a candidate that nothing inside Lean can stop),
the plain way checks the batch.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from attrs import define, evolve, field

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.declarations import header_end
from lean_sidekick.core.errors import InputError, LeanCrashed, SidekickError, StaleDocument, TimedOut
from lean_sidekick.core.finished_proofs import FinishedProof
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.lean.worker_memory import has_room_for_worker
from lean_sidekick.verify.api import FinalVerdict, Place, Priority, SiteState
from lean_sidekick.verify.packing import SENTINEL, bounded, check_options, parenthesized, shadow_text
from lean_sidekick.verify.recording import site_key
from lean_sidekick.verify.runner_answer import Answer, NoAnswer, outcome_of, read_answer
from lean_sidekick.verify.runner_documents import RunnerDocuments, runner_uri
from lean_sidekick.verify.runner_lean import Call, RunnerText, runner_texts
from lean_sidekick.verify.runner_trial import trial_failure, trial_text
from lean_sidekick.verify.shadow import ShadowSession, ShadowVerifier

logger = logging.getLogger(__name__)

BATCH_SIZE = 128
HEARTBEAT_SHARE = 8
"""What the plain way gives a whole edit, in parts for one candidate: one that needs more is heavy, and goes there."""
PATIENCE = 4
"""After this part of an edit's time no further candidate is begun, so that the last one begun may still end."""


@define
class RunnerVerifier:
    """Opens sites on a plain verifier, which it then owns; see the module."""

    plain: ShadowVerifier
    batch_size: int = BATCH_SIZE
    workers: int = 2
    """Threads that share the candidates of an edit."""
    warm_after: int = 0
    """Candidates of a file that are checked the plain way before the runner is loaded for it: a short question does not
    pay for the loading."""
    documents: RunnerDocuments = field(init=False)
    _texts: dict[str, RunnerText | None] = field(factory=dict, init=False)
    _warming: dict[str, asyncio.Task[None]] = field(factory=dict, init=False)
    _asked: Counter[str] = field(factory=Counter, init=False)

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

    def warm_if_worth_it(
        self, uri: str, header: str, above: Callable[[RunnerText], str], candidates: Sequence[Candidate]
    ) -> None:
        """Begins to load the runner if the file has been asked about often enough, and memory allows."""
        if self.is_hopeless(header):
            return
        self._asked[uri] += len(candidates)
        if self._asked[uri] <= self.warm_after:
            return
        if not has_room_for_worker():
            self._asked[uri] = 0  # look again after as many candidates
            logger.info("too little memory is free for the in-document runner")
            return
        self.warm(uri, header, above)

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
            text = f"{header}{_inserted(form, header)}\n{trial_text(form)}"
            try:
                diagnostics = await self.documents.open(uri, text)
            except (InputError, LeanCrashed, TimedOut) as error:
                logger.info("the in-document runner cannot be tried: %s", error)
                continue
            errors = [d for d in diagnostics if d.is_error]
            reason = errors[0].message.splitlines()[0] if errors else trial_failure(form, diagnostics)
            if not reason:
                return form
            logger.info("the in-document runner (%s) does not work: %s", form.added_import or "no import", reason)
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
    _place: str = field(init=False)

    @_place.default
    def _place_of_site(self) -> str:
        return site_key(self.site)

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

    async def check_together(self, places: Sequence[Place], budget: Budget) -> list[dict[str, Outcome]]:
        """Nothing is settled together: the runner keeps the states between its edits, which is faster."""
        return [{} for _ in places]

    def refuses(self, candidate: Candidate) -> Outcome | None:
        """See `verify.api.Session`."""
        return self.plain.refuses(candidate)

    async def run_steps(self, steps: Sequence[str], budget: Budget) -> Outcome:
        """See `verify.api.Session`."""
        return await self.plain.run_steps(steps, budget)

    async def narrowed(self, steps: Sequence[str], text: str, budget: Budget) -> str | None:
        """See `verify.api.Session`."""
        return await self.plain.narrowed(steps, text, budget)

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
        runnable: deque[Candidate] = deque()
        for_plain: list[Candidate] = []
        for candidate in candidates:
            is_ours = candidate.text not in self._heavy and self.plain.refuses(candidate) is None
            (runnable if is_ours else for_plain).append(candidate)
        if self.site.is_conv:
            for_plain += runnable
            runnable.clear()
        elif self._form is None and not budget.is_spent:
            self.runner.warm_if_worth_it(self._uri, self._header, self._above, candidates)
        while runnable and not budget.is_spent and not self._is_without_answer and self._form is not None:
            batch = [runnable.popleft() for _ in range(min(len(runnable), self.runner.batch_size))]
            answer = await self._run(steps, batch, budget)
            if answer is None or not any(answer.rows):
                async with aclosing(self._check_plainly(steps, batch, budget)) as outcomes:
                    async for checked in outcomes:
                        yield checked
                continue
            late = batch[len(answer.rows) :]
            for candidate, row in zip(batch, answer.rows, strict=False):
                if row is None:
                    late.append(candidate)
                    continue
                outcome = outcome_of(row, answer)
                if outcome is None:
                    self._heavy.add(candidate.text)
                    for_plain.append(candidate)
                else:
                    budget.spend_checks(1)
                    yield CheckedCandidate(candidate=candidate, outcome=outcome)
            runnable.extendleft(reversed(late))
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
        documents = self.runner.documents
        async with documents.turn(self._uri, self.plain.priority):
            form = self._form
            if form is None:
                return None
            states = documents.states(self._uri)
            key = self._key(steps) if form.keeps_states else ""
            count = next((n for n in range(len(steps), -1, -1) if self._key(steps[:n]) in states), None)
            try:
                if count is not None:
                    call = self._call(batch, key=key, base=self._key(steps[:count]), steps=steps[count:])
                    answer = await self._ask(call, self._resumed_text(form, call), budget)
                    if isinstance(answer, Answer):
                        self._has_answered = True
                        states.add(key)
                        return answer
                    # Dropped by Lean, or a step that only runs in its place: the whole text decides.
                    states.discard(self._key(steps[:count]))
                call = self._call(batch, key=key)
                answer = await self._ask(call, self._whole_text(form, steps, call), budget)
            except (TimedOut, LeanCrashed, StaleDocument, InputError) as error:
                logger.info("the in-document runner did not answer: %s", error)
                return None
            if isinstance(answer, Answer):
                self._has_answered = True
                states.update([key] if key else [])
                return answer
        if not steps:
            # No tactic block, or nothing before it runs: no later batch will fare better.
            self._is_without_answer = True
        return None

    async def _ask(self, call: Call, text: str, budget: Budget) -> Answer | NoAnswer:
        limit = min(budget.seconds_left, self.plain.verifier.limits.candidate_s)
        return read_answer(call.nonce, await self.runner.documents.elaborate(self._uri, text, limit))

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

    def _key(self, steps: Sequence[str]) -> str:
        return hashlib.sha256("\0".join([self._place, *steps]).encode(errors="surrogatepass")).hexdigest()[:16]

    def _call(self, batch: Sequence[Candidate], key: str, base: str = "", steps: Sequence[str] = ()) -> Call:
        verifier = self.plain.verifier
        limits = verifier.limits

        def as_one_tactic(text: str) -> str:
            return "\n".join(parenthesized(text))

        return Call(
            nonce=secrets.token_hex(8),
            heartbeats=limits.heartbeats // HEARTBEAT_SHARE,
            milliseconds=int(1000 * limits.candidate_s / PATIENCE),
            workers=self.runner.workers,
            texts=[as_one_tactic(bounded(candidate.text, verifier.dialect)) for candidate in batch],
            base=base,
            key=key,
            steps=[as_one_tactic(step) for step in steps],
        )

    def _whole_text(self, form: RunnerText, steps: Sequence[str], call: Call) -> str:
        """The declaration, with the call after the steps."""
        site, base = self._with_runner(form)
        lines = [line for step in steps for line in parenthesized(step)]
        options = self._options
        return shadow_text(site, "\n".join([*lines, call.line]), base=base, options=options, has_end=False).text

    def _resumed_text(self, form: RunnerText, call: Call) -> str:
        """The call alone, in the place of the declaration."""
        above = self._above(form)
        lines = [*self._options, "example : True := by", f"  {call.line}"]
        return "\n".join([*([above.removesuffix("\n")] if above else []), *lines, ""])

    @property
    def _options(self) -> list[str]:
        return check_options(self.plain.verifier.dialect, self.plain.verifier.limits.heartbeats)


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
