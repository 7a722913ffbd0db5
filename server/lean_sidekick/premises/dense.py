"""Dense ranking: vectors of goals and premises by an encoder in the model process, compared by their products.

The encoder is asked through `Embedder`; the index holds its premises' vectors, quantised, beside their segments.
Where the encoder is missing, slow or fails, the other rankers answer. Declarations above the cursor have no vectors:
the other rankers know them.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.model_worker.api import ModelClient
from lean_sidekick.model_worker.messages import ModelKind, ModelSpec, Pooling, Urgency
from lean_sidekick.premises.collection import Collection
from lean_sidekick.premises.formats import KNOWN_ENCODERS, WRITING, EncoderFormat, TokenVector
from lean_sidekick.premises.index import PremiseIndex
from lean_sidekick.premises.quantised import nearest, quantise
from lean_sidekick.premises.rankers import NOTHING, Question

Array = NDArray[Any]

logger = logging.getLogger(__name__)

QUESTION_S = 2.0
_PREMISES_S = 600.0
_BATCH = 256
# Candidates that the bits choose for the products to order; at 250,000 vectors nothing more is found with more.
_LOOKED_AT = 4096


class Embedder(Protocol):
    """Gives vectors, float32 (texts, dimension). Methods raise what `ModelClient.embed` raises."""

    @property
    def name(self) -> str:
        """What the vectors in an index are known by: the model and how premises are written for it."""

    async def goal(self, goal: Goal) -> Array:
        """The vector of a goal. float32 (dimension,)."""

    async def words(self, text: str) -> Array:
        """The vector of a question in words. float32 (dimension,)."""

    async def premises(self, premises: Sequence[Premise]) -> Array:
        """The vectors of premises, in order."""


@frozen(kw_only=True)
class WorkerEmbedder:
    """An encoder in the model process."""

    client: ModelClient
    source: str
    format: EncoderFormat
    revision: str | None = None

    @property
    def name(self) -> str:
        return f"{self._premise_source}@{self.revision or ''} {self.format.value}"

    async def goal(self, goal: Goal) -> Array:
        text = WRITING[self.format].goal(goal)
        return await self._embed_one(text)

    async def words(self, text: str) -> Array:
        return await self._embed_one(WRITING[self.format].words(text))

    async def premises(self, premises: Sequence[Premise]) -> Array:
        texts = [WRITING[self.format].premise(premise) for premise in premises]
        return await self._embed(self._premise_source, texts, Urgency.BACKGROUND, _PREMISES_S)

    async def _embed_one(self, text: str) -> Array:
        vector: Array = (await self._embed(self.source, [text], Urgency.CURSOR, QUESTION_S))[0]
        return vector

    @property
    def _premise_source(self) -> str:
        known = KNOWN_ENCODERS.get(self.source)
        return self.source if known is None or known.premises is None else known.premises

    async def _embed(self, source: str, texts: Sequence[str], urgency: Urgency, timeout_s: float) -> Array:
        writing = WRITING[self.format]
        spec = ModelSpec(
            source=source,
            kind=ModelKind.ENCODER,
            revision=self.revision,
            pooling=Pooling.LAST if writing.pooling is TokenVector.LAST else Pooling.MEAN,
            max_input_tokens=writing.max_tokens,
        )
        vectors = await self.client.embed(spec, texts, urgency=urgency, timeout_s=timeout_s)
        return np.frombuffer(vectors.raw(), dtype="<f4").reshape(vectors.count, vectors.dimension)


class DenseRanker:
    """The greatest products with the question's vector."""

    name = "dense"

    def rank(self, collection: Collection, question: Question, limit: int) -> Array:
        if question.vector is None:
            return NOTHING
        numbers, products = [NOTHING], [np.zeros(0, dtype=np.float32)]
        for start, segment in zip(collection.starts, collection.segments, strict=False):
            if segment.vectors is None:
                continue
            if segment.vectors.dimension != len(question.vector):
                raise InputError(
                    f"The encoder gives vectors of {len(question.vector)} numbers, but those of the index have "
                    f"{segment.vectors.dimension}: run `lean-sidekick index` with this encoder."
                )
            allowed = question.allowed[start : start + len(segment)]
            found, values = nearest(segment.vectors, question.vector, allowed, limit, _LOOKED_AT)
            numbers.append(found + start)
            products.append(values)
        every = np.concatenate(products)
        order = np.argsort(-every, kind="stable")[:limit]
        best: Array = np.concatenate(numbers)[order]
        return best


async def embed_index(index: PremiseIndex, embedder: Embedder, on_progress: Callable[[int, int], None]) -> int:
    """Makes the vectors that an index lacks, segment by segment; how many premises got one.

    `on_progress` is told how many of how many premises of the whole index are done. What was written before an
    interruption stays. Raises what the embedder raises, IndexDamaged and OSError.
    """
    waiting = index.without_vectors(embedder.name)
    total, done = sum(len(segment) for segment in waiting.values()), 0
    for name, segment in waiting.items():
        parts = []
        for start in range(0, len(segment), _BATCH):
            premises = [segment.records[i] for i in range(start, min(start + _BATCH, len(segment)))]
            parts.append(quantise(await embedder.premises(premises)))
            done += len(premises)
            on_progress(done, total)
        if parts:
            index.add_vectors(name, embedder.name, parts)
    return done
