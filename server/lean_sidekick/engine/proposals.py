"""Candidates for a site: the generator with what it may look at.

Asks once which tactics the toolchain has and which lemmas the open file offers above the site; then turns goals into
candidates.
"""

from collections.abc import Sequence

from attrs import frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.premises import Premise, premises_above
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.tactics.api import TacticGenerator, TacticRequest
from lean_sidekick.verify.api import Session


@frozen(kw_only=True)
class Proposals:
    """A generator bound to one site."""

    generator: TacticGenerator
    premises: tuple[Premise, ...]
    known_tactics: frozenset[str]

    async def candidates(self, goal: Goal) -> Sequence[Candidate]:
        """Candidates for a goal at the site or below it, best first."""
        request = TacticRequest(goal=goal, premises=self.premises, known_tactics=self.known_tactics)
        return await self.generator.generate(request)


async def proposals_for(
    site: ProofSite, session: Session, generator: TacticGenerator, probes: Sequence[str], budget: Budget
) -> Proposals:
    """Learns what the toolchain has, if that is not known yet, and reads the file above the site."""
    return Proposals(
        generator=generator,
        premises=premises_above(site.text, site.declaration.start),
        known_tactics=await session.known_tactics(probes, budget),
    )
