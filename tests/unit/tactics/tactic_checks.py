"""Goal text in, candidate texts out: what the tests of the tactic sources share."""

from collections.abc import Callable, Sequence

from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.goals import parse_goal
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import GoalShape, read_goal
from lean_sidekick.tactics.portfolio import probe_texts

# What the Lean of July 2021 with its core library answered to the probes.
EARLY = frozenset(
    {
        "rfl",
        "assumption",
        "trivial",
        "contradiction",
        "exact fun h => h",
        "exact Iff.rfl",
        "inferInstance",
        "simp",
        "simp at *",
        "simp_all",
        "decide",
        "funext x",
    }
)
MODERN = frozenset(probe_texts()) - {"inferInstance", "simp_arith"}

Source = Callable[[GoalShape, Dialect], Sequence[Candidate]]


def texts(source: Source, goal: str, known: frozenset[str] | None) -> list[str]:
    """The texts of a source's candidates for a goal, in order."""
    return [candidate.text for candidate in source(read_goal(parse_goal(goal)), Dialect(known))]


def check_leading(source: Source, goal: str, known: frozenset[str] | None, expected: Sequence[str]) -> None:
    """The source's first candidates are the expected ones, in this order."""
    assert texts(source, goal, known)[: len(expected)] == list(expected)
