"""A model on this machine as a `TextModel`: its card says how it is loaded, the model process runs it.

All prompts of a call go to the process together, so that the goals of a search are one batch. Nothing is started before
the first call; loading may take longer than a call waits, and the next call finds the model loaded.
"""

import asyncio
import logging
from collections.abc import Sequence

from attrs import frozen

from lean_sidekick.core.decoding import Decoding
from lean_sidekick.core.errors import InputError, SidekickError
from lean_sidekick.model_worker.api import ModelClient
from lean_sidekick.model_worker.messages import Device, ModelKind, ModelSpec, Precision, Urgency
from lean_sidekick.tactics.cards import Architecture, ModelCard
from lean_sidekick.tactics.models import Answer
from lean_sidekick.tactics.prompts.api import Prompt, TokenUnit

logger = logging.getLogger(__name__)

_KINDS = {
    Architecture.ENCODER_DECODER: ModelKind.SEQ2SEQ,
    Architecture.DECODER: ModelKind.CAUSAL,
    Architecture.ENCODER: ModelKind.ENCODER,
    Architecture.RERANKER: ModelKind.RERANKER,
}
_END_MARK = 1
"""ByT5's tokenizer ends a prompt with a mark that is no byte of it."""


def spec_of(card: ModelCard, device: Device, precision: Precision | None) -> ModelSpec:
    """How the model of a card is run; `precision` replaces the card's."""
    is_bytes = card.architecture.writes and card.unit is TokenUnit.BYTE
    room = card.prompt_room if card.architecture.writes else card.context_tokens
    return ModelSpec(
        source=card.hub if card.folder is None else str(card.folder),
        revision=card.revision or None,
        kind=_KINDS[card.architecture],
        device=device,
        precision=precision or Precision(card.precision.value),
        max_input_tokens=room + _END_MARK if is_bytes else room,
    )


@frozen(kw_only=True)
class LocalModel:
    """See `TextModel`. `client` is shared with others; who made it closes it."""

    client: ModelClient
    spec: ModelSpec
    urgency: Urgency
    timeout_s: float

    async def answers(self, prompts: Sequence[Prompt], decoding: Decoding) -> Sequence[Sequence[Answer]]:
        """See `TextModel`. A prompt that is too long for the model has no answers; the others have theirs."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._answers(prompt, decoding)) for prompt in prompts]
        except* SidekickError as errors:
            raise errors.exceptions[0] from None
        return [task.result() for task in tasks]

    async def close(self) -> None:
        """See `TextModel`: holds nothing of its own."""

    async def _answers(self, prompt: Prompt, decoding: Decoding) -> Sequence[Answer]:
        try:
            found = await self.client.generate(
                self.spec, prompt.text, decoding, urgency=self.urgency, timeout_s=self.timeout_s, stop=prompt.stop
            )
        except InputError as error:
            logger.warning("a model was not asked: %s", error)
            return ()
        return [
            Answer(text=one.text, log_probability=one.log_probability, token_count=one.tokens)
            for one in found.candidates
            # What the limit cut off is no tactic; a whole proof may be right up to there all the same.
            if one.is_finished or "\n" in one.text
        ]
