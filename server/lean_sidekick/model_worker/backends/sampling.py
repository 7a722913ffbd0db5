"""Draws tokens, each row by its own settings, and adds up what the model thought of them.

Works inside `generate` as the only logits processor of a greedy run: it draws each row's token itself and leaves
that one alone to be picked. So all sampling requests of a model fit into one batch whatever their settings, and
the draws of a request depend on its seed and on nothing else in the batch. A token is drawn by the inverse of the
cumulated distribution at a number that was drawn beforehand on the CPU, so that devices agree as well.
"""

from collections.abc import Sequence

import torch
from transformers import LogitsProcessor

from lean_sidekick.core.decoding import Decoding
from lean_sidekick.model_worker.batching import Part


def draws(part: Part) -> torch.Tensor:
    """The numbers in [0, 1) behind a part's rows, shape (rows, max_new_tokens); a row's do not depend on the cut."""
    generator = torch.Generator().manual_seed(part.job.decoding.seed)
    table = torch.rand(part.job.decoding.candidate_count, part.job.decoding.max_new_tokens, generator=generator)
    return table[part.first : part.first + part.count]


class RowSampler(LogitsProcessor):
    """Picks a token for every row; rows stand part by part, in order.

    After the run `logprobs` holds, for each row and step, the natural logarithm of the probability that the model
    itself gave to the token.
    """

    def __init__(self, call: Sequence[Part], eos_ids: Sequence[int], device: torch.device) -> None:
        rows = [(part.job.decoding, part.first + row) for part in call for row in range(part.count)]
        steps = max(decoding.max_new_tokens for decoding, _ in rows)
        self.logprobs = torch.zeros(len(rows), steps, device=device)
        self._step = 0
        table = [torch.nn.functional.pad(draws(p), (0, steps - p.job.decoding.max_new_tokens)) for p in call]
        self._draws = torch.cat(table).to(device)
        self._eos = torch.tensor(list(eos_ids), dtype=torch.long, device=device)

        def column(values: Sequence[float]) -> torch.Tensor:
            return torch.tensor(values, dtype=torch.float32, device=device).unsqueeze(1)

        temperatures = [_temperature(decoding, row) for decoding, row in rows]
        self._is_greedy = column([t == 0 for t in temperatures]).bool()
        self._temperatures = column([t or 1.0 for t in temperatures])
        self._penalties = column([decoding.repetition_penalty for decoding, _ in rows])
        least = [part.job.min_new_tokens for part in call for _ in range(part.count)]
        self._min_tokens = column(least)
        self._most_min_tokens = max(least)
        self._top_k = column([decoding.top_k or float("inf") for decoding, _ in rows])
        self._top_p = column([decoding.top_p for decoding, _ in rows])
        self._has_penalty = any(decoding.repetition_penalty != 1 for decoding, _ in rows)
        is_cut = [bool(decoding.top_k) or decoding.top_p < 1 for decoding, _ in rows]
        self._is_cut, self._some_cut, self._all_cut = column(is_cut).bool(), any(is_cut), all(is_cut)
        self._draws_at_all = any(t != 0 for t in temperatures)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores that leave one token a row; `input_ids` are all tokens so far, `scores` the model's logits."""
        logits = scores.float()
        own = logits.log_softmax(-1)
        if self._has_penalty:
            logits = _penalised(logits, input_ids, self._penalties)
        if self._step < self._most_min_tokens:
            forbidden = self._min_tokens > self._step
            logits[:, self._eos] = logits[:, self._eos].masked_fill(forbidden, float("-inf"))
        tokens = logits.argmax(-1, keepdim=True)
        if self._draws_at_all:
            drawn = self._draw(logits / self._temperatures)
            tokens = torch.where(self._is_greedy, tokens, drawn)
        self.logprobs[:, self._step] = own.gather(1, tokens).squeeze(1)
        self._step += 1
        return torch.full_like(scores, float("-inf")).scatter_(1, tokens, 0.0)

    def _draw(self, logits: torch.Tensor) -> torch.Tensor:
        """One token a row, by the row's number of this step; shape (rows, 1)."""
        draw, probabilities = self._draws[:, self._step : self._step + 1], logits.softmax(-1)
        if not self._some_cut:
            return _pick(probabilities, draw)
        cut = self._draw_cut(probabilities, draw)
        # A row's token must not depend on whether another row is cut.
        return cut if self._all_cut else torch.where(self._is_cut, cut, _pick(probabilities, draw))

    def _draw_cut(self, probabilities: torch.Tensor, draw: torch.Tensor) -> torch.Tensor:
        """One of the likeliest tokens for each row, shape (rows, 1)."""
        probabilities, order = probabilities.sort(dim=-1, descending=True)
        ranks = torch.arange(probabilities.shape[1], device=draw.device)
        before = probabilities.cumsum(-1) - probabilities
        # The likeliest token is always kept; nucleus: tokens until their sum reaches top_p.
        dropped = (ranks >= self._top_k) | (before >= self._top_p)
        dropped[:, 0] = False
        return order.gather(1, _pick(probabilities.masked_fill(dropped, 0.0), draw))


def _pick(weights: torch.Tensor, draw: torch.Tensor) -> torch.Tensor:
    """The index at which the cumulated weights pass `draw` times their sum; never one of weight zero."""
    sums = weights.cumsum(-1)
    picked = torch.searchsorted(sums, draw * sums[:, -1:], right=True)
    # Rounding can bring the draw up to the sum itself: then it is the last index with a weight.
    last = (weights > 0).float().mul_(torch.arange(weights.shape[1], device=weights.device)).argmax(-1, keepdim=True)
    return torch.minimum(picked, last)


def _penalised(logits: torch.Tensor, input_ids: torch.Tensor, penalties: torch.Tensor) -> torch.Tensor:
    """Divides (multiplies, if negative) the logits of tokens that occurred, as Keskar et al. (CTRL, 2019) do."""
    seen = logits.gather(1, input_ids)
    return logits.scatter(1, input_ids, torch.where(seen < 0, seen * penalties, seen / penalties))


def _temperature(decoding: Decoding, row: int) -> float:
    """The temperature of a row: `Decoding.shares` in order."""
    for temperature, count in decoding.shares():
        if row < count:
            return temperature
        row -= count
    raise IndexError(row)
