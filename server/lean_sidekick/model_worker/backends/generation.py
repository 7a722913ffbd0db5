"""What encoder-decoders and decoder-only models share: a call of `generate`, and its rows as texts.

Sampling reads each prompt once, however many rows it has, and lets `RowSampler` draw; beam search is transformers' own.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessorList, PreTrainedTokenizerBase, StoppingCriteriaList

from lean_sidekick.core.decoding import Strategy
from lean_sidekick.core.errors import InputError
from lean_sidekick.model_worker.backends.api import IsCancelled, LoadedModel, OutOfMemoryError
from lean_sidekick.model_worker.backends.memory import free_memory, memory_mb, out_of_memory
from lean_sidekick.model_worker.backends.sampling import RowSampler
from lean_sidekick.model_worker.backends.stopping import Cancellation, RowStopper, cut
from lean_sidekick.model_worker.batching import Part, rows_in
from lean_sidekick.model_worker.messages import Generate, Generated


class GeneratingBackend(ABC):
    """A `Backend` that writes texts. Subclasses say how prompts become inputs."""

    def __init__(self, model: Any, tokenizer: PreTrainedTokenizerBase, loaded: LoadedModel) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.loaded = loaded
        self.device: torch.device = model.device
        shipped = model.generation_config
        self.eos_ids = _token_ids(shipped.eos_token_id) or _token_ids(tokenizer.eos_token_id)
        pad = tokenizer.pad_token_id
        self.pad_id: int = pad if pad is not None else (self.eos_ids[0] if self.eos_ids else 0)
        # A model's own settings (temperature, top_p, …) would fill in for whatever a call leaves open.
        model.generation_config = GenerationConfig(
            eos_token_id=list(self.eos_ids) or None,
            pad_token_id=self.pad_id,
            bos_token_id=shipped.bos_token_id,
            decoder_start_token_id=shipped.decoder_start_token_id,
        )

    def prompt_tokens(self, prompt: str) -> int:
        """See `Backend`."""
        return len(self.tokenizer(prompt)["input_ids"])

    def generate(self, call: Sequence[Part], is_cancelled: IsCancelled) -> list[tuple[Generated, ...]]:
        """See `Backend`."""
        is_beam = call[0].job.decoding.strategy is Strategy.BEAM
        try:
            with torch.inference_mode():
                rows = self._beams(call, is_cancelled) if is_beam else self._samples(call, is_cancelled)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        else:
            return rows
        # Outside the handler: the traceback would hold on to what has to be freed.
        free_memory(self.device)
        raise OutOfMemoryError

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """See `Backend`."""
        raise InputError("This model writes texts; it gives no vectors.")

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """See `Backend`."""
        raise InputError("This model writes texts; it does not score pairs.")

    def memory_mb(self) -> float:
        """See `Backend`."""
        return memory_mb(self.device)

    def release(self) -> None:
        """See `Backend`."""
        self.model = None
        free_memory(self.device)

    # -- for subclasses

    def tokens(self, prompts: Sequence[str]) -> Mapping[str, torch.Tensor]:
        """`input_ids` and `attention_mask` on the device, padded on the tokenizer's side."""
        found = self.tokenizer(list(prompts), return_tensors="pt", padding=True)
        return {name: found[name].to(self.device) for name in ("input_ids", "attention_mask")}

    @abstractmethod
    def sampling_inputs(self, prompts: Sequence[str], rows: torch.Tensor) -> tuple[dict[str, Any], int]:
        """What `generate` is given, a row for each index into the prompts; with how many tokens its output begins."""

    @abstractmethod
    def beam_inputs(self, prompts: Sequence[str]) -> tuple[dict[str, Any], int]:
        """What `generate` is given for beam search, one row a prompt; and with how many tokens its output begins."""

    # -- the two methods

    def _samples(self, call: Sequence[Part], is_cancelled: IsCancelled) -> list[tuple[Generated, ...]]:
        indices = [index for index, part in enumerate(call) for _ in range(part.count)]
        rows = torch.tensor(indices, device=self.device)
        inputs, start = self.sampling_inputs([part.job.prompt for part in call], rows)
        sampler = RowSampler(call, self.eos_ids, self.device)
        stopper = RowStopper(call, is_cancelled, self.tokenizer, self.eos_ids, start, self.device)
        output = self.model.generate(
            **inputs,
            generation_config=GenerationConfig(
                max_new_tokens=max(part.job.decoding.max_new_tokens for part in call), do_sample=False, num_beams=1
            ),
            logits_processor=LogitsProcessorList([sampler]),
            stopping_criteria=StoppingCriteriaList([Cancellation(call, is_cancelled), stopper]),
        )
        steps = torch.arange(sampler.logprobs.shape[1], device=self.device)
        sums = (sampler.logprobs * (steps < stopper.lengths.unsqueeze(1))).sum(1).tolist()
        lengths, finished = stopper.lengths.tolist(), stopper.is_finished.tolist()
        texts = [
            self._sample(ids[start : start + length], logprob, is_finished, call[index].job)
            for ids, length, logprob, is_finished, index in zip(
                output.tolist(), lengths, sums, finished, indices, strict=True
            )
        ]
        return _by_part(texts, call)

    def _beams(self, call: Sequence[Part], is_cancelled: IsCancelled) -> list[tuple[Generated, ...]]:
        job, beams = call[0].job, min(part.count for part in call)
        decoding = job.decoding
        inputs, start = self.beam_inputs([part.job.prompt for part in call])
        output = self.model.generate(
            **inputs,
            generation_config=GenerationConfig(
                max_new_tokens=decoding.max_new_tokens,
                min_new_tokens=job.min_new_tokens or None,
                num_beams=beams,
                num_return_sequences=beams,
                do_sample=False,
                early_stopping=False,
                length_penalty=decoding.length_penalty,
                repetition_penalty=decoding.repetition_penalty,
                stop_strings=list(job.stop) or None,
                return_dict_in_generate=True,
                output_scores=True,
            ),
            tokenizer=self.tokenizer if job.stop else None,
            stopping_criteria=StoppingCriteriaList([Cancellation(call, is_cancelled)]),
        )
        texts = [
            self._beam(ids[start:], score, job)
            for ids, score in zip(output.sequences.tolist(), output.sequences_scores.tolist(), strict=True)
        ]
        return [tuple(texts[index * beams : (index + 1) * beams]) for index in range(len(call))]

    def _beam(self, ids: list[int], score: float, job: Generate) -> Generated:
        ends = [place for place, token in enumerate(ids) if token in self.eos_ids]
        if ends:
            ids = ids[: ends[0] + 1]
        else:
            while len(ids) > 1 and ids[-1] == self.pad_id:
                ids = ids[:-1]
        text, is_stopped = self._text(ids, job)
        # transformers divides by the length, end mark included.
        log_probability = score * len(ids) ** job.decoding.length_penalty
        return Generated(
            text=text, log_probability=log_probability, tokens=len(ids), is_finished=bool(ends) or is_stopped
        )

    def _sample(self, ids: list[int], log_probability: float, is_finished: bool, job: Generate) -> Generated:
        text, _ = self._text(ids, job)
        return Generated(text=text, log_probability=log_probability, tokens=len(ids), is_finished=is_finished)

    def _text(self, ids: list[int], job: Generate) -> tuple[str, bool]:
        return cut(self.tokenizer.decode(ids, skip_special_tokens=True), job.stop)


def _by_part(texts: Sequence[Generated], call: Sequence[Part]) -> list[tuple[Generated, ...]]:
    """The texts of all rows, part by part."""
    assert len(texts) == rows_in(call)
    found, first = [], 0
    for part in call:
        found.append(tuple(texts[first : first + part.count]))
        first += part.count
    return found


def _token_ids(ids: int | list[int] | None) -> tuple[int, ...]:
    if ids is None:
        return ()
    return (ids,) if isinstance(ids, int) else tuple(ids)
