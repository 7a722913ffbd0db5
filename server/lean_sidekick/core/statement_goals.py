"""The goal that a proof begins with, as far as the text of its statement tells.

What `variable` commands add, notation and implicit arguments are not known here, so such a goal is like what Lean
would print and no more. Good for finding similar goals, for nothing else. Pure.
"""

from collections.abc import Iterator

from lean_sidekick.core.goals import Goal, parse_goal
from lean_sidekick.core.scanner import BRACKET_PAIRS


def statement_goal(statement: str) -> Goal | None:
    """The goal of a statement such as `(a b : Nat) (h : a = b) : a + 0 = b`; None where no target is found."""
    lines = []
    rest = statement.strip()
    while rest and rest[0] in BRACKET_PAIRS:
        end = _closing(rest)
        if end is None:
            return None
        names, colon, kind = rest[1:end].partition(" : ")
        if colon and not names.startswith("inst"):
            lines.append(f"{names.strip()} : {kind.partition(' := ')[0].strip()}")
        rest = rest[end + 1 :].lstrip()
    if not rest.startswith(":") or not rest[1:].strip():
        return None
    return parse_goal("\n".join([*lines, f"⊢ {rest[1:].strip()}"]))


def _closing(text: str) -> int | None:
    """Where the bracket that a text begins with is closed."""
    open_: list[str] = []
    for offset, character in _brackets(text):
        if character in BRACKET_PAIRS:
            open_.append(BRACKET_PAIRS[character])
        elif not open_ or open_.pop() != character:
            return None
        if not open_:
            return offset
    return None


def _brackets(text: str) -> Iterator[tuple[int, str]]:
    closers = frozenset(BRACKET_PAIRS.values())
    return ((offset, c) for offset, c in enumerate(text) if c in BRACKET_PAIRS or c in closers)
