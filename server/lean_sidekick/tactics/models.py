"""Candidates from a model that writes text, wherever it runs: a question to its adapter, a prompt to the model, its
answers back to candidates.

The border to what runs a model is `TextModel`: `transformer` has one on this machine, `remote` one behind a server.
What a model says is data: nothing of it is run here, and the policy looks at it before Lean does.
"""

from collections.abc import Sequence
from itertools import zip_longest
from math import log
from typing import Protocol

from attrs import frozen

from lean_sidekick.core.candidates import Candidate, Source, deduplicate
from lean_sidekick.core.decoding import Decoding
from lean_sidekick.core.premises import Premise
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.cards import ModelCard
from lean_sidekick.tactics.prompts.api import Adapter, Prompt, Question

BEGINNING_COST = 0.3
"""What a beginning of a whole proof is worth less than the next longer one."""

_MAX_TEXT = 4_000
"""Characters: a longer candidate is a runaway answer."""


@frozen(kw_only=True)
class Answer:
    """One text that a model wrote; `log_probability` is None where its server does not say."""

    text: str
    log_probability: float | None
    token_count: int


class TextModel(Protocol):
    """Writes answers to prompts. Cancelling a call gives the work up."""

    async def answers(self, prompts: Sequence[Prompt], decoding: Decoding) -> Sequence[Sequence[Answer]]:
        """The answers to each prompt, all prompts as one batch.

        Raises ModelUnavailable, ModelCrashed, InputError (a prompt that this model cannot take) and TimedOut.
        """

    async def close(self) -> None:
        """Gives back what it holds."""


@frozen(kw_only=True)
class ModelGenerator:
    """One model as a source of tactics; see `TacticGenerator`."""

    card: ModelCard
    model: TextModel
    source: Source

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Candidates for the main goal, best first. Raises what `TextModel.answers` does."""
        return (await self.generate_many([request]))[0]

    async def generate_many(self, requests: Sequence[TacticRequest]) -> Sequence[Sequence[Candidate]]:
        """The same for several goals, asked of the model as one batch."""
        adapter = self.card.prompts
        questions = [question_of(request, self.card) for request in requests]
        prompts = [adapter.prompt(question, self.card.prompt_room) for question in questions]
        found = await self.model.answers(prompts, self.card.way_to_decode)
        return [
            candidates_of(adapter, answers, question, self.source)
            for answers, question in zip(found, questions, strict=True)
        ]


def question_of(request: TacticRequest, card: ModelCard) -> Question:
    """What a model is asked for a request: premises only where it reads them, the best ones first."""
    around = request.surroundings
    return Question(
        goals=(request.goal,),
        premises=_best_premises(request, card.prompts.traits.premise_count),
        text_above=around.text_above,
        statement=around.statement,
        declaration=around.declaration,
        doc=around.doc,
        steps=around.steps,
        is_root=request.is_root,
    )


def _best_premises(request: TacticRequest, count: int) -> tuple[Premise, ...]:
    """What retrieval found in the imports and what stands above in the file, turn by turn, each once.

    What stands nearest above is what a file most often uses next. It gets a quarter of the places, all where retrieval
    found nothing.
    """
    above = tuple(reversed(request.premises))
    share = count // 4 if request.retrieved else count
    turns = zip_longest(request.retrieved, above[:share])
    merged = {premise.full_name: premise for turn in turns for premise in turn if premise is not None}
    return tuple(merged.values())[:count]


def candidates_of(
    adapter: Adapter, answers: Sequence[Answer], question: Question, source: Source
) -> tuple[Candidate, ...]:
    """The candidates in some answers to one question, best first, each text once.

    The score is the adapter's reading of the log-probability; where a server does not say it, the share of answers
    that agree on the text.
    """
    found: list[Candidate] = []
    agreed: dict[str, int] = {}
    for answer in answers:
        texts = [text for text in adapter.parse(answer.text, question) if len(text) <= _MAX_TEXT]
        for place, text in enumerate(texts):
            agreed[text] = agreed.get(text, 0) + 1
            score = 0.0
            if answer.log_probability is not None:
                score = adapter.traits.score(answer.log_probability, answer.token_count)
            found.append(Candidate(text=text, source=source, score=score - BEGINNING_COST * place))
    if any(answer.log_probability is None for answer in answers):
        found = [_by_agreement(candidate, agreed[candidate.text], len(answers)) for candidate in found]
    return tuple(sorted(deduplicate(found), key=lambda candidate: -candidate.score))


def _by_agreement(candidate: Candidate, count: int, total: int) -> Candidate:
    return Candidate(text=candidate.text, source=candidate.source, score=min(0.0, log(count / total)) + candidate.score)
