"""What models add to an answer about premises: a vector before it is ranked, a new order of the first after it.

Promises: nobody waits for a model that is being loaded, and no longer than a limit for one that is; a model that is
missing, slow or fails is left out, with one sentence in `trouble` and in the log, and the other rankers answer; what
failed is tried again after a while. A question of a search is in a hurry: a short limit, and no cross-encoder.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from attrs import define, field

from lean_sidekick.core.errors import InputError, SidekickError, TimedOut
from lean_sidekick.core.goals import Goal
from lean_sidekick.premises.api import Accessible, FoundPremise
from lean_sidekick.premises.reranking import RERANKED, Reranker, reordered
from lean_sidekick.premises.tokens import MAX_TEXT

if TYPE_CHECKING:
    from lean_sidekick.premises.dense import Array, Embedder
    from lean_sidekick.premises.retriever import LocalRetriever

logger = logging.getLogger(__name__)

QUESTION_S = 2.0
HURRIED_S = 0.2
_RETRY_S = 30.0
_READY_S = 120.0
_T = TypeVar("_T")


@define
class _Model:
    """One model: loaded in the background, asked when it is there; `what` begins the sentences about it."""

    what: str
    load: Callable[[], Awaitable[None]]
    trouble: str = ""
    _is_ready: bool = field(default=False, init=False)
    _loading: asyncio.Task[None] | None = field(default=None, init=False)
    _not_before: float = field(default=0.0, init=False)
    _no_hurry_before: float = field(default=0.0, init=False)

    def start(self) -> None:
        """Begins to load it, unless it is loaded, being loaded, or has failed just now."""
        if self._is_ready or self._is_loading or asyncio.get_running_loop().time() < self._not_before:
            return
        self.trouble = f"{self.what} is left out while its model is being loaded."
        self._loading = asyncio.create_task(self._load())

    async def ready(self) -> None:
        """Waits until it is loaded or has failed, at most two minutes."""
        self.start()
        if self._loading is not None:
            await asyncio.wait({self._loading}, timeout=_READY_S)

    async def ask(self, work: Callable[[float], Awaitable[_T]], *, hurried: bool) -> _T | None:
        """What the model says, within the limit that `work` is given; None where it is left out."""
        self.start()
        now = asyncio.get_running_loop().time
        if not self._is_ready or (hurried and now() < self._no_hurry_before):
            return None
        try:
            answer = await work(HURRIED_S if hurried else QUESTION_S)
        except TimedOut as error:
            if hurried:
                self._no_hurry_before = now() + _RETRY_S
            else:
                self._failed(error)  # its process may have ended: it is loaded again
            return None
        except InputError as error:
            self._say(error)
            return None
        except SidekickError as error:
            self._failed(error)
            return None
        self.trouble = ""
        return answer

    async def close(self) -> None:
        """Ends the loading."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.wait({self._loading})

    @property
    def _is_loading(self) -> bool:
        return self._loading is not None and not self._loading.done()

    async def _load(self) -> None:
        try:
            await self.load()
        except SidekickError as error:
            self._failed(error)
        else:
            self._is_ready, self.trouble = True, ""

    def _failed(self, error: SidekickError) -> None:
        self._is_ready = False
        self._not_before = asyncio.get_running_loop().time() + _RETRY_S
        self._say(error)

    def _say(self, error: SidekickError) -> None:
        sentence = f"{self.what} is left out: {error}"
        if sentence != self.trouble:
            logger.warning("%s", sentence)
        self.trouble = sentence


class ModelRanking:
    """The encoder and the cross-encoder of one index, each of which can be missing.

    An encoder that `helps_words_only` is an automatic one: it is loaded for the first question in words, and what it
    cannot do is no trouble, since nobody asked for it.
    """

    def __init__(
        self, embedder: "Embedder | None", reranker: Reranker | None, *, helps_words_only: bool = False
    ) -> None:
        self._embedder, self._reranker = embedder, reranker
        self._helps_words_only = helps_words_only
        self._dense = None if embedder is None else _Model("Dense ranking", embedder.load)
        self._cross = None if reranker is None else _Model("The cross-encoder", reranker.load)

    @property
    def trouble(self) -> str:
        """What is left out now and why, "" for nothing."""
        return " ".join(model.trouble for model in self._asked_for(for_words=False) if model.trouble)

    def start(self) -> None:
        """Begins to load the models that somebody asked for."""
        for model in self._asked_for(for_words=False):
            model.start()

    async def ready(self, *, for_words: bool) -> None:
        """Waits until the models are loaded, or could not be: those for questions in words, or for goals."""
        await asyncio.gather(*(model.ready() for model in self._asked_for(for_words=for_words)))

    async def close(self) -> None:
        """Ends what is being loaded."""
        for model in self._models:
            await model.close()

    async def for_goal(
        self, retriever: "LocalRetriever", goal: Goal, accessible: Accessible, k: int, *, hurried: bool = False
    ) -> Sequence[FoundPremise]:
        """See `Retriever.for_goal`."""

        async def embed(embedder: "Embedder", limit_s: float) -> "Array":
            return await embedder.goal(goal, limit_s)

        vector = None if self._helps_words_only else await self._vector(retriever, embed, hurried=hurried)
        if hurried or self._cross is None:
            return await retriever.for_goal(goal, accessible, k, vector)
        found = await retriever.for_goal(goal, accessible, max(k, RERANKED), vector)
        return (await self._reorder(goal.text, found))[:k]

    async def for_words(
        self, retriever: "LocalRetriever", text: str, accessible: Accessible, k: int
    ) -> Sequence[FoundPremise]:
        """See `Retriever.for_words`."""

        async def embed(embedder: "Embedder", limit_s: float) -> "Array":
            return await embedder.words(text[:MAX_TEXT], limit_s)

        vector = await self._vector(retriever, embed, hurried=False) if text.strip() else None
        if self._cross is None:
            return await retriever.for_words(text, accessible, k, vector)
        found = await retriever.for_words(text, accessible, max(k, RERANKED), vector)
        return (await self._reorder(text, found))[:k]

    @property
    def _models(self) -> "tuple[_Model, ...]":
        return self._asked_for(for_words=True)

    def _asked_for(self, *, for_words: bool) -> "tuple[_Model, ...]":
        dense = self._dense if for_words or not self._helps_words_only else None
        return tuple(model for model in (dense, self._cross) if model is not None)

    async def _vector(
        self, retriever: "LocalRetriever", embed: "Callable[[Embedder, float], Awaitable[Array]]", *, hurried: bool
    ) -> "Array | None":
        embedder, model = self._embedder, self._dense
        if embedder is None or model is None:
            return None
        if not retriever.dimensions:
            model.trouble = "Dense ranking is left out: the index has no vectors by this encoder yet; "
            model.trouble += "`lean-sidekick index` makes them."
            return None

        async def work(limit_s: float) -> "Array":
            vector = await embed(embedder, limit_s)
            retriever.check_vector(vector)
            return vector

        return await model.ask(work, hurried=hurried)

    async def _reorder(self, question: str, found: Sequence[FoundPremise]) -> Sequence[FoundPremise]:
        reranker, model = self._reranker, self._cross
        if reranker is None or model is None or len(found) < 2:
            return found
        first = [one.premise for one in found[:RERANKED]]
        scores = await model.ask(lambda limit_s: reranker.scores(question[:MAX_TEXT], first, limit_s), hurried=False)
        return found if scores is None else reordered(found, scores)
