"""miniCTX's models (arXiv 2408.03350; `ntp-toolkit`): a comment that asks for the next tactic, then marked blocks.

The state-tactic models read the state alone; the context models read the file up to the goal as well, of which the end
is kept where it is too long.
"""

from attrs import frozen

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.tactics.prompts.answers import completed, cut_at
from lean_sidekick.tactics.prompts.api import AnswerKind, Prompt, Question, TokenUnit, Traits
from lean_sidekick.tactics.prompts.states import fit_end, fit_state, source_text

_END = "[/TAC]"
_HEAD = "/- You are proving a theorem in Lean 4.\nYou are given the following information:\n"
_CONTEXT = "- The file contents up to the current tactic, inside [CTX]...[/CTX]\n"
_TASK = (
    "- The current proof state, inside [STATE]...[/STATE]\n\n"
    "Your task is to generate the next tactic in the proof.\nPut the next tactic inside [TAC]...[/TAC]\n-/\n"
)


@frozen(kw_only=True)
class NTP:
    """`with_context` is for the models that read the file, too."""

    with_context: bool
    context_tokens: int

    @property
    def traits(self) -> Traits:
        """See `Adapter.traits`."""
        return Traits(
            answer=AnswerKind.STEP,
            unit=TokenUnit.WORD_PIECE,
            context_tokens=self.context_tokens,
            length_exponent=1.0,
            decoding=Decoding(strategy=Strategy.SAMPLE, candidate_count=16, max_new_tokens=256, temperatures=(0.7,)),
        )

    def prompt(self, question: Question, max_tokens: int) -> Prompt:
        """See `Adapter.prompt`."""
        unit = TokenUnit.WORD_PIECE
        task = _HEAD + (_CONTEXT if self.with_context else "") + _TASK
        tail = f"[TAC]\n{question.prefix}"
        room = max_tokens - unit.count(task + "[CTX]\n\n[/CTX]\n[STATE]\n\n[/STATE]\n" + tail)
        state = fit_state(question.goals, unit, room)
        context = ""
        if self.with_context:
            file = fit_end(source_text(question), unit, room - unit.count(state))
            context = f"[CTX]\n{file}\n[/CTX]\n"
        return Prompt(text=f"{task}{context}[STATE]\n{state}\n[/STATE]\n{tail}", stop=(_END,))

    def parse(self, answer: str, question: Question) -> tuple[str, ...]:
        """See `Adapter.parse`."""
        said = cut_at(answer.rpartition("[TAC]")[2], (_END, "[STATE]", "[CTX]"))
        return completed(said, question.prefix)
