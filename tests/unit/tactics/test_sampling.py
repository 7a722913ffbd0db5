"""Independent attempts: an order drawn from the scores, the same for the same seed."""

from collections import Counter
from collections.abc import Sequence

from attrs import frozen

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.goals import parse_goal
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.sampling import SampledGenerator

SCORES = {"likely": -0.5, "possible": -1.5, "unlikely": -4.0}


@frozen
class Fixed:
    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        return [Candidate(text=text, source=Source.PORTFOLIO, score=score) for text, score in SCORES.items()]


async def order(seed: int, temperature: float = 1.0, goal: str = "⊢ p") -> list[str]:
    generator = SampledGenerator(inner=Fixed(), seed=seed, temperature=temperature)
    found = await generator.generate(TacticRequest(goal=parse_goal(goal)))
    assert all(candidate.score <= 0 for candidate in found)
    return [candidate.text for candidate in found]


async def test_the_same_seed_gives_the_same_order() -> None:
    assert [await order(seed) for seed in range(20)] == [await order(seed) for seed in range(20)]


async def test_seeds_and_goals_differ() -> None:
    assert len({tuple(await order(seed)) for seed in range(50)}) > 1
    assert [await order(seed, goal="⊢ q") for seed in range(50)] != [await order(seed) for seed in range(50)]


async def test_what_is_likely_comes_first_more_often() -> None:
    """Who comes first follows the softmax of the scores: 0.71, 0.26, 0.02."""
    first = Counter([(await order(seed))[0] for seed in range(1000)])
    assert abs(first["likely"] / 1000 - 0.71) < 0.05
    assert abs(first["possible"] / 1000 - 0.26) < 0.05
    assert 5 < first["unlikely"] < 50


async def test_little_noise_changes_little() -> None:
    assert all([await order(seed, temperature=0.01) == list(SCORES) for seed in range(50)])
