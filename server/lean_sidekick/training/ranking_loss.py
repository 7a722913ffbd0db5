"""The loss of the retriever: each state must be nearer to its premise than to every other premise of the batch.

Cross-entropy over cosines divided by a temperature (InfoNCE; van den Oord and others, 2018), over all premises of the
batch, hard negatives included. A premise that is right for a state too, or the same once more, does not count as wrong.
"""

from collections.abc import Iterable, Sequence, Set
from typing import Any

import torch

_TEMPERATURE = 0.05


class RankingLoss(torch.nn.Module):
    """For batches of (state, premise, negatives …) with the numbers of all of them as labels.

    `true[i]` are the numbers of the premises that are right at state i.
    """

    def __init__(self, model: Any, true: Sequence[Set[int]]) -> None:
        super().__init__()
        self.model = model
        self._true = true

    def forward(self, sentence_features: Iterable[dict[str, Any]], labels: torch.Tensor) -> torch.Tensor:
        """The mean loss; labels are int (batch, 2 + negatives): state, premise, negatives."""
        vectors = [
            torch.nn.functional.normalize(self.model(features)["sentence_embedding"], dim=-1)
            for features in sentence_features
        ]
        cosines = vectors[0] @ torch.cat(vectors[1:]).T
        # Column by column, as the vectors stand: first every premise, then every first negative, …
        numbers = labels[:, 1:].T.flatten().tolist()
        ignored = ignored_columns(labels[:, 0].tolist(), numbers, self._true)
        cosines = cosines.masked_fill(ignored.to(cosines.device), float("-inf"))
        wanted = torch.arange(len(labels), device=cosines.device)
        return torch.nn.functional.cross_entropy(cosines / _TEMPERATURE, wanted)


def ignored_columns(states: Sequence[int], premises: Sequence[int], true: Sequence[Set[int]]) -> torch.Tensor:
    """Which premises do not count for which state: right ones but that of its own row. bool (states, premises)."""
    return torch.tensor(
        [
            [column != row and premise in true[state] for column, premise in enumerate(premises)]
            for row, state in enumerate(states)
        ]
    )
