"""Encoder-decoders (ByT5, T5): the encoder reads each prompt once, the decoder writes all rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
from transformers.modeling_outputs import BaseModelOutput

from lean_sidekick.model_worker.backends.generation import GeneratingBackend
from lean_sidekick.model_worker.backends.loading import Loaded, pick_precision, weight_options
from lean_sidekick.model_worker.messages import ModelSpec

_START_TOKENS = 1
"""The decoder's output begins with its start token."""


class Seq2SeqBackend(GeneratingBackend):
    """A loaded encoder-decoder."""

    @classmethod
    def load(cls, model: ModelSpec, folder: Path, device: torch.device, loaded: Loaded) -> "Seq2SeqBackend":
        """Loads the model of a folder; see `loading.load_backend`."""
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        network = AutoModelForSeq2SeqLM.from_pretrained(folder, **weight_options(model, device))
        return cls(network, tokenizer, loaded(network, pick_precision(model, device)[1]))

    def sampling_inputs(self, prompts: Sequence[str], rows: torch.Tensor) -> tuple[dict[str, Any], int]:
        """See `GeneratingBackend`."""
        found = self.tokens(prompts)
        states = self.model.get_encoder()(**found).last_hidden_state
        inputs = {
            "encoder_outputs": BaseModelOutput(last_hidden_state=states[rows]),
            "attention_mask": found["attention_mask"][rows],
        }
        return inputs, _START_TOKENS

    def beam_inputs(self, prompts: Sequence[str]) -> tuple[dict[str, Any], int]:
        """See `GeneratingBackend`."""
        return dict(self.tokens(prompts)), _START_TOKENS
