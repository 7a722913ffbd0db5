"""When rows of a running `generate` end: given up, at their limit of tokens, or behind a stop string."""

from collections.abc import Sequence

import torch
from transformers import PreTrainedTokenizerBase, StoppingCriteria

from lean_sidekick.model_worker.backends.api import AllCancelledError, IsCancelled
from lean_sidekick.model_worker.batching import Part

_TAIL_SPARE_TOKENS = 4


class RowStopper(StoppingCriteria):
    """Ends rows one by one; raises AllCancelledError when nobody waits for any row. `rows_a_part` is the number of rows of
    each part; `start` is how many tokens a row had before the first new one."""

    def __init__(
        self,
        call: Sequence[Part],
        is_cancelled: IsCancelled,
        tokenizer: PreTrainedTokenizerBase,
        start: int,
        device: torch.device,
    ) -> None:
        self._requests = [part.job.id for part in call for _ in range(part.count)]
        self._is_cancelled = is_cancelled
        self._tokenizer = tokenizer
        self._start = start
        decodings = [part.job.decoding for part in call for _ in range(part.count)]
        self._limits = torch.tensor([start + decoding.max_new_tokens for decoding in decodings], device=device)
        self._stops = [decoding.stop for decoding in decodings]
        longest = max((len(stop.encode()) for stops in self._stops for stop in stops), default=0)
        self._tail = longest + _TAIL_SPARE_TOKENS if longest else 0

    def __call__(self, input_ids: torch.Tensor, scores: object, **kwargs: object) -> torch.Tensor:
        """Which rows end, shape (rows,)."""
        cancelled = {request for request in set(self._requests) if self._is_cancelled(request)}
        if len(cancelled) == len(set(self._requests)):
            raise AllCancelledError
        ended = self._limits <= input_ids.shape[1]
        if cancelled:
            ended |= torch.tensor([request in cancelled for request in self._requests], device=ended.device)
        if self._tail:
            ended |= torch.tensor(self._are_stopped(input_ids), device=ended.device)
        return ended

    def _are_stopped(self, input_ids: torch.Tensor) -> list[bool]:
        tail = input_ids[:, max(self._start, input_ids.shape[1] - self._tail) :].tolist()
        return [
            bool(stops) and cut(self._tokenizer.decode(row, skip_special_tokens=True), stops)[1]
            for row, stops in zip(tail, self._stops, strict=True)
        ]


def cut(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """The text before the first stop string, and whether there was one."""
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return (text[: min(places)], True) if places else (text, False)
