"""What is shown was run alone in its place: a batch may say more, or something else."""

from collections.abc import AsyncGenerator, Sequence

from attrs import define, field

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.goals import ProofState, parse_goal, parse_goals
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.suggest import Sources, suggest
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.verify.api import FinalVerdict, SiteState
from support.sites import sorry_site

SITE = sorry_site("theorem a (p q : Prop) (h : p) : p ∧ q := by\n  sorry\n")


def progress(*goals: str) -> Outcome:
    return Outcome(kind=OutcomeKind.PROGRESS, goals=parse_goals(goals))


FAILED = Outcome(kind=OutcomeKind.FAILED, message="unexpected bound variable")
IN_A_BATCH = {"bad": progress("⊢ x"), "other": progress("⊢ yy"), "good": progress("⊢ zzz"), "worse": progress("⊢ wwww")}
ALONE = {"bad": FAILED, "other": progress("⊢ yyyyyyyy"), "good": progress("⊢ zzz"), "worse": progress("⊢ wwww")}


@define
class TwoFacedSession:
    """A session whose batches say `IN_A_BATCH`, and whose single checks say `ALONE`."""

    site: ProofSite = SITE
    alone: list[str] = field(factory=list)

    async def known_tactics(self, texts: Sequence[str], budget: Budget) -> frozenset[str]:
        return frozenset(texts)

    async def site_state(self, budget: Budget) -> SiteState:
        return SiteState(state=ProofState(goals=(parse_goal("⊢ p ∧ q"),)), prefix_error="")

    async def check(
        self, steps: Sequence[str], candidates: Sequence[Candidate], budget: Budget
    ) -> AsyncGenerator[CheckedCandidate, None]:
        for candidate in candidates:
            yield CheckedCandidate(candidate=candidate, outcome=IN_A_BATCH[candidate.text])

    async def run_steps(self, steps: Sequence[str], budget: Budget) -> Outcome:
        (text,) = steps
        self.alone.append(text)
        return ALONE[text]

    async def confirm(self, block: str, budget: Budget) -> Outcome:
        raise AssertionError("nothing closes the goal")

    async def final_check(self, block: str, budget: Budget) -> FinalVerdict:
        raise AssertionError("nothing is proved")

    async def close(self) -> None:
        pass


class FixedCandidates:
    """The candidates of the batch, whatever the goal."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        return [Candidate(text=text, source=Source.PORTFOLIO, score=-1.0) for text in IN_A_BATCH]


async def test_what_fails_alone_is_not_shown_and_goals_are_those_left_alone() -> None:
    session = TwoFacedSession()
    sources = Sources(generator=FixedCandidates(), probes=())
    rounds = [r async for r in suggest(SITE, session, sources, Budget(seconds=60, checks=100), limit=2)]
    shown = {s.candidate.text: s.goals_left for s in rounds[-1].suggestions}
    assert list(shown) == ["good", "worse"], "the simplest goals first, as they are alone"
    assert session.alone.count("bad") == 1 and set(session.alone) == {"bad", "other", "good", "worse"}
    for round_ in rounds:
        assert {s.candidate.text for s in round_.suggestions} <= set(session.alone) - {"bad"}
