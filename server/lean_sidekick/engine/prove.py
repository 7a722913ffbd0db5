"""Completing a declaration: its holes one after the other, then the final check of the whole.

Each hole is searched apart, in the text that the proofs of the holes before it left. The proof of the last hole
counts only after the final check of the file; those before it after a check alone in their place. The time of the
budget begins when Lean has read the file up to the first hole. Nothing is written anywhere: the result carries one
edit, or, where no proof was found, one with the best partial proof.
"""

import re
from collections.abc import Callable

from attrs import define, evolve, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import InputError
from lean_sidekick.core.holes import find_holes
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.core.positions import TextEdit, apply_edits
from lean_sidekick.core.render import declaration_proof, site_edit
from lean_sidekick.core.sites import Hole, ProofSite
from lean_sidekick.engine.api import OPENING_S, ProofResult, ProofStatus, ProveProgress
from lean_sidekick.engine.proposals import proposals_for
from lean_sidekick.engine.suggest import Sources
from lean_sidekick.search.api import WIDTH, Progress, SearchTask
from lean_sidekick.search.kinds import make_search
from lean_sidekick.search.options import Part, SearchOptions
from lean_sidekick.search.polish import PolishOptions
from lean_sidekick.search.proof_text import PLACEHOLDER
from lean_sidekick.search.result import PartialProof, SearchResult, SearchStatus
from lean_sidekick.search.trace import SearchBegan, Trace
from lean_sidekick.search.value import value_function
from lean_sidekick.verify.api import FinalStatus, FinalVerdict, Priority, Session, Verifier

FINAL_CHECK_S = 20.0
"""Seconds that the final check may take beyond the search's budget; a proof that was found is not thrown away."""
PARTIAL_CHECK_S = 5.0
_ACCEPTED = {
    FinalStatus.ACCEPTED: ProofStatus.PROVED,
    FinalStatus.ACCEPTED_WITH_SORRY: ProofStatus.PROVED_WITH_SORRY,
    FinalStatus.ACCEPTED_AXIOMS_UNKNOWN: ProofStatus.PROVED_AXIOMS_UNKNOWN,
}
_SAID_FROM_S = 1.0
"""Opening a file is only spoken of from so many seconds on."""


@define(kw_only=True)
class Prover:
    """Completes one declaration through a verifier."""

    verifier: Verifier
    sources: Sources
    on_progress: Callable[[ProveProgress], None]
    options: SearchOptions
    trace: Trace
    _opening_s: float | None = field(default=None, init=False)

    async def prove(self, site: ProofSite, budget: Budget) -> ProofResult:
        """Tries to fill the site's hole and all others of its declaration.

        Raises SidekickError where Lean cannot be asked at all.
        """
        if site.is_conv:
            raise InputError("Proofs are not searched for inside a `conv` block; put the cursor after it.")
        current, refused = site, 0
        while True:
            is_last = len(_holes(current.text, current)) <= (current.hole is not Hole.UNFINISHED_BLOCK)
            filled = await self._fill(current, budget, is_last=is_last)
            refused += filled.search.refused
            if filled.search.block is None:
                result = _failure(site, current, filled, budget, self._opening_s or 0.0)
                return evolve(result, refused_by_final_check=refused)
            text = apply_edits(current.text, [site_edit(current, filled.search.block)])
            rest = _holes(text, current)
            if is_last:
                result = _success(site, text, filled, budget)
                return evolve(result, refused_by_final_check=refused, opening_s=self._opening_s or 0.0)
            current = rest[0]

    async def _fill(self, site: ProofSite, budget: Budget, *, is_last: bool) -> "_Filled":
        session = await self.verifier.open(site, Priority.BACKGROUND)
        try:
            is_first = self._opening_s is None
            opening = Budget(seconds=OPENING_S, checks=budget.checks, clock=budget.clock) if is_first else budget
            found = await session.site_state(opening)
            is_unlearned = Part.PRIORS in self.options.without
            proposals = await proposals_for(
                site,
                found.state.goals,
                session,
                self.sources.unlearned if is_unlearned else self.sources.generator,
                self.sources.probes,
                opening,
                self.options,
                self.sources.premises,
            )
            if is_first:
                self._opening_s = opening.seconds_spent
                budget.restart()
            goals = found.state.goals
            if site.hole is Hole.TACTIC_SORRY:
                goals = goals[:1]
            outside = len(found.state.goals) - len(goals)
            late = self.sources.models.for_search(proposals.request)
            acceptance = _Acceptance(session=session, is_last=is_last)
            task = SearchTask(
                session=session,
                generate=proposals.candidates,
                late=late,
                accept=acceptance,
                budget=budget,
                on_progress=lambda progress: self._report(progress, budget),
                value=await value_function(self.options.value_file),
                trace=self.trace,
                width=WIDTH - len(site.indentation),
                polish=None
                if Part.POLISH in self.options.without
                else PolishOptions(narrows_simp=self.options.narrows_simp),
                merges_states=Part.STATE_MERGING not in self.options.without,
            )
            self.trace.write(
                SearchBegan(
                    declaration=site.declaration.label,
                    kind=self.options.kind.value,
                    seconds=budget.seconds,
                    merges_states=task.merges_states,
                )
            )
            try:
                result = await make_search(self.options.kind, task, self.options.seed).run(goals, outside)
            finally:
                await late.close()
            if result.partial is not None:
                result = evolve(result, partial=await _confirmed(session, result.partial, outside))
            return _Filled(
                search=result,
                verdict=acceptance.verdict,
                prefix_error=found.prefix_error,
                model_trouble=late.trouble,
            )
        finally:
            await session.close()

    def _report(self, progress: Progress, budget: Budget) -> None:
        self.on_progress(
            ProveProgress(
                checks=progress.checks,
                seconds=budget.seconds_spent,
                goals_left=progress.goals_open,
                goals_proved=progress.goals_proved,
                trying=progress.goal.target,
            )
        )


@frozen(kw_only=True)
class _Filled:
    search: SearchResult
    verdict: FinalVerdict | None
    prefix_error: str
    model_trouble: str


@define(kw_only=True)
class _Acceptance:
    """Takes the finished block of a hole: by the final check for the last hole, alone in its place for one before
    it."""

    session: Session
    is_last: bool
    verdict: FinalVerdict | None = field(default=None, init=False)

    async def __call__(self, block: str) -> str | None:
        budget = Budget(seconds=FINAL_CHECK_S, checks=10)
        if not self.is_last:
            outcome = await self.session.confirm(block, budget)
            return None if outcome.kind is OutcomeKind.CLOSED else outcome.message or outcome.kind.value
        verdict = await self.session.final_check(block, budget)
        if verdict.status not in _ACCEPTED:
            return verdict.message or verdict.status.value
        self.verdict = verdict
        return None


async def _confirmed(session: Session, partial: PartialProof, outside: int) -> PartialProof | None:
    """The partial proof as Lean runs it without an error, its placeholders standing for the open goals; None if not.

    An early Lean has no `sorry` among its tactics, only `admit`. A candidate never holds either.
    """
    for placeholder in (PLACEHOLDER, "admit"):
        block = re.sub(rf"\b{PLACEHOLDER}\b", placeholder, partial.block)
        outcome = await session.run_steps([block], Budget(seconds=PARTIAL_CHECK_S, checks=1))
        if outcome.kind in (OutcomeKind.CLOSED, OutcomeKind.PROGRESS) and len(outcome.goals) <= outside:
            return evolve(partial, block=block)
    return None


def _holes(text: str, site: ProofSite) -> list[ProofSite]:
    """The holes of the site's declaration that can be seen in a text; its start is where it was."""
    return [
        hole for hole in find_holes(text, site.uri, site.version) if hole.declaration.start == site.declaration.start
    ]


def _success(site: ProofSite, text: str, filled: _Filled, budget: Budget) -> ProofResult:
    verdict = filled.verdict
    assert verdict is not None
    declaration = evolve(site.declaration, end=site.declaration.end + len(text) - len(site.text))
    return ProofResult(
        declaration=site.declaration.label,
        status=_ACCEPTED[verdict.status],
        proof=declaration_proof(text, declaration),
        edits=(_difference(site.text, text),),
        axioms=verdict.axioms,
        seconds=budget.seconds_spent,
        checks=budget.checks_spent,
        message=verdict.message,
        found_s=filled.search.found_s,
    )


def _failure(site: ProofSite, current: ProofSite, filled: _Filled, budget: Budget, opening_s: float) -> ProofResult:
    """Without a proof: the reason, and the holes filled so far with the best partial proof of the one that was not."""
    search = filled.search
    text = current.text
    if search.partial is not None:
        text = apply_edits(current.text, [site_edit(current, search.partial.block)])
    return ProofResult(
        declaration=site.declaration.label,
        status=ProofStatus.TIMED_OUT if search.status is SearchStatus.BUDGET_SPENT else ProofStatus.NOT_PROVED,
        proof=None,
        edits=(),
        axioms=(),
        seconds=budget.seconds_spent,
        checks=budget.checks_spent,
        message="; ".join(filter(None, (_reason(filled, budget, opening_s), filled.model_trouble))),
        opening_s=opening_s,
        partial=search.partial,
        partial_edits=(_difference(site.text, text),) if text != site.text else (),
    )


def _reason(filled: _Filled, budget: Budget, opening_s: float) -> str:
    search = filled.search
    if search.last_refusal:
        return f"a proof was found but not accepted: {search.last_refusal}"
    if filled.prefix_error:
        return filled.prefix_error
    before = f", after {opening_s:.0f} s to open the file" if opening_s >= _SAID_FROM_S else ""
    if search.status is SearchStatus.EXHAUSTED:
        reason = f"no proof was found, and nothing is left to try{before}"
    elif budget.checks_left == 0:
        reason = f"no proof was found in {budget.checks} checks{before}"
    else:
        reason = f"no proof was found in {budget.seconds:g} s{before}"
    return reason + (f"; {partial_words(search.partial)}" if search.partial else "")


def partial_words(partial: PartialProof) -> str:
    """What a partial proof is, in words."""
    goals = "1 goal" if partial.goals_open == 1 else f"{partial.goals_open} goals"
    proved = f" proves {partial.goals_proved} and" if partial.goals_proved else ""
    return f"the best partial proof{proved} leaves {goals} open"


def _difference(old: str, new: str) -> TextEdit:
    """The one edit that turns the old text into the new one, without the parts they begin and end with alike."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return TextEdit(start=start, end=len(old) - end, new_text=new[start : len(new) - end])
