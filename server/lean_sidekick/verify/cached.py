"""A Verifier that remembers what another one said, on disk.

An answer is found again only where everything that it depends on is the same: the toolchain, the settings that change
verdicts, the imports as they are built, the file's URI, the text up to the end of the declaration, the hole, the steps
before, and the candidate. So an edit above a site makes its answers unreachable, and one below does not.

Promises: `confirm` and `final_check` always ask the other verifier, so a remembered `closed` is as provisional as a new
one. What a budget cut short, a crash, and a refusal are never remembered. A candidate that had its full time alone and
did not end is: for a day it is not run at that site again, and elsewhere it runs last and alone. Only checks that ran
are counted. Tactics that a toolchain does not have are not remembered: silence and "no" cannot be told apart here.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from functools import partial
from math import inf
from typing import TypeVar

from attrs import define, evolve, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.finished_proofs import FinishedProof
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.lean.header import find_header
from lean_sidekick.storage.outcomes import OutcomeStore
from lean_sidekick.verify.api import HUNG, FinalVerdict, Place, Priority, Session, SiteState, Verifier
from lean_sidekick.verify.packing import HEARTBEATS_MET, NOT_RUN_HERE, SIMP_STEPS_MET
from lean_sidekick.verify.policy import Policy, candidate_refusal
from lean_sidekick.verify.recording import (
    Answer,
    header_key,
    outcome_answer,
    read_outcome,
    read_state,
    site_key,
    state_answer,
)
from lean_sidekick.verify.shadow import Limits

logger = logging.getLogger(__name__)

HUNG_KEPT_S = 24 * 3600.0
"""Seconds after which a candidate that did not end gets another chance: the machine may have been busy."""
_FLUSH_AT = 256
_IMPORTS_S = 5.0
_UNTIL = "until"
_T = TypeVar("_T")
_KNOWN, _STATE, _CHECK, _SUSPECT = "known", "state", "check", "suspect"


@frozen(kw_only=True)
class Circumstances:
    """What all answers of one verifier depend on: program and toolchain in one text, the policy, the limits."""

    toolchain: str
    policy: Policy
    limits: Limits

    def key(self) -> str:
        """One text for all of it; axioms matter to the final check alone, which is never remembered."""
        policy, limits = self.policy, self.limits
        numbers = (limits.heartbeats, limits.candidate_s)
        return json.dumps([self.toolchain, policy.allow_programs, policy.keep_commands, *numbers])


@define(kw_only=True)
class CachedVerifier:
    """Remembers the answers of `inner` in `store`, which it closes; see `verify.api.Verifier`.

    `imports_key` gives a text that changes when the imports may have changed, None where nobody can tell; it is called
    on other threads. A worker keeps the imports that it has loaded, so once they change on disk the answers
    about a file that was open before are neither looked up nor kept.
    """

    inner: Verifier
    store: OutcomeStore
    circumstances: Circumstances
    imports_key: Callable[[], str | None]
    _loaded: dict[str, str] = field(factory=dict, init=False)

    async def open(self, site: ProofSite, priority: Priority = Priority.CURSOR) -> Session:
        """Opens a site of the inner verifier."""
        is_valid: Callable[[], bool] = _always
        imports: str | None = ""
        if find_header(site.text).imports:
            imports = await self._read_imports(site.uri)
            is_valid = partial(_is_still, self.imports_key, imports)
        session = await self.inner.open(site, priority)
        if imports is None:
            return session
        keys = _Keys(base=f"{type(self.inner).__name__}\n{self.circumstances.key()}\n{imports}\n", site=site)
        return _CachedSession(
            inner=session, store=self.store, policy=self.circumstances.policy, keys=keys, is_valid=is_valid
        )

    async def goals_before_steps(self, uri: str, text: str, proof: FinishedProof) -> Sequence[Goal | None] | None:
        """See `verify.api.Verifier`."""
        return await self.inner.goals_before_steps(uri, text, proof)

    async def close(self) -> None:
        """Closes the inner verifier and the store."""
        try:
            await self.inner.close()
        finally:
            await self.store.close()

    async def _read_imports(self, uri: str) -> str | None:
        try:
            async with asyncio.timeout(_IMPORTS_S):
                imports = await asyncio.to_thread(self.imports_key)
        except TimeoutError:
            return None
        if imports is None or self._loaded.setdefault(uri, imports) == imports:
            return imports
        logger.debug("the imports of %s changed since Lean loaded them: nothing is remembered", uri)
        return None


def _always() -> bool:
    return True


def _is_still(imports_key: Callable[[], str | None], imports: str | None) -> bool:
    return imports is not None and imports_key() == imports


@frozen(kw_only=True)
class _Keys:
    """The keys of the answers at one site."""

    base: str
    site: ProofSite
    _at_site: str = field(init=False)

    @_at_site.default
    def _site(self) -> str:
        return f"{self.base}{self.site.uri}\n{site_key(self.site)}"

    def known(self, text: str) -> bytes:
        return _digest(_KNOWN, self.base, header_key(self.site), text)

    def state(self) -> bytes:
        return _digest(_STATE, self._at_site)

    def check(self, steps: Sequence[str], text: str) -> bytes:
        return _digest(_CHECK, self._at_site, *steps, text)

    def suspect(self, text: str) -> bytes:
        return _digest(_SUSPECT, self.base, text)


def _digest(*parts: str) -> bytes:
    return hashlib.sha256(json.dumps(parts).encode()).digest()


@define(kw_only=True)
class _CachedSession:
    inner: Session
    store: OutcomeStore
    policy: Policy
    keys: _Keys
    is_valid: Callable[[], bool]
    _learned: dict[bytes, str | None] = field(factory=dict, init=False)

    @property
    def site(self) -> ProofSite:
        return self.inner.site

    async def known_tactics(self, texts: Sequence[str], budget: Budget) -> frozenset[str]:
        keys = {text: self.keys.known(text) for text in texts}
        found = await self._recall(keys.values(), lambda answer: True)
        known = frozenset(text for text, key in keys.items() if key in found)
        rest = [text for text in texts if text not in known]
        if not rest:
            return known
        new = await self.inner.known_tactics(rest, budget)
        for text in new:
            self._learn(keys[text], {})
        return known | new

    async def site_state(self, budget: Budget) -> SiteState:
        key = self.keys.state()
        remembered = (await self._recall([key], read_state)).get(key)
        if remembered is not None:
            return remembered
        found = await self.inner.site_state(budget)
        self._learn(key, state_answer(found))
        return found

    async def check(
        self, steps: Sequence[str], candidates: Sequence[Candidate], budget: Budget
    ) -> AsyncGenerator[CheckedCandidate, None]:
        allowed = [c.text for c in candidates if self.refuses(c) is None]
        keys = {text: self.keys.check(steps, text) for text in allowed}
        suspects = {text: self.keys.suspect(text) for text in allowed}
        found = await self._recall([*keys.values(), *suspects.values()], read_outcome)
        rest: list[list[Candidate]] = [[]]
        for candidate in candidates:
            key = keys.get(candidate.text)
            outcome = found.get(key) if key else None
            if outcome is not None:
                yield CheckedCandidate(candidate=candidate, outcome=outcome)
            elif suspects.get(candidate.text) in found:
                rest.append([candidate])
            else:
                rest[0].append(candidate)
        for batch in filter(None, rest):
            async with aclosing(self.inner.check(steps, batch, budget)) as outcomes:
                async for checked in outcomes:
                    text = checked.candidate.text
                    if text in keys and is_lasting(checked.outcome):
                        self._remember(checked.outcome, keys[text], suspects[text], was_suspect=suspects[text] in found)
                    yield checked

    async def check_together(self, places: Sequence[Place], budget: Budget) -> list[dict[str, Outcome]]:
        keys = [{c.text: self.keys.check(p.steps, c.text) for c in p.candidates if not self.refuses(c)} for p in places]
        found = await self._recall([key for texts in keys for key in texts.values()], read_outcome)
        known = [{text: found[key] for text, key in texts.items() if key in found} for texts in keys]
        open_places = [
            evolve(place, candidates=tuple(c for c in place.candidates if c.text not in outcomes))
            for place, outcomes in zip(places, known, strict=True)
        ]
        if not any(place.candidates for place in open_places):
            return known
        asked = await self.inner.check_together(open_places, budget)
        for texts, outcomes, more in zip(keys, known, asked, strict=True):
            for text, outcome in more.items():
                outcomes[text] = outcome
                if text in texts and is_lasting(outcome):
                    self._remember(outcome, texts[text], self.keys.suspect(text), was_suspect=False)
        return known

    def refuses(self, candidate: Candidate) -> Outcome | None:
        return candidate_refusal(candidate, self.policy)

    async def run_steps(self, steps: Sequence[str], budget: Budget) -> Outcome:
        return await self.inner.run_steps(steps, budget)

    async def narrowed(self, steps: Sequence[str], text: str, budget: Budget) -> str | None:
        return await self.inner.narrowed(steps, text, budget)

    async def confirm(self, block: str, budget: Budget) -> Outcome:
        return await self.inner.confirm(block, budget)

    async def final_check(self, block: str, budget: Budget) -> FinalVerdict:
        return await self.inner.final_check(block, budget)

    async def close(self) -> None:
        self._flush()
        await self.inner.close()

    def _remember(self, outcome: Outcome, key: bytes, suspect: bytes, *, was_suspect: bool) -> None:
        answer = dict(outcome_answer(outcome))
        if outcome.kind is OutcomeKind.TIMED_OUT and outcome.message == HUNG:
            answer[_UNTIL] = self.store.clock() + HUNG_KEPT_S
            self._learn(suspect, answer)
        elif was_suspect:
            self._learned[suspect] = None
        self._learn(key, answer)

    async def _recall(self, keys: Iterable[bytes], read: Callable[[Answer], _T]) -> Mapping[bytes, _T]:
        """The answers that are there, those of this session included; what cannot be read is not there."""
        asked = list(keys)
        texts = dict(await self.store.get([key for key in asked if key not in self._learned]))
        texts.update({key: text for key in asked if (text := self._learned.get(key)) is not None})
        now = self.store.clock()
        found: dict[bytes, _T] = {}
        for key, text in texts.items():
            with suppress(ValueError, TypeError, LookupError, AttributeError):
                answer = json.loads(text)
                if now < answer.get(_UNTIL, inf):
                    found[key] = read(answer)
        return found

    def _learn(self, key: bytes, answer: Answer) -> None:
        self._learned[key] = json.dumps(answer)
        if len(self._learned) >= _FLUSH_AT:
            self._flush()

    def _flush(self) -> None:
        self.store.put(self._learned, self.is_valid)
        self._learned = {}


def is_lasting(outcome: Outcome) -> bool:
    """Whether an outcome holds for as long as what it depends on does."""
    if outcome.kind is OutcomeKind.FAILED:
        return not outcome.message.startswith(NOT_RUN_HERE)
    if outcome.kind is OutcomeKind.TIMED_OUT:
        return outcome.message in (HUNG, HEARTBEATS_MET, SIMP_STEPS_MET)
    return outcome.kind in (OutcomeKind.CLOSED, OutcomeKind.PROGRESS, OutcomeKind.NO_CHANGE, OutcomeKind.PARSE_ERROR)
