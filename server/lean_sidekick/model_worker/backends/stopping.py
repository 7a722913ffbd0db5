"""When rows of a running `generate` end: given up, at their limit of tokens, at an end mark or behind a stop string."""

from collections.abc import Sequence

import torch
from transformers import PreTrainedTokenizerBase, StoppingCriteria

from lean_sidekick.model_worker.backends.api import AllCancelledError, IsCancelled
from lean_sidekick.model_worker.batching import Part

_TAIL_SPARE_TOKENS = 4


class Cancellation(StoppingCriteria):
    """Ends nothing by itself; raises AllCancelledError when nobody waits for the call any more."""

    def __init__(self, call: Sequence[Part], is_cancelled: IsCancelled) -> None:
        self._requests = {part.job.id for part in call}
        self._is_cancelled = is_cancelled

    def __call__(self, input_ids: torch.Tensor, scores: object, **kwargs: object) -> torch.Tensor:
        """No row ends, shape (rows,)."""
        if all(map(self._is_cancelled, self._requests)):
            raise AllCancelledError
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)


class RowStopper(StoppingCriteria):
    """Ends rows one by one, by the limits, stop strings and cancellation of their own request.

    `start` is how many tokens a row has before the first new one. After the run, `lengths` is how many tokens each row
    had when it ended, an end mark included, and `is_finished` whether something else than the limit ended it.
    """

    def __init__(
        self,
        call: Sequence[Part],
        is_cancelled: IsCancelled,
        tokenizer: PreTrainedTokenizerBase,
        eos_ids: Sequence[int],
        start: int,
        device: torch.device,
    ) -> None:
        self._requests = [part.job.id for part in call for _ in range(part.count)]
        self._is_cancelled = is_cancelled
        self._tokenizer = tokenizer
        self._eos = torch.tensor(list(eos_ids), dtype=torch.long, device=device)
        self._start = start
        decodings = [part.job.decoding for part in call for _ in range(part.count)]
        self._limits = torch.tensor([decoding.max_new_tokens for decoding in decodings], device=device)
        self._stops = [part.job.stop for part in call for _ in range(part.count)]
        longest = max((len(stop.encode()) for stops in self._stops for stop in stops), default=0)
        self._tail = longest + _TAIL_SPARE_TOKENS if longest else 0
        self.lengths = torch.zeros_like(self._limits)
        self.is_finished = torch.zeros_like(self._limits, dtype=torch.bool)

    def __call__(self, input_ids: torch.Tensor, scores: object, **kwargs: object) -> torch.Tensor:
        """Which rows have ended, shape (rows,)."""
        length = input_ids.shape[1] - self._start
        finished = torch.isin(input_ids[:, -1], self._eos)
        if self._tail:
            finished |= torch.tensor(self._are_stopped(input_ids, length), device=finished.device)
        ended = finished | (self._limits <= length)
        if cancelled := {request for request in set(self._requests) if self._is_cancelled(request)}:
            ended |= torch.tensor([request in cancelled for request in self._requests], device=ended.device)
        is_running = self.lengths == 0
        self.lengths = torch.where(ended & is_running, length, self.lengths)
        self.is_finished |= finished & is_running
        return self.lengths > 0

    def _are_stopped(self, input_ids: torch.Tensor, length: int) -> list[bool]:
        tail = input_ids[:, -min(length, self._tail) :].tolist()
        return [
            bool(stops) and cut(self._tokenizer.decode(row, skip_special_tokens=True), stops)[1]
            for row, stops in zip(tail, self._stops, strict=True)
        ]


def cut(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """The text before the first stop string, and whether there was one."""
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return (text[: min(places)], True) if places else (text, False)
