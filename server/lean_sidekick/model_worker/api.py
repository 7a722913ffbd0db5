"""The border to the model process: what the rest of the program may ask of models."""

from collections.abc import Sequence
from typing import Protocol

from lean_sidekick.core.decoding import Decoding
from lean_sidekick.model_worker.messages import (
    Candidates,
    Loading,
    LoadReport,
    ModelSpec,
    Urgency,
    Vectors,
    WorkerStatus,
)


class ModelClient(Protocol):
    """Asks models. Cancelling a call gives the work up within one step of decoding.

    Every method but `close` raises ModelUnavailable (the model is not there, or cannot be loaded), ModelCrashed (its
    process died, and once more on the second try), InputError (the question cannot be put to this model), and
    TimedOut.
    """

    @property
    def loading(self) -> Loading | None:
        """Which model is being loaded, and how far that is; None if none is."""

    async def load(self, model: ModelSpec, *, timeout_s: float) -> LoadReport:
        """Loads a model before its first use."""

    async def generate(
        self,
        model: ModelSpec,
        prompt: str,
        decoding: Decoding,
        *,
        urgency: Urgency,
        timeout_s: float,
        stop: tuple[str, ...] = (),
        min_new_tokens: int = 0,
    ) -> Candidates:
        """Candidates for one prompt, without what follows a `stop` text.

        Calls that wait at the same time are run as one batch.
        """

    async def embed(
        self, model: ModelSpec, texts: Sequence[str], *, urgency: Urgency, timeout_s: float, prefix: str = ""
    ) -> Vectors:
        """One vector a text, in order; not empty."""

    async def score(
        self, model: ModelSpec, query: str, texts: Sequence[str], *, urgency: Urgency, timeout_s: float
    ) -> tuple[float, ...]:
        """How well each text answers the query, in order; larger is better."""

    async def status(self, *, timeout_s: float) -> WorkerStatus | None:
        """What the process holds; None while there is none."""

    async def close(self) -> None:
        """Ends the process."""
