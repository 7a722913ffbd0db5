"""Vectors for `bench premises`: every premise and every question through an encoder, once, in the model process."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lean_sidekick.core.premises import CorpusFile
from lean_sidekick.model_worker.client import WorkerClient, WorkerLimits
from lean_sidekick.premises.dense import WorkerEmbedder
from lean_sidekick.premises.labelled import Question
from lean_sidekick.premises.model_choice import EncoderChoice

Array = NDArray[Any]

_SOME = 256
_LOADING_S = 300.0
_QUESTION_S = 60.0


@frozen(kw_only=True, eq=False)
class DenseVectors:
    """By one encoder, float32: those of the premises in the order of the corpus, and those of the questions."""

    encoder: str
    premises: Array
    questions: Array


async def dense_vectors(
    encoder: EncoderChoice,
    corpus: Sequence[CorpusFile],
    questions: Sequence[Question],
    on_progress: Callable[[int, int], None],
) -> DenseVectors:
    """Makes all vectors; `on_progress` is told how many of how many there are. Raises what `ModelClient.embed` does."""
    premises = [premise for file in corpus for premise in file.premises]
    total = len(premises) + len(questions)
    client = WorkerClient(lambda text: None, WorkerLimits())
    embedder = WorkerEmbedder(client=client, choice=encoder)
    try:
        await client.load(encoder.of_premises, timeout_s=_LOADING_S)
        parts, asked = [], []
        for start in range(0, len(premises), _SOME):
            parts.append(await embedder.premises(premises[start : start + _SOME]))
            on_progress(min(start + _SOME, len(premises)), total)
        await embedder.load()
        for number, question in enumerate(questions):
            asked.append(await embedder.goal(question.goal, _QUESTION_S))
            if number % _SOME == 0:
                on_progress(len(premises) + number, total)
    finally:
        await client.close()
    return DenseVectors(encoder=encoder.name, premises=np.concatenate(parts), questions=np.stack(asked))
