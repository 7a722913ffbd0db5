"""Whole-proof provers: a Lean file that ends at the goal in, the finished file out.

DeepSeek-Prover-V2 (arXiv 2504.21801), Goedel-Prover-V2 (arXiv 2508.03613) and Pythagoras-Prover (arXiv 2606.12594)
share one request; Kimina-Prover (arXiv 2504.11354) has its own. The declaration itself is asked for while nothing of
its proof stands yet; below that, the goal is written as a theorem. An answer is cut into steps, and what is handed on
is the proof and its beginnings: Lean says how far it is right.
"""

from enum import Enum

from attrs import frozen

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.tactics.prompts.answers import last_fence, without_thinking
from lean_sidekick.tactics.prompts.api import AnswerKind, Message, Prompt, Question, Role, TokenUnit, Traits
from lean_sidekick.tactics.prompts.frames import CHATML_STOP, DEEPSEEK_STOP, chatml, deepseek, framed, user
from lean_sidekick.tactics.prompts.proofs import beginnings, cut_steps, find_proof
from lean_sidekick.tactics.prompts.states import fit_file, goal_statement

GOAL_NAME = "goal_here"
_PLAN = (
    "Before producing the Lean 4 code to formally prove the given theorem, provide a detailed proof plan outlining the "
    "main proof steps and strategies.\nThe plan should highlight key ideas, intermediate lemmas, and proof structures "
    "that will guide the construction of the final formal proof."
)
_KIMINA_SYSTEM = "You are an expert in mathematics and proving theorems in Lean 4."
_KIMINA_TASK = "Think about and solve the following problem step by step in Lean 4."


class Request(Enum):
    """How the file is asked to be finished."""

    DEEPSEEK_PLAN = "DeepSeek-Prover-V2, with a plan first"
    DEEPSEEK_PLAIN = "DeepSeek-Prover-V2, the code at once"
    QWEN_PLAN = "Goedel-Prover-V2, Pythagoras-Prover"
    KIMINA = "Kimina-Prover"


@frozen(kw_only=True)
class WholeProof:
    """One family; a few samples, since each is long."""

    request: Request
    context_tokens: int
    max_new_tokens: int
    temperature: float

    @property
    def traits(self) -> Traits:
        """See `Adapter.traits`."""
        return Traits(
            answer=AnswerKind.WHOLE_PROOF,
            unit=TokenUnit.WORD_PIECE,
            context_tokens=self.context_tokens,
            length_exponent=1.0,
            decoding=Decoding(
                strategy=Strategy.SAMPLE,
                candidate_count=2,
                max_new_tokens=self.max_new_tokens,
                temperatures=(self.temperature,),
                top_p=0.95,
            ),
        )

    def prompt(self, question: Question, max_tokens: int) -> Prompt:
        """See `Adapter.prompt`."""
        unit = TokenUnit.WORD_PIECE
        asks_declaration = _asks_declaration(question)
        if asks_declaration:
            doc = f"/-- {question.doc} -/\n" if question.doc else ""
            statement = f"{doc}{question.statement.rstrip()}"
        else:
            statement = goal_statement(question.goals[0], GOAL_NAME)
        ending = ":= by" if self.request is Request.KIMINA else ":= by\n  sorry"
        theorem = f"{statement} {ending}"
        room = max_tokens - unit.count(theorem) - unit.count(self._framed("", question.doc).text)
        above = fit_file(question.text_above, unit, room)
        return self._framed(f"{above}\n\n{theorem}" if above else theorem, question.doc if asks_declaration else "")

    def parse(self, answer: str, question: Question) -> tuple[str, ...]:
        """See `Adapter.parse`."""
        said = without_thinking(answer)
        fence = last_fence(said)
        code, is_whole = fence if fence is not None else (said, True)
        name = question.declaration.rpartition(".")[2] if _asks_declaration(question) else GOAL_NAME
        proof = find_proof(code, name, may_be_bare=fence is not None)
        steps = cut_steps(proof)
        if not is_whole:
            steps = steps[:-1]  # the last one was being written when the answer was cut off
        return tuple(text for text in beginnings(steps) if text.startswith(question.prefix))

    def _framed(self, code: str, doc: str) -> Prompt:
        match self.request:
            case Request.DEEPSEEK_PLAN | Request.DEEPSEEK_PLAIN:
                plan = f"\n\n{_PLAN}" if self.request is Request.DEEPSEEK_PLAN else ""
                content = f"Complete the following Lean 4 code:\n\n```lean4\n{code}\n```{plan}"
                return framed(deepseek, user(content), DEEPSEEK_STOP)
            case Request.QWEN_PLAN:
                content = f"Complete the following Lean 4 code:\n\n```lean4\n{code}\n```\n\n{_PLAN}"
                return framed(chatml, user(content), CHATML_STOP)
            case Request.KIMINA:
                problem = f"\n# Problem:{doc}" if doc else ""
                content = f"{_KIMINA_TASK}{problem}\n# Formal statement:\n```lean4\n{code}\n```\n"
                messages = (Message(role=Role.SYSTEM, content=_KIMINA_SYSTEM), *user(content))
                return framed(chatml, messages, CHATML_STOP)


def _asks_declaration(question: Question) -> bool:
    """Whether the declaration is asked for as it stands in the file, not its goal as a theorem of its own."""
    return question.is_root and bool(question.statement)
