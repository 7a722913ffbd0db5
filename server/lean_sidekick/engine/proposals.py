"""Candidates for a site: the generator with what it may look at.

Asks once which tactics the toolchain has and which lemmas the open file offers above the site; then turns goals into
candidates.
"""

import re
from collections.abc import Sequence

from attrs import evolve, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.premises import Premise, premises_above
from lean_sidekick.core.scanner import IDENTIFIER
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.api import DocumentText
from lean_sidekick.engine.premises import ProjectPremises
from lean_sidekick.engine.surroundings import is_whole_proof, surroundings_of
from lean_sidekick.search.options import PLAIN, Part, SearchOptions
from lean_sidekick.tactics.api import Surroundings, TacticGenerator, TacticRequest
from lean_sidekick.tactics.merge import library_names
from lean_sidekick.tactics.sampling import SampledGenerator
from lean_sidekick.verify.api import Session

_IDENTIFIERS = re.compile(IDENTIFIER)
RETRIEVED = 128
"""Premises that are looked at for one goal; what they are used for is limited where candidates are made."""


@frozen(kw_only=True)
class Proposals:
    """A generator bound to one site.

    As long as our Lean has not said the goals (`with_goals`) and what the toolchain has (`with_tactics`), it is good
    for what models are asked with, and for nothing else.
    """

    site: ProofSite
    generator: TacticGenerator
    premises: tuple[Premise, ...]
    library: ProjectPremises | None
    surroundings: Surroundings
    known_tactics: frozenset[str] = frozenset()
    root: str | None = None
    _looked_up: dict[str, tuple[Premise, ...]] = field(factory=dict)

    async def candidates(self, goal: Goal) -> Sequence[Candidate]:
        """Candidates for a goal at the site or below it, best first."""
        return await self.generator.generate(await self.request(goal))

    async def request(self, goal: Goal) -> TacticRequest:
        """What generators may look at for a goal at the site or below it."""
        return TacticRequest(
            goal=goal,
            premises=self.premises,
            known_tactics=self.known_tactics,
            retrieved=await self._retrieved(goal),
            surroundings=self.surroundings,
            is_root=goal.text == self.root,
        )

    def with_goals(self, goals: Sequence[Goal]) -> "Proposals":
        """The same, knowing the goals at the site."""
        return evolve(self, root=goals[0].text if goals and is_whole_proof(self.site) else None)

    async def with_tactics(self, session: Session, probes: Sequence[str], budget: Budget) -> "Proposals":
        """The same, knowing what the toolchain has."""
        return evolve(self, known_tactics=await session.known_tactics(probes, budget))

    async def look_up(self, goal: Goal) -> None:
        """Looks up the premises for a goal and keeps them: who asks for that goal next has them at once."""
        self._looked_up[goal.text] = await self._retrieved(goal)

    async def _retrieved(self, goal: Goal) -> tuple[Premise, ...]:
        if self.library is None:
            return ()
        if goal.text in self._looked_up:
            return self._looked_up[goal.text]
        document = DocumentText(uri=self.site.uri, version=self.site.version, text=self.site.text)
        # Those above the site are looked at one and all, whatever their rank.
        return tuple(await self.library.of_imports(document, goal, RETRIEVED))


@frozen(kw_only=True)
class WithoutLemmas:
    """Another generator without the candidates that name a lemma: those of the open file and of retrieval, and those
    that some sources know by heart."""

    inner: TacticGenerator

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """The inner generator's candidates but those."""
        known = library_names()
        return [
            found
            for found in await self.inner.generate(request)
            if found.source is not Source.LEMMA and known.isdisjoint(_IDENTIFIERS.findall(found.text))
        ]


async def proposals_for(
    site: ProofSite,
    goals: tuple[Goal, ...],
    session: Session,
    generator: TacticGenerator,
    probes: Sequence[str],
    budget: Budget,
    options: SearchOptions = PLAIN,
    library: ProjectPremises | None = None,
) -> Proposals:
    """Learns what the toolchain has, if that is not known yet, and reads the file above the site; `goals` are those
    at the site."""
    proposals = proposals_before_lean(site, generator, options, library)
    return await proposals.with_goals(goals).with_tactics(session, probes, budget)


def proposals_before_lean(
    site: ProofSite, generator: TacticGenerator, options: SearchOptions = PLAIN, library: ProjectPremises | None = None
) -> Proposals:
    """What can be known of a site before our Lean says anything of it."""
    has_premises = Part.PREMISES not in options.without
    if not has_premises:
        generator = WithoutLemmas(inner=generator)
    if options.temperature > 0:
        generator = SampledGenerator(inner=generator, seed=options.seed, temperature=options.temperature)
    return Proposals(
        site=site,
        generator=generator,
        premises=premises_above(site.text, site.declaration.start) if has_premises else (),
        library=library if has_premises else None,
        surroundings=surroundings_of(site),
    )
