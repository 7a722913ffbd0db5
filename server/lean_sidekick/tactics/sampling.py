"""Candidates in a random order that respects their scores, for independent attempts at one theorem.

Adds Gumbel noise to every score: the order is then one of samples without replacement from the distribution that the
scores stand for. The noise depends on seed, goal and text alone, so that a repeated run repeats itself and the order
in which goals are met changes nothing. Where noise lifts a score above 0, all of that goal's are moved down alike.
"""

import hashlib
import math
from collections.abc import Sequence

from attrs import evolve, frozen

from lean_sidekick.core.candidates import Candidate
from lean_sidekick.tactics.api import TacticGenerator, TacticRequest


@frozen(kw_only=True)
class SampledGenerator:
    """Another generator with its scores perturbed; `temperature` is larger than 0."""

    inner: TacticGenerator
    seed: int
    temperature: float

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """The candidates of the inner generator in their new order."""
        goal = request.goal.normal_form()
        noisy = [(self._perturbed(goal, found), found) for found in await self.inner.generate(request)]
        above = max(0.0, max((score for score, _ in noisy), default=0.0))
        moved = [evolve(found, score=score - above) for score, found in noisy]
        return sorted(moved, key=lambda candidate: -candidate.score)

    def _perturbed(self, goal: str, candidate: Candidate) -> float:
        digest = hashlib.sha256(f"{self.seed}\0{goal}\0{candidate.text}".encode()).digest()
        uniform = (int.from_bytes(digest[:8], "big") + 1) / (2**64 + 1)
        return candidate.score - self.temperature * math.log(-math.log(uniform))
