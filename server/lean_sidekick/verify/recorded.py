"""A Verifier that answers from a recording, and one that makes the recording.

`RecordedVerifier` has no Lean: a question that was never recorded is an error that says so, never a made-up answer.
`RecordingVerifier` passes every question to another verifier and keeps the answers. What was cut short by a budget is
no answer of Lean's and is not kept.
"""

from collections.abc import AsyncGenerator, Sequence

from attrs import define

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.errors import InputError, NotRecorded
from lean_sidekick.core.finished_proofs import FinishedProof
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.verify.api import FinalStatus, FinalVerdict, Place, Priority, Session, SiteState, Verifier
from lean_sidekick.verify.recording import (
    Answer,
    Key,
    Recording,
    file_key,
    header_key,
    outcome_answer,
    read_outcome,
    read_state,
    read_verdict,
    site_key,
    state_answer,
    steps_key,
    verdict_answer,
)

_NO_STATE = "no_state"
_KNOWN, _STATE, _CHECK, _RUN = "known", "state", "check", "run"
_NARROW, _CONFIRM, _FINAL = "narrow", "confirm", "final"


@define
class RecordedVerifier:
    """Answers from one recording; see `verify.api.Verifier`."""

    recording: Recording

    async def open(self, site: ProofSite, priority: Priority = Priority.CURSOR) -> Session:
        """Opens a site."""
        return _RecordedSession(recording=self.recording, site=site)

    async def goals_before_steps(self, uri: str, text: str, proof: FinishedProof) -> Sequence[Goal | None] | None:
        """Nothing: recordings answer questions about holes."""
        return None

    async def close(self) -> None:
        """Nothing is open."""


@define(kw_only=True)
class _RecordedSession:
    recording: Recording
    site: ProofSite

    async def known_tactics(self, texts: Sequence[str], budget: Budget) -> frozenset[str]:
        answers = {text: self._answer((_KNOWN, header_key(self.site), "", text)) for text in texts}
        return frozenset(text for text, answer in answers.items() if answer["known"])

    async def site_state(self, budget: Budget) -> SiteState:
        answer = self._answer((_STATE, site_key(self.site), "", ""))
        if _NO_STATE in answer:
            raise InputError(answer[_NO_STATE])
        return read_state(answer)

    async def check(
        self, steps: Sequence[str], candidates: Sequence[Candidate], budget: Budget
    ) -> AsyncGenerator[CheckedCandidate, None]:
        for candidate in candidates:
            answer = self._answer((_CHECK, site_key(self.site), steps_key(steps), candidate.text))
            budget.spend_checks(1)
            yield CheckedCandidate(candidate=candidate, outcome=read_outcome(answer))

    async def check_together(self, places: Sequence[Place], budget: Budget) -> list[dict[str, Outcome]]:
        return [{} for _ in places]  # what was asked together was kept apart: see `check`

    def refuses(self, candidate: Candidate) -> Outcome | None:
        return None

    async def run_steps(self, steps: Sequence[str], budget: Budget) -> Outcome:
        budget.spend_checks(1)
        return read_outcome(self._answer((_RUN, site_key(self.site), steps_key(steps[:-1]), steps[-1])))

    async def narrowed(self, steps: Sequence[str], text: str, budget: Budget) -> str | None:
        budget.spend_checks(1)
        answer: str | None = self._answer((_NARROW, site_key(self.site), steps_key(steps), text))["narrowed"]
        return answer

    async def confirm(self, block: str, budget: Budget) -> Outcome:
        budget.spend_checks(1)
        return read_outcome(self._answer((_CONFIRM, site_key(self.site), "", block)))

    async def final_check(self, block: str, budget: Budget) -> FinalVerdict:
        budget.spend_checks(1)
        return read_verdict(self._answer((_FINAL, file_key(self.site), "", block)))

    async def close(self) -> None:
        pass

    def _answer(self, key: Key) -> Answer:
        answer = self.recording.get(key)
        if answer is None:
            what = f"`{key[3]}`" if key[3] else "this place"
            raise NotRecorded(
                f"No real Lean was asked about {what} in {self.site.declaration.label}; "
                "install a Lean, or record it with `make record`."
            )
        return answer


@define
class RecordingVerifier:
    """Asks another verifier and keeps its answers; see `verify.api.Verifier`."""

    inner: Verifier
    recording: Recording

    async def open(self, site: ProofSite, priority: Priority = Priority.CURSOR) -> Session:
        """Opens a site of the inner verifier."""
        return _RecordingSession(inner=await self.inner.open(site, priority), recording=self.recording)

    async def goals_before_steps(self, uri: str, text: str, proof: FinishedProof) -> Sequence[Goal | None] | None:
        """See `verify.api.Verifier`."""
        return await self.inner.goals_before_steps(uri, text, proof)

    async def close(self) -> None:
        """Closes the inner verifier."""
        await self.inner.close()


@define(kw_only=True)
class _RecordingSession:
    inner: Session
    recording: Recording

    @property
    def site(self) -> ProofSite:
        return self.inner.site

    async def known_tactics(self, texts: Sequence[str], budget: Budget) -> frozenset[str]:
        known = await self.inner.known_tactics(texts, budget)
        for text in texts:
            self.recording.put((_KNOWN, header_key(self.site), "", text), {"known": text in known})
        return known

    async def site_state(self, budget: Budget) -> SiteState:
        key = (_STATE, site_key(self.site), "", "")
        try:
            found = await self.inner.site_state(budget)
        except InputError as error:
            self.recording.put(key, {_NO_STATE: str(error)})
            raise
        self.recording.put(key, state_answer(found))
        return found

    async def check(
        self, steps: Sequence[str], candidates: Sequence[Candidate], budget: Budget
    ) -> AsyncGenerator[CheckedCandidate, None]:
        async for checked in self.inner.check(steps, candidates, budget):
            if not (budget.is_spent and checked.outcome.kind is OutcomeKind.TIMED_OUT):
                key = (_CHECK, site_key(self.site), steps_key(steps), checked.candidate.text)
                self.recording.put(key, outcome_answer(checked.outcome))
            yield checked

    async def check_together(self, places: Sequence[Place], budget: Budget) -> list[dict[str, Outcome]]:
        found = await self.inner.check_together(places, budget)
        for place, outcomes in zip(places, found, strict=True):
            for text, outcome in outcomes.items():
                key = (_CHECK, site_key(self.site), steps_key(place.steps), text)
                self.recording.put(key, outcome_answer(outcome))
        return found

    def refuses(self, candidate: Candidate) -> Outcome | None:
        return self.inner.refuses(candidate)

    async def run_steps(self, steps: Sequence[str], budget: Budget) -> Outcome:
        outcome = await self.inner.run_steps(steps, budget)
        if not (budget.is_spent and outcome.kind is OutcomeKind.TIMED_OUT):
            key = (_RUN, site_key(self.site), steps_key(steps[:-1]), steps[-1])
            self.recording.put(key, outcome_answer(outcome))
        return outcome

    async def narrowed(self, steps: Sequence[str], text: str, budget: Budget) -> str | None:
        narrowed = await self.inner.narrowed(steps, text, budget)
        self.recording.put((_NARROW, site_key(self.site), steps_key(steps), text), {"narrowed": narrowed})
        return narrowed

    async def confirm(self, block: str, budget: Budget) -> Outcome:
        outcome = await self.inner.confirm(block, budget)
        if outcome.kind not in (OutcomeKind.TIMED_OUT, OutcomeKind.CRASHED):
            self.recording.put((_CONFIRM, site_key(self.site), "", block), outcome_answer(outcome))
        return outcome

    async def final_check(self, block: str, budget: Budget) -> FinalVerdict:
        verdict = await self.inner.final_check(block, budget)
        if verdict.status not in (FinalStatus.TIMED_OUT, FinalStatus.CRASHED):
            self.recording.put((_FINAL, file_key(self.site), "", block), verdict_answer(verdict))
        return verdict

    async def close(self) -> None:
        await self.inner.close()
