"""The Retriever interface: from a goal, or from words, to ranked premises.

Everything in this package that takes a question answers with `FoundPremise`s; everything that makes premises
(Lean's own environment, a scan of sources, a corpus file) yields `CorpusFile`s, one at a time.
"""

from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from lean_sidekick.core.goals import Goal
from lean_sidekick.core.premises import Premise


@frozen(kw_only=True)
class Accessible:
    """What a question may be answered with.

    `modules` are the modules that the open file imports, directly or not (None: all of the index); `above` are the
    declarations of the open file above the place, unsaved ones included. `module` is the open file's own, whose
    saved declarations in the index do not count.
    """

    modules: frozenset[str] | None = None
    above: tuple[Premise, ...] = ()
    module: str | None = None


@frozen(kw_only=True)
class RankReason:
    """Why a premise was found: which ranker put it at which rank (from 1), and the words or symbols it shares."""

    ranker: str
    rank: int
    shared: tuple[str, ...] = ()


@frozen(kw_only=True)
class FoundPremise:
    """A premise in a ranked answer; `score` falls along the answer and means nothing across answers."""

    premise: Premise
    score: float
    reasons: tuple[RankReason, ...]


class Retriever(Protocol):
    """Answers both questions: "what helps this goal" and "which lemma says this"."""

    async def for_goal(self, goal: Goal, accessible: Accessible, k: int) -> Sequence[FoundPremise]:
        """At most `k` accessible premises for a goal, best first."""

    async def for_words(self, text: str, accessible: Accessible, k: int) -> Sequence[FoundPremise]:
        """At most `k` accessible premises for words, a name fragment, a pattern with holes, or Lean text.

        Raises InputError for an empty question.
        """
