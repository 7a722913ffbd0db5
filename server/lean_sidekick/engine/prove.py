"""Completing a declaration: its holes one after the other, then the final check of the whole.

Each hole is searched apart, in the text that the proofs of the holes before it left. The proof of the last hole
counts only after the final check of the file; those before it after a check alone in their place. Nothing is written
anywhere: the result carries one edit.
"""

from collections.abc import Callable

from attrs import define, evolve, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.holes import find_holes
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.core.positions import TextEdit, apply_edits
from lean_sidekick.core.render import declaration_proof, site_edit
from lean_sidekick.core.sites import Hole, ProofSite
from lean_sidekick.engine.api import ProofResult, ProofStatus, ProveProgress
from lean_sidekick.engine.proposals import proposals_for
from lean_sidekick.engine.suggest import Sources
from lean_sidekick.search.best_first import BestFirst, Progress
from lean_sidekick.search.options import PLAIN, SearchOptions
from lean_sidekick.search.result import SearchResult, SearchStatus
from lean_sidekick.verify.api import FinalStatus, FinalVerdict, Priority, Session, Verifier

FINAL_CHECK_S = 20.0
"""Seconds that the final check may take beyond the search's budget; a proof that was found is not thrown away."""


@define(kw_only=True)
class Prover:
    """Completes declarations through one verifier."""

    verifier: Verifier
    sources: Sources
    on_progress: Callable[[ProveProgress], None]
    options: SearchOptions = PLAIN

    async def prove(self, site: ProofSite, budget: Budget) -> ProofResult:
        """Tries to fill the site's hole and all others of its declaration.

        Raises SidekickError where Lean cannot be asked at all.
        """
        current, refused = site, 0
        while True:
            is_last = len(_holes(current.text, current)) <= (current.hole is not Hole.UNFINISHED_BLOCK)
            filled = await self._fill(current, budget, is_last=is_last)
            refused += filled.search.refused
            if filled.search.block is None:
                return _failure(site, filled, budget, refused)
            text = apply_edits(current.text, [site_edit(current, filled.search.block)])
            rest = _holes(text, current)
            if is_last:
                return _success(site, text, filled.verdict, budget, refused)
            current = rest[0]

    async def _fill(self, site: ProofSite, budget: Budget, *, is_last: bool) -> "_Filled":
        session = await self.verifier.open(site, Priority.BACKGROUND)
        try:
            found = await session.site_state(budget)
            goals = found.state.goals
            if site.hole is Hole.TACTIC_SORRY:
                goals = goals[:1]
            if len(goals) > 1 and any(goal.has_metavariable for goal in goals):
                return _Filled(
                    search=SearchResult(
                        status=SearchStatus.EXHAUSTED, block=None, expanded=0, refused=0, last_refusal=""
                    ),
                    message="the goals here share metavariables, which is not supported yet",
                )
            proposals = await proposals_for(
                site, session, self.sources.generator, self.sources.probes, budget, self.options
            )
            acceptance = _Acceptance(session=session, is_last=is_last)
            search = BestFirst(
                session=session,
                generate=proposals.candidates,
                accept=acceptance,
                budget=budget,
                on_progress=lambda progress: self._report(progress, budget),
            )
            result = await search.run(goals)
            return _Filled(search=result, verdict=acceptance.verdict, message=found.prefix_error)
        finally:
            await session.close()

    def _report(self, progress: Progress, budget: Budget) -> None:
        self.on_progress(
            ProveProgress(
                checks=progress.checks,
                seconds=budget.seconds_spent,
                goals_left=progress.goals_open,
                trying=progress.goal.target,
            )
        )


@frozen(kw_only=True)
class _Filled:
    search: SearchResult
    verdict: FinalVerdict | None = None
    message: str = ""


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
        self.verdict = await self.session.final_check(block, budget)
        if self.verdict.status in (FinalStatus.ACCEPTED, FinalStatus.ACCEPTED_WITH_SORRY):
            return None
        return self.verdict.message or self.verdict.status.value


def _holes(text: str, site: ProofSite) -> list[ProofSite]:
    """The holes of the site's declaration that can be seen in a text; its start is where it was."""
    return [
        hole for hole in find_holes(text, site.uri, site.version) if hole.declaration.start == site.declaration.start
    ]


def _success(site: ProofSite, text: str, verdict: FinalVerdict | None, budget: Budget, refused: int) -> ProofResult:
    assert verdict is not None
    with_sorry = verdict.status is FinalStatus.ACCEPTED_WITH_SORRY
    declaration = evolve(site.declaration, end=site.declaration.end + len(text) - len(site.text))
    return ProofResult(
        declaration=site.declaration.label,
        status=ProofStatus.PROVED_WITH_SORRY if with_sorry else ProofStatus.PROVED,
        proof=declaration_proof(text, declaration),
        edits=(_difference(site.text, text),),
        axioms=verdict.axioms,
        seconds=budget.seconds_spent,
        checks=budget.checks_spent,
        message=verdict.message,
        refused_by_final_check=refused,
    )


def _failure(site: ProofSite, filled: _Filled, budget: Budget, refused: int) -> ProofResult:
    spent = filled.search.status is SearchStatus.BUDGET_SPENT
    if filled.search.last_refusal:
        message = f"a proof was found but not accepted: {filled.search.last_refusal}"
    elif filled.message:
        message = filled.message
    elif spent:
        message = f"no proof was found in {budget.seconds:g} s"
    else:
        message = "no proof was found, and nothing is left to try"
    return ProofResult(
        declaration=site.declaration.label,
        status=ProofStatus.TIMED_OUT if spent else ProofStatus.NOT_PROVED,
        proof=None,
        edits=(),
        axioms=(),
        seconds=budget.seconds_spent,
        checks=budget.checks_spent,
        message=message,
        refused_by_final_check=refused,
    )


def _difference(old: str, new: str) -> TextEdit:
    """The one edit that turns the old text into the new one, without the parts they begin and end with alike."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return TextEdit(start=start, end=len(old) - end, new_text=new[start : len(new) - end])
