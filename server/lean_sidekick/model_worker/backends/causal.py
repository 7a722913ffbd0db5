"""Decoder-only models: each prompt is read once and its keys and values are shared out to its rows.

Plain `generate` reads a prompt anew for every row; with 32 samples of a long state that costs more than writing them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from lean_sidekick.model_worker.backends.generation import GeneratingBackend
from lean_sidekick.model_worker.backends.loading import Loaded, pick_precision, weight_options
from lean_sidekick.model_worker.messages import ModelSpec


class CausalBackend(GeneratingBackend):
    """A loaded decoder-only model."""

    @classmethod
    def load(cls, model: ModelSpec, folder: Path, device: torch.device, loaded: Loaded) -> "CausalBackend":
        """Loads the model of a folder; see `loading.load_backend`."""
        # Padded on the right, a batch gives garbage silently.
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, padding_side="left"
        )
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        network = AutoModelForCausalLM.from_pretrained(folder, **weight_options(model, device))
        return cls(network, tokenizer, loaded(network, pick_precision(model, device)[1]))

    def sampling_inputs(self, prompts: Sequence[str], rows: torch.Tensor) -> tuple[dict[str, Any], int]:
        """See `GeneratingBackend`."""
        found = self.tokens(prompts)
        ids, mask = found["input_ids"], found["attention_mask"]
        inputs: dict[str, Any] = {"input_ids": ids[rows], "attention_mask": mask[rows]}
        if len(rows) > len(prompts) and ids.shape[1] > 1 and not self.model._is_stateful:
            inputs["past_key_values"] = self._shared_prompts(ids[:, :-1], mask[:, :-1], rows)
        return inputs, ids.shape[1]

    def beam_inputs(self, prompts: Sequence[str]) -> tuple[dict[str, Any], int]:
        """See `GeneratingBackend`."""
        found = self.tokens(prompts)
        return dict(found), found["input_ids"].shape[1]

    def _shared_prompts(self, ids: torch.Tensor, mask: torch.Tensor, rows: torch.Tensor) -> DynamicCache:
        """The prompts' keys and values, without those of their last token, one copy a row."""
        cache = DynamicCache(config=self.model.config)
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        self.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache.batch_select_indices(rows)
        return cache
