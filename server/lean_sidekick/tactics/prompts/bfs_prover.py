"""BFS-Prover V1 and V2 (arXiv 2502.03438, 2509.06493): `{state}:::` in, the tactic out.

The model may echo the state before its answer, so what counts is what follows the last `:::`.
"""

from attrs import frozen

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.tactics.prompts.answers import completed
from lean_sidekick.tactics.prompts.api import AnswerKind, Prompt, Question, TokenUnit, Traits
from lean_sidekick.tactics.prompts.states import fit_state

_SEPARATOR = ":::"


@frozen(kw_only=True)
class BFSProver:
    """Both versions, and others trained on the same line; `top_k` 0 means no cut."""

    temperature: float = 1.0
    top_k: int = 0

    @property
    def traits(self) -> Traits:
        """See `Adapter.traits`."""
        return Traits(
            answer=AnswerKind.STEP,
            unit=TokenUnit.WORD_PIECE,
            context_tokens=4_096,
            length_exponent=0.5,
            decoding=Decoding(
                strategy=Strategy.SAMPLE,
                candidate_count=16,
                max_new_tokens=256,
                temperatures=(self.temperature,),
                top_k=self.top_k,
            ),
        )

    def prompt(self, question: Question, max_tokens: int) -> Prompt:
        """See `Adapter.prompt`."""
        tail = _SEPARATOR + question.prefix
        room = max_tokens - TokenUnit.WORD_PIECE.count(tail)
        return Prompt(text=fit_state(question.goals, TokenUnit.WORD_PIECE, room) + tail)

    def parse(self, answer: str, question: Question) -> tuple[str, ...]:
        """See `Adapter.parse`."""
        return completed(answer.rpartition(_SEPARATOR)[2], question.prefix)
