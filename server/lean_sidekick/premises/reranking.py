"""The cross-encoder that comes last: reads the question and each of the first premises together, and orders them anew.

What stands behind them, and everything where it is missing, slow or fails, stays as it was fused.
"""

import math
from collections.abc import Sequence
from typing import Protocol

from attrs import evolve, frozen

from lean_sidekick.core.errors import ModelUnavailable
from lean_sidekick.core.premises import Premise
from lean_sidekick.model_worker.api import ModelClient
from lean_sidekick.model_worker.messages import ModelSpec, Urgency
from lean_sidekick.premises.api import FoundPremise, RankReason
from lean_sidekick.premises.formats import declared

RERANKED = 32
"""How many of the first premises are read; the true one is seldom further down."""
NAME = "cross-encoder"
_LOADING_S = 300.0


class Reranker(Protocol):
    """Scores premises for a question. Methods raise what `ModelClient.score` raises."""

    async def load(self) -> None:
        """Makes it ready to answer; may take long."""

    async def scores(self, question: str, premises: Sequence[Premise], timeout_s: float) -> Sequence[float]:
        """One score a premise, in order; larger is better."""


@frozen(kw_only=True)
class WorkerReranker:
    """A cross-encoder in the model process; `spec` says which."""

    client: ModelClient
    spec: ModelSpec

    async def load(self) -> None:
        """See `Reranker`."""
        await self.client.load(self.spec, timeout_s=_LOADING_S)

    async def scores(self, question: str, premises: Sequence[Premise], timeout_s: float) -> Sequence[float]:
        """See `Reranker`. Raises ModelUnavailable too for scores that are no numbers."""
        texts = [declared(premise) for premise in premises]
        found = await self.client.score(self.spec, question, texts, urgency=Urgency.CURSOR, timeout_s=timeout_s)
        if not all(math.isfinite(score) for score in found):
            raise ModelUnavailable(f"The cross-encoder {self.spec.source} gives scores that are no numbers.")
        return found


def reordered(found: Sequence[FoundPremise], scores: Sequence[float]) -> list[FoundPremise]:
    """The first premises, as many as there are scores, by score; equal ones keep their order. Pure.

    Each says its rank by the cross-encoder; the scores of the answer still fall along it.
    """
    first = found[: len(scores)]
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    again = [
        evolve(
            first[place],
            score=first[rank].score,
            reasons=(RankReason(ranker=NAME, rank=rank + 1), *first[place].reasons),
        )
        for rank, place in enumerate(order)
    ]
    return [*again, *found[len(scores) :]]
