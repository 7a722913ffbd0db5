"""What the worker's loop asks of a loaded model. Light: the models themselves stand in the modules beside this one."""

from collections.abc import Callable, Sequence
from typing import Protocol

from attrs import frozen

from lean_sidekick.model_worker.batching import Part
from lean_sidekick.model_worker.messages import Generated, ModelSpec

IsCancelled = Callable[[int], bool]


class OutOfMemoryError(Exception):
    """A call needed more memory than there is; a smaller one may do."""


class AllCancelledError(Exception):
    """Nobody waits for any row of the call any more."""


@frozen(kw_only=True)
class LoadedModel:
    """What is known of a model once it is loaded; memory is that of the device, of the process on a CPU."""

    device: str
    precision: str
    parameters: int
    memory_before_mb: float
    memory_after_mb: float
    seconds: float


class Backend(Protocol):
    """A loaded model. A method that this kind of model does not have raises InputError."""

    @property
    def loaded(self) -> LoadedModel:
        """How it was loaded."""

    def prompt_tokens(self, prompt: str) -> int:
        """How many tokens a prompt is."""

    def generate(self, call: Sequence[Part], is_cancelled: IsCancelled) -> list[tuple[Generated, ...]]:
        """The texts of each part, in order: one a row or beam.

        Looks at `is_cancelled` before each token. Raises AllCancelledError and OutOfMemoryError.
        """

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """One vector a text, little-endian float32. Raises OutOfMemoryError."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """One score a pair of query and text. Raises OutOfMemoryError."""

    def memory_mb(self) -> float:
        """The memory in use on its device, by the process on a CPU."""

    def release(self) -> None:
        """Gives the memory back; nothing is called afterwards."""


LoadBackend = Callable[[ModelSpec], Backend]
"""Loads a model. Raises ModelUnavailable and OutOfMemoryError."""
