"""llmstep (arXiv 2310.18457): `[GOAL]{state}[PROOFSTEP]{prefix}`, the tactic up to the end of the text."""

from attrs import frozen

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.tactics.prompts.answers import completed, cut_at
from lean_sidekick.tactics.prompts.api import AnswerKind, Prompt, Question, TokenUnit, Traits
from lean_sidekick.tactics.prompts.states import fit_state

_END = "<|endoftext|>"


@frozen(kw_only=True)
class LLMStep:
    """The published Pythia 2.8B and others trained on the same line."""

    @property
    def traits(self) -> Traits:
        """See `Adapter.traits`."""
        return Traits(
            answer=AnswerKind.STEP,
            unit=TokenUnit.WORD_PIECE,
            context_tokens=2_048,
            length_exponent=1.0,
            decoding=Decoding(strategy=Strategy.SAMPLE, candidate_count=10, max_new_tokens=128, temperatures=(0.5,)),
        )

    def prompt(self, question: Question, max_tokens: int) -> Prompt:
        """See `Adapter.prompt`."""
        head, tail = "[GOAL]", f"[PROOFSTEP]{question.prefix}"
        room = max_tokens - TokenUnit.WORD_PIECE.count(head + tail)
        return Prompt(text=head + fit_state(question.goals, TokenUnit.WORD_PIECE, room) + tail, stop=(_END,))

    def parse(self, answer: str, question: Question) -> tuple[str, ...]:
        """See `Adapter.parse`."""
        # A model that does not end goes on with the next example of its training data.
        return completed(cut_at(answer, (_END, "[GOAL]", "[PROOFSTEP]")), question.prefix)
