"""The adapter interface: what a model family reads, and how its answers become tactics.

An adapter is pure text work, the same for a model on this machine and for one behind a server: a `Question` becomes a
`Prompt`, an answer becomes tactic texts. It loads nothing and sends nothing, and it does not judge: what a model said
is data, and Lean decides.
"""

from enum import Enum
from math import ceil
from typing import Protocol

from attrs import frozen

from lean_sidekick.core.decoding import Decoding
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.premises import Premise

_BYTES_PER_TOKEN = 2.5
"""Lean text in the tokenizers of today's models: about three bytes a token, fewer where symbols are many."""


class AnswerKind(Enum):
    """What a model answers with: one tactic, or a whole proof."""

    STEP = "step"
    WHOLE_PROOF = "whole proof"


class TokenUnit(Enum):
    """What a model's context is counted in: bytes (ByT5), or tokens of its own vocabulary."""

    BYTE = "byte"
    WORD_PIECE = "word piece"

    def count(self, text: str) -> int:
        """How many of them a text has: exact for bytes, a guess on the high side for word pieces."""
        size = len(text.encode("utf-8", errors="surrogatepass"))
        return size if self is TokenUnit.BYTE else ceil(size / _BYTES_PER_TOKEN)


class Role(Enum):
    """Who says a message of a chat."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@frozen(kw_only=True)
class Message:
    """One message of a chat."""

    role: Role
    content: str


@frozen(kw_only=True)
class Question:
    """What an adapter may look at: the goals, and what stands around them.

    `goals` has the main goal first. `premises` come best first; adapters of models that were not trained on premises
    leave them out. `text_above` is the file up to the declaration, `statement` the declaration from its keyword up to
    before `:=`, `declaration` its full name, `doc` the text of its doc comment, `steps` the tactics that stand before
    the goals; all of these are empty where nothing is known. `is_root` says that the goal is that of the statement
    itself. `prefix` is how the tactic has to begin.
    """

    goals: tuple[Goal, ...]
    premises: tuple[Premise, ...] = ()
    text_above: str = ""
    statement: str = ""
    declaration: str = ""
    doc: str = ""
    steps: tuple[str, ...] = ()
    is_root: bool = False
    prefix: str = ""


@frozen(kw_only=True)
class Prompt:
    """What a model is given, exactly.

    `text` is for completion: a local model or a completions endpoint reads it as it stands, framed as the model's own
    chat template would frame it. `messages` say the same for a chat endpoint, which frames them itself; they are empty
    for models that have no chat form. An answer ends before the first of the `stop` texts.
    """

    text: str
    messages: tuple[Message, ...] = ()
    stop: tuple[str, ...] = ()


@frozen(kw_only=True)
class Traits:
    """What is true of a model family; a card may set other limits and another way to decode.

    `context_tokens` is how much prompt and answer may have together (for an encoder-decoder, the prompt alone), in
    `unit`s. `premise_count` is how many premises are asked of retrieval, 0 for a model that was trained without.
    A log-probability is divided by the answer's length to the power of `length_exponent`: 0 is the plain sum, 1 the
    mean.
    """

    answer: AnswerKind
    unit: TokenUnit
    context_tokens: int
    decoding: Decoding
    premise_count: int = 0
    length_exponent: float = 0.0

    def score(self, log_probability: float, token_count: int) -> float:
        """The score of an answer from its log-probability: at most 0, larger is better."""
        scale: float = max(1, token_count) ** self.length_exponent
        return min(0.0, log_probability / scale)


class Adapter(Protocol):
    """One model family."""

    @property
    def traits(self) -> Traits:
        """What is true of the family."""

    def prompt(self, question: Question, max_tokens: int) -> Prompt:
        """What the model is given.

        `max_tokens` is how much there is room for in the prompt, in the family's own units. What does not fit is left
        out from what matters least: premises from the worst, text from the top, hypotheses from the oldest; never
        the target of the main goal.
        """

    def parse(self, answer: str, question: Question) -> tuple[str, ...]:
        """The tactic texts of one answer, best first; none if there is nothing usable in it. Never raises.

        A step model gives one text at most. A whole proof gives the proof itself and then its beginnings, so that
        what is right of it can be told from what is not.
        """
