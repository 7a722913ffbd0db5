"""Exact match: how often the first, or one of the first eight, tactics of a model is the one that a person wrote.

The model decodes as it does for users (beam search of the worker's own backends), and its answers are read by the
adapter. Beside it stands the plainest baseline: the most frequent tactics of the training data, whatever the state.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from attrs import frozen
from transformers import PreTrainedTokenizerBase

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.model_worker.backends.api import LoadedModel
from lean_sidekick.model_worker.backends.causal import CausalBackend
from lean_sidekick.model_worker.backends.seq2seq import Seq2SeqBackend
from lean_sidekick.model_worker.batching import Part
from lean_sidekick.model_worker.messages import Generate, ModelKind, ModelSpec
from lean_sidekick.tactics.prompts.api import Question
from lean_sidekick.training.plan import TrainingPlan

CANDIDATES = 8
_PROMPTS_AT_ONCE = 8


class Scored(Protocol):
    """An example to score."""

    @property
    def prompt(self) -> str:
        """What the model reads."""

    @property
    def tactic(self) -> str:
        """What it should say."""

    @property
    def question(self) -> Question:
        """What the prompt was made from."""


@frozen(kw_only=True)
class ExactMatch:
    """Shares of `count` examples, 0 to 1."""

    at_1: float
    at_8: float
    count: int

    def fields(self) -> Mapping[str, object]:
        """As figures of a summary."""
        return {"exact_match": round(self.at_1, 4), "exact_match_at_8": round(self.at_8, 4), "examples": self.count}


def score_model(
    model: Any, tokenizer: PreTrainedTokenizerBase, plan: TrainingPlan, examples: Sequence[Scored]
) -> ExactMatch:
    """Scores a model as it stands; it may be trained on afterwards."""
    none = LoadedModel(device="", precision="", parameters=0, memory_before_mb=0, memory_after_mb=0, seconds=0)
    backend = (Seq2SeqBackend if plan.kind is ModelKind.SEQ2SEQ else CausalBackend)(model, tokenizer, none)
    decoding = Decoding(strategy=Strategy.BEAM, candidate_count=CANDIDATES, max_new_tokens=plan.new_tokens)
    spec = ModelSpec(source="", kind=plan.kind)
    said: list[list[str]] = []
    for start in range(0, len(examples), _PROMPTS_AT_ONCE):
        some = examples[start : start + _PROMPTS_AT_ONCE]
        jobs = [
            Generate(id=number, model=spec, prompt=example.prompt, decoding=decoding)
            for number, example in enumerate(some)
        ]
        found = backend.generate([Part(job=job, first=0, count=CANDIDATES) for job in jobs], lambda _: False)
        for example, generated in zip(some, found, strict=True):
            parsed = [tactic for one in generated for tactic in plan.prompts.parse(one.text, example.question)]
            said.append(list(dict.fromkeys(parsed)))
    return match([example.tactic for example in examples], said)


def score_baseline(train: Sequence[str], scored: Sequence[str]) -> ExactMatch:
    """Scores the most frequent tactics of the training data, said to every state."""
    frequent = [tactic for tactic, _ in Counter(train).most_common(CANDIDATES)]
    return match(scored, [frequent] * len(scored))


def match(wanted: Sequence[str], said: Sequence[Sequence[str]]) -> ExactMatch:
    """Compares tactics but for the number of blanks; what was said stands best first."""
    pairs = [(_normal(one), [_normal(tactic) for tactic in some]) for one, some in zip(wanted, said, strict=True)]
    count = max(1, len(pairs))
    return ExactMatch(
        at_1=sum(one in some[:1] for one, some in pairs) / count,
        at_8=sum(one in some[:CANDIDATES] for one, some in pairs) / count,
        count=len(pairs),
    )


def _normal(tactic: str) -> str:
    return " ".join(tactic.split())
