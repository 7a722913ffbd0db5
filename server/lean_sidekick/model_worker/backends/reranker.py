"""Rerankers: how well a text answers a query, told by a model that reads both (sentence-transformers' CrossEncoder)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import CrossEncoder

from lean_sidekick.core.errors import InputError
from lean_sidekick.model_worker.backends.api import IsCancelled, LoadedModel, OutOfMemoryError
from lean_sidekick.model_worker.backends.loading import Loaded, pick_precision, weight_options
from lean_sidekick.model_worker.backends.memory import free_memory, memory_mb, out_of_memory
from lean_sidekick.model_worker.batching import Part
from lean_sidekick.model_worker.messages import Generated, ModelSpec


class RerankerBackend:
    """A loaded reranker."""

    def __init__(self, network: Any, device: torch.device, loaded: LoadedModel) -> None:
        self._network = network
        self._device = device
        self.loaded = loaded

    @classmethod
    def load(cls, model: ModelSpec, folder: Path, device: torch.device, loaded: Loaded) -> "RerankerBackend":
        """Loads the model of a folder; see `loading.load_backend`."""
        options = weight_options(model, device)
        network: Any = CrossEncoder(
            str(folder),
            device=device.type,
            local_files_only=True,
            trust_remote_code=False,
            max_length=model.max_input_tokens,
            model_kwargs={name: options[name] for name in options if name in ("dtype", "use_safetensors")},
        )
        return cls(network, device, loaded(network, pick_precision(model, device)[1]))

    def prompt_tokens(self, prompt: str) -> int:
        """See `Backend`."""
        return len(self._network.tokenizer(prompt)["input_ids"])

    def generate(self, call: Sequence[Part], is_cancelled: IsCancelled) -> list[tuple[Generated, ...]]:
        """See `Backend`."""
        raise InputError("This model scores pairs; it writes no texts.")

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """See `Backend`."""
        raise InputError("This model scores pairs; it gives no vectors.")

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """See `Backend`."""
        try:
            found = self._network.predict(list(pairs), batch_size=len(pairs), show_progress_bar=False)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        else:
            return [float(score) for score in found]
        free_memory(self._device)
        raise OutOfMemoryError

    def memory_mb(self) -> float:
        """See `Backend`."""
        return memory_mb(self._device)

    def release(self) -> None:
        """See `Backend`."""
        self._network = None
        free_memory(self._device)
