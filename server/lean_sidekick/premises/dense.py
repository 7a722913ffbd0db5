"""Vectors of goals, words and premises by an encoder in the model process, and those that an index keeps.

The encoder is asked through `Embedder`; the index holds its premises' vectors, quantised, beside their segments
(`dense_ranker` compares them). Nothing here decides what happens where the encoder is missing: see `model_ranking`.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lean_sidekick.core.errors import ModelUnavailable
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.model_worker.api import ModelClient
from lean_sidekick.model_worker.messages import ModelSpec, Urgency
from lean_sidekick.premises.formats import WRITING, Writing
from lean_sidekick.premises.index import PremiseIndex
from lean_sidekick.premises.model_choice import EncoderChoice
from lean_sidekick.premises.quantised import quantise
from lean_sidekick.premises.segment import Segment

Array = NDArray[Any]

logger = logging.getLogger(__name__)

_LOADING_S = 300.0
_PREMISES_S = 600.0
_BATCH = 256
# Premises whose vectors are written together: what an interruption costs at most.
_PART = 1024


class Embedder(Protocol):
    """Gives vectors, float32 (texts, dimension). Methods raise what `ModelClient.embed` raises."""

    @property
    def name(self) -> str:
        """What the vectors in an index are known by: the model and how premises are written for it."""

    async def load(self) -> None:
        """Makes it ready for questions; may take long."""

    async def goal(self, goal: Goal, timeout_s: float) -> Array:
        """The vector of a goal. float32 (dimension,)."""

    async def words(self, text: str, timeout_s: float) -> Array:
        """The vector of a question in words. float32 (dimension,)."""

    async def premises(self, premises: Sequence[Premise]) -> Array:
        """The vectors of premises, in order."""


@frozen(kw_only=True)
class WorkerEmbedder:
    """An encoder in the model process."""

    client: ModelClient
    choice: EncoderChoice

    @property
    def name(self) -> str:
        return self.choice.name

    async def load(self) -> None:
        await self.client.load(self.choice.of_questions, timeout_s=_LOADING_S)

    async def goal(self, goal: Goal, timeout_s: float) -> Array:
        return await self._embed_one(self._writing.goal(goal), timeout_s)

    async def words(self, text: str, timeout_s: float) -> Array:
        return await self._embed_one(self._writing.words(text), timeout_s)

    async def premises(self, premises: Sequence[Premise]) -> Array:
        texts = [self._writing.premise(premise) for premise in premises]
        # Texts of one batch are padded to its longest.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        by_length = [texts[place] for place in order]
        found = await self._embed(self.choice.of_premises, by_length, Urgency.BACKGROUND, _PREMISES_S)
        vectors = np.empty_like(found)
        vectors[order] = found
        return vectors

    @property
    def _writing(self) -> Writing:
        return WRITING[self.choice.format]

    async def _embed_one(self, text: str, timeout_s: float) -> Array:
        vector: Array = (await self._embed(self.choice.of_questions, [text], Urgency.CURSOR, timeout_s))[0]
        return vector

    async def _embed(self, spec: ModelSpec, texts: Sequence[str], urgency: Urgency, timeout_s: float) -> Array:
        vectors = await self.client.embed(spec, texts, urgency=urgency, timeout_s=timeout_s)
        found = np.frombuffer(vectors.raw(), dtype="<f4").reshape(vectors.count, vectors.dimension)
        if not np.isfinite(found).all():
            raise ModelUnavailable(f"The encoder {spec.source} gives vectors that are no numbers.")
        return found


async def embed_index(index: PremiseIndex, embedder: Embedder, on_progress: Callable[[int, int], None]) -> int:
    """Makes the vectors that an index lacks, part by part; how many premises got one now.

    `on_progress` is told how many of how many premises without a vector are done. What was written before an
    interruption is not made again. Vectors of another length under the encoder's name, of a model that was since
    replaced, are thrown away. Raises what the embedder raises, IndexDamaged and OSError.
    """
    waiting = await asyncio.to_thread(index.without_vectors, embedder.name)
    total, done, made = sum(len(segment) for segment in waiting.values()), 0, 0
    known = await asyncio.to_thread(_known_dimension, index, embedder.name)
    for name, segment in waiting.items():
        parts = []
        for number, start in enumerate(range(0, len(segment), _PART)):
            count = min(_PART, len(segment) - start)
            part = await asyncio.to_thread(index.kept_part, name, embedder.name, number, count)
            if part is None:
                part = quantise(await _embed_some(segment, range(start, start + count), embedder))
                if known not in (None, part.dimension):
                    logger.warning("The encoder %s gives other vectors than before: all are made anew.", embedder.name)
                    await asyncio.to_thread(index.drop_vectors, embedder.name)
                    return await embed_index(index, embedder, on_progress)
                await asyncio.to_thread(index.keep_part, name, embedder.name, number, part)
                made += count
            known = part.dimension
            parts.append(part)
            done += count
            on_progress(done, total)
        if parts:
            await asyncio.to_thread(index.add_vectors, name, embedder.name, parts)
    return made


async def _embed_some(segment: Segment, documents: range, embedder: Embedder) -> Array:
    vectors = []
    for start in range(documents.start, documents.stop, _BATCH):
        some = range(start, min(start + _BATCH, documents.stop))
        premises = await asyncio.to_thread(lambda some: [segment.records[i] for i in some], some)
        vectors.append(await embedder.premises(premises))
    found: Array = np.concatenate(vectors)
    return found


def _known_dimension(index: PremiseIndex, encoder: str) -> int | None:
    """How many numbers the vectors by an encoder have that are there already."""
    found = (segment.vectors for segment in index.segments(encoder))
    return next((vectors.dimension for vectors in found if vectors is not None), None)
