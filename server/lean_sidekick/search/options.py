"""How a search is made: its kind, its seed, and what is left out of it to measure what that is worth.

The default is what the product does. A new kind of search, or a new part that can be left out, is a member here and
a branch where it is used (`engine/prove.py`); the benchmarks offer whatever stands here.
"""

from enum import Enum

from attrs import frozen


class SearchKind(Enum):
    """The searches there are; the values are those of the command line and of the setting `search.kind`."""

    BEST_FIRST = "best-first"
    MCTS = "mcts"


class Part(Enum):
    """What a measurement can leave out; the values are those of the command line."""

    PREMISES = "premises"
    PRIORS = "priors"
    STATE_MERGING = "state-merging"
    POLISH = "polish"


@frozen(kw_only=True)
class SearchOptions:
    """A way to search.

    Equal options and equal answers of Lean give an equal search. `temperature` is that of Gumbel noise on the scores
    of candidates, drawn from `seed`: 0 is none, 1 tries candidates in the order of samples without replacement from
    the distribution that the scores stand for (Kool, van Hoof, Welling, 2019). `narrows_simp` turns `simp` in a found
    proof into `simp only […]`. `value_file` holds a value function that `train value` made, "" for the built-in one.
    """

    kind: SearchKind = SearchKind.BEST_FIRST
    seed: int = 0
    temperature: float = 0.0
    without: frozenset[Part] = frozenset()
    narrows_simp: bool = False
    value_file: str = ""


PLAIN = SearchOptions()
"""The search of the product."""
