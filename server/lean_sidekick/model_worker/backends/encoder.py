"""Encoders: texts to vectors of length 1.

A sentence-transformers folder is run by that library; any other (ByT5, T5, BERT) gives the pooled states of
its encoder, as ReProver's retriever does.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel, AutoModelForTextEncoding, AutoTokenizer

from lean_sidekick.core.errors import InputError
from lean_sidekick.model_worker.backends.api import IsCancelled, LoadedModel, OutOfMemoryError
from lean_sidekick.model_worker.backends.loading import Loaded, pick_precision, weight_options
from lean_sidekick.model_worker.backends.memory import free_memory, memory_mb, out_of_memory
from lean_sidekick.model_worker.batching import Part
from lean_sidekick.model_worker.messages import Generated, ModelSpec, Pooling

Encode = Callable[[Sequence[str]], torch.Tensor]


class EncoderBackend:
    """A loaded encoder; `encode` gives a float32 matrix, one row a text."""

    def __init__(
        self, encode: Encode, count_tokens: Callable[[str], int], device: torch.device, loaded: LoadedModel
    ) -> None:
        self._encode: Encode | None = encode
        self._count_tokens = count_tokens
        self._device = device
        self.loaded = loaded

    def prompt_tokens(self, prompt: str) -> int:
        """See `Backend`."""
        return self._count_tokens(prompt)

    def generate(self, call: Sequence[Part], is_cancelled: IsCancelled) -> list[tuple[Generated, ...]]:
        """See `Backend`."""
        raise InputError("This model gives vectors; it writes no texts.")

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """See `Backend`."""
        assert self._encode is not None
        try:
            with torch.inference_mode():
                vectors = torch.nn.functional.normalize(self._encode(texts).float(), dim=-1).cpu().numpy()
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        else:
            return [row.astype("<f4").tobytes() for row in vectors]
        free_memory(self._device)
        raise OutOfMemoryError

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """See `Backend`."""
        raise InputError("This model gives vectors; it does not score pairs.")

    def memory_mb(self) -> float:
        """See `Backend`."""
        return memory_mb(self._device)

    def release(self) -> None:
        """See `Backend`."""
        self._encode = None
        free_memory(self._device)


def load_encoder(model: ModelSpec, folder: Path, device: torch.device, loaded: Loaded) -> EncoderBackend:
    """Loads the encoder of a folder; see `loading.load_backend`."""
    if (folder / "modules.json").is_file():
        return _load_sentence_transformer(model, folder, device, loaded)
    tokenizer = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False, padding_side="right"
    )
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    architecture = AutoModelForTextEncoding if config.is_encoder_decoder or "t5" in config.model_type else AutoModel
    network = architecture.from_pretrained(folder, **weight_options(model, device)).eval()

    def encode(texts: Sequence[str]) -> torch.Tensor:
        found = tokenizer(
            list(texts), return_tensors="pt", padding=True, truncation=True, max_length=model.max_input_tokens
        ).to(device)
        states = network(input_ids=found["input_ids"], attention_mask=found["attention_mask"]).last_hidden_state
        return _pooled(states, found["attention_mask"], model.pooling)

    report = loaded(network, pick_precision(model, device)[1])
    return EncoderBackend(encode, lambda text: len(tokenizer(text)["input_ids"]), device, report)


def _load_sentence_transformer(model: ModelSpec, folder: Path, device: torch.device, loaded: Loaded) -> EncoderBackend:
    from sentence_transformers import SentenceTransformer

    options = weight_options(model, device)
    options = {name: options[name] for name in options if name in ("dtype", "use_safetensors", "quantization_config")}
    network: Any = SentenceTransformer(
        str(folder), device=device.type, local_files_only=True, trust_remote_code=False, model_kwargs=options
    )
    network.max_seq_length = min(model.max_input_tokens, network.max_seq_length or model.max_input_tokens)

    def encode(texts: Sequence[str]) -> torch.Tensor:
        vectors: torch.Tensor = network.encode(
            list(texts), batch_size=len(texts), convert_to_tensor=True, show_progress_bar=False
        )
        return vectors

    report = loaded(network, pick_precision(model, device)[1])
    return EncoderBackend(encode, lambda text: len(network.tokenizer(text)["input_ids"]), device, report)


def _pooled(states: torch.Tensor, mask: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    """One vector a text from (texts, tokens, size) states; padding stands on the right."""
    match pooling:
        case Pooling.MEAN:
            weights = mask.unsqueeze(-1).to(states.dtype)
            return (states * weights).sum(1) / weights.sum(1).clamp(min=1)
        case Pooling.FIRST:
            return states[:, 0]
        case Pooling.LAST:
            return states[torch.arange(len(states), device=states.device), mask.sum(1) - 1]
