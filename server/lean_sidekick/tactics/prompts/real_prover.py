"""REAL-Prover (arXiv 2505.20613) and reap: a state with theorems that may help, in a `User:` … `Assistant:` frame.

They differ in how many theorems there are (6 and 16), in how each is written, and in the blank lines: REAL-Prover is a
completion model, reap sends the framed text as one chat message.
"""

from attrs import frozen

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.core.premises import Premise
from lean_sidekick.tactics.prompts.answers import completed, cut_at, last_fence, without_thinking
from lean_sidekick.tactics.prompts.api import AnswerKind, Prompt, Question, TokenUnit, Traits
from lean_sidekick.tactics.prompts.frames import CHATML_STOP, DEEPSEEK_STOP, chatml, framed, user
from lean_sidekick.tactics.prompts.states import fit_state

_TASK = "User: Please generate a tactic in lean4 to solve the state.\nHere're some theorems that may be helpful:\n"
_STOPS = (DEEPSEEK_STOP, CHATML_STOP, "<|endoftext|>", "\nUser:")


@frozen(kw_only=True)
class RealProver:
    """`as_reap` is reap's way of writing it."""

    as_reap: bool

    @property
    def traits(self) -> Traits:
        """See `Adapter.traits`."""
        sampling = Strategy.SAMPLE
        return Traits(
            answer=AnswerKind.STEP,
            unit=TokenUnit.WORD_PIECE,
            context_tokens=4_096,
            premise_count=16 if self.as_reap else 6,
            decoding=Decoding(strategy=sampling, candidate_count=6, max_new_tokens=1_024, temperatures=(0.99,))
            if self.as_reap
            else Decoding(strategy=sampling, candidate_count=16, max_new_tokens=256, temperatures=(1.5,), top_p=0.9),
        )

    def prompt(self, question: Question, max_tokens: int) -> Prompt:
        """See `Adapter.prompt`."""
        unit = TokenUnit.WORD_PIECE
        empty = self._framed([], "").text
        state = fit_state(question.goals, unit, max_tokens - unit.count(empty + question.prefix))
        room = max_tokens - unit.count(empty + state + question.prefix)
        items: list[str] = []
        for premise in question.premises[: self.traits.premise_count]:
            item = self._item(len(items), premise)
            size = unit.count(item) + 1
            if size <= room:
                room -= size
                items.append(item)
        prompt = self._framed(items, state)
        return Prompt(text=prompt.text + question.prefix, messages=prompt.messages, stop=prompt.stop)

    def parse(self, answer: str, question: Question) -> tuple[str, ...]:
        """See `Adapter.parse`."""
        said = cut_at(without_thinking(answer), _STOPS)
        fence = last_fence(said)
        said = fence[0] if fence is not None else said
        return completed(said, question.prefix)

    def _framed(self, items: list[str], state: str) -> Prompt:
        if self.as_reap:
            text = "\n".join(items)
            return framed(chatml, user(f"{_TASK}{text}\nSTATE:\n{state}\nTACTIC:\n\nAssistant:"), CHATML_STOP)
        text = "\n\n".join(items)
        return Prompt(text=f"{_TASK}{text}\nSTATE:\n{state}\nTACTIC:\n\n\nAssistant:", stop=_STOPS)

    def _item(self, place: int, premise: Premise) -> str:
        statement = f"{premise.kind} {premise.full_name} {premise.statement}".rstrip()
        if self.as_reap:
            return f"Formal name: {premise.full_name}\nFormal statement: {statement}"
        informal = premise.doc.strip().partition("\n")[0]
        head = f"ID:{place}\nFormal name: {premise.full_name}\nInformal name: {informal}"
        return f"{head}\nFormal statement: {statement}"
