"""The InternLM step provers, and models taught in their manner: one user turn in ChatML, a tactic as the answer.

InternLM2-StepProver (arXiv 2407.17227) and 2.5 (arXiv 2410.15700) have forms of their own; InternLM2-Math-Plus and
Lean-STaR (arXiv 2407.10040) are asked in words and answer with a fenced tactic, Lean-STaR after reasoning.
"""

from enum import Enum

from attrs import frozen

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.tactics.prompts.answers import completed, cut_at, last_fence, without_thinking
from lean_sidekick.tactics.prompts.api import AnswerKind, Prompt, Question, TokenUnit, Traits
from lean_sidekick.tactics.prompts.frames import CHATML_STOP, chatml, framed, user
from lean_sidekick.tactics.prompts.states import fit_end, fit_state

_STEP_MARK = "PROOFSTEP"
_PLUS = "Please predict a possible tactic to help me prove the theorem."
_STAR = (
    "Please write down the reasoning that leads to the possible next tactic and then predict the tactic to help me "
    "prove the theorem."
)
_PROOF_SHARE = 4
"""At most one part in so many of the room goes to the tactics before the goal."""


class Form(Enum):
    """The four ways to ask."""

    STEP_2 = "InternLM2-StepProver"
    STEP_2_5 = "InternLM2.5-StepProver"
    PLUS = "InternLM2-Math-Plus"
    STAR = "Lean-STaR-plus"


@frozen(kw_only=True)
class InternLM:
    """One of the four."""

    form: Form

    @property
    def traits(self) -> Traits:
        """See `Adapter.traits`."""
        return Traits(
            answer=AnswerKind.STEP,
            unit=TokenUnit.WORD_PIECE,
            context_tokens=4_096,
            length_exponent=1.0,
            decoding=Decoding(
                strategy=Strategy.SAMPLE,
                candidate_count=16,
                max_new_tokens=512 if self.form is Form.STAR else 256,
                temperatures=(0.7, 1.0),
            ),
        )

    def prompt(self, question: Question, max_tokens: int) -> Prompt:
        """See `Adapter.prompt`."""
        unit = TokenUnit.WORD_PIECE
        begun = (f"{_STEP_MARK} " if self.form is Form.STEP_2 else "") + question.prefix
        room = max_tokens - unit.count(chatml(user(self._content(question, "", ""))) + begun)
        proof = fit_end("\n".join(question.steps), unit, room // _PROOF_SHARE) if self.form is Form.STEP_2_5 else ""
        state = fit_state(question.goals, unit, room - unit.count(proof))
        return framed(chatml, user(self._content(question, state, proof)), CHATML_STOP, begun)

    def parse(self, answer: str, question: Question) -> tuple[str, ...]:
        """See `Adapter.parse`."""
        said = cut_at(without_thinking(answer), (CHATML_STOP, "<|im_start|>"))
        fence = last_fence(said)
        if fence is not None:
            said = fence[0]
        elif self.form is Form.STAR:
            return ()  # reasoning alone
        said = said.rpartition(f"{_STEP_MARK} ")[2] if self.form is Form.STEP_2 else said
        return completed(said, question.prefix)

    def _content(self, question: Question, state: str, proof: str) -> str:
        name = question.declaration
        match self.form:
            case Form.STEP_2:
                return f"DECL {name}\nGOAL {state}\n"
            case Form.STEP_2_5:
                return f"---\nNAME: {name}\n\n---\nPROOF_BEFORE: {proof}\n\n---\nSTATE_BEFORE: {state}\n\n---\nTACTIC: "
            case Form.PLUS | Form.STAR:
                # The fence closes right behind the state, as in the training data.
                asked = _PLUS if self.form is Form.PLUS else _STAR
                return f"My LEAN 4 state is:\n```lean\n{state}```\n{asked}"
