"""Tells the status how far a model is loaded, as long as one is being loaded and a while after it was asked.

A model is loaded by its first question, which comes from a round or a search of the engine; who begins one calls
`look`. Knows nothing of what a model is for.
"""

import asyncio

from lean_sidekick.engine.api import Engine
from lean_sidekick.lsp.features.status import Status
from lean_sidekick.lsp.tasks import Tasks

_EVERY_S = 0.5
_LOOKS = 10
"""So many looks in vain end the watch."""


class ModelWatch:
    """One watch for each engine that was asked lately."""

    def __init__(self, status: Status, tasks: Tasks) -> None:
        self._status = status
        self._tasks = tasks
        self._watched: list[Engine] = []

    @property
    def is_loading(self) -> bool:
        """Whether a model is being loaded just now."""
        return any(engine.model_loading() is not None for engine in self._watched)

    def look(self, engine: Engine) -> None:
        """Begins to look, unless it is looked already."""
        if not any(engine is known for known in self._watched):
            self._watched.append(engine)
            self._tasks.start(self._watch(engine), "watch of a model's loading").add_done_callback(
                lambda _: self._forget(engine)
            )

    def _forget(self, engine: Engine) -> None:
        self._watched = [known for known in self._watched if known is not engine]

    async def _watch(self, engine: Engine) -> None:
        looks = 0
        is_told = False
        while looks < _LOOKS:
            loading = engine.model_loading()
            looks = 0 if loading is not None else looks + 1
            if loading is not None or is_told:
                self._status.model_loads(loading)
            is_told = loading is not None
            await asyncio.sleep(_EVERY_S)
