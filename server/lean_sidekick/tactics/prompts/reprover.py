"""ReProver (LeanDojo, arXiv 2306.15626): ByT5 from a state, with or without retrieved premises.

The state alone is the whole prompt; with premises, they stand before it, each followed by a blank line, the best one
next to the state. A premise is its statement with its full name between `<a>` and `</a>`. All is counted in bytes, as
ByT5 does: 2,300 in training, 2,048 at evaluation.
"""

from attrs import frozen

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.core.premises import Premise
from lean_sidekick.tactics.prompts.answers import tidy_tactic
from lean_sidekick.tactics.prompts.api import AnswerKind, Prompt, Question, TokenUnit, Traits
from lean_sidekick.tactics.prompts.states import fit_state

CONTEXT_BYTES = 2_048
PREMISE_COUNT = 100
_BEAMS = 64


def premise_text(premise: Premise) -> str:
    """A premise as the retriever and the generator were trained to read it."""
    return f"{premise.kind} <a>{premise.full_name}</a> {premise.statement}".rstrip()


@frozen(kw_only=True)
class ReProver:
    """The published ByT5 tactic generators."""

    with_premises: bool

    @property
    def traits(self) -> Traits:
        """See `Adapter.traits`."""
        return Traits(
            answer=AnswerKind.STEP,
            unit=TokenUnit.BYTE,
            context_tokens=CONTEXT_BYTES,
            premise_count=PREMISE_COUNT if self.with_premises else 0,
            decoding=Decoding(strategy=Strategy.BEAM, candidate_count=_BEAMS, max_new_tokens=512),
        )

    def prompt(self, question: Question, max_tokens: int) -> Prompt:
        """See `Adapter.prompt`."""
        state = fit_state(question.goals, TokenUnit.BYTE, max_tokens)
        if not self.with_premises:
            return Prompt(text=state)
        room = max_tokens - TokenUnit.BYTE.count(state)
        packed = ""
        for premise in question.premises:
            text = f"{premise_text(premise)}\n\n"
            size = TokenUnit.BYTE.count(text)
            if size <= room:
                room -= size
                packed = text + packed
        return Prompt(text=packed + state)

    def parse(self, answer: str, question: Question) -> tuple[str, ...]:
        """See `Adapter.parse`."""
        tactic = tidy_tactic(answer)
        return (tactic,) if tactic and tactic.startswith(question.prefix) else ()
