"""Which arguments the functions of the open file recurse on: those that their equations match with constructors.

Read from the text of definitions by equations (`def f (x : Nat) : List Nat → Nat | [] => … | y :: ys => …`): what is
named before the colon is the same throughout. What is written in another way is not known, and nothing is said of it.
Pure; a guess only decides on what an induction is tried first.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from lean_sidekick.core.scanner import mask_non_code

_READ_CHARS = 100_000
_DEFINITION = re.compile(
    r"^[ \t]*(?:@\[[^\]\n]*\][ \t]*)?(?:(?:private|protected|partial)[ \t]+)*def[ \t]+(?P<name>[^\W\d][\w'.]*)"
    r"(?P<head>(?:[^|\n:]|:(?!=)|\n(?=[ \t]+[^|\s]))*)\n(?=[ \t]+\|)(?P<equations>(?:[ \t]+[^\n]*(?:\n|\Z))+)",
    re.MULTILINE,
)
_EQUATION = re.compile(r"^[ \t]+\|(?P<patterns>[^\n]*?)=>", re.MULTILINE)
_VARIABLE = re.compile(r"[^\W\d][\w']*\Z")
_OPENING, _CLOSING = "([{⟨", ")]}⟩"


@lru_cache(maxsize=8)
def matched_arguments(text: str) -> Mapping[str, frozenset[int]]:
    """The places, from 0, of explicit arguments that are matched with constructors, by the last part of the name."""
    found: dict[str, frozenset[int]] = {}
    for definition in _DEFINITION.finditer(mask_non_code(text[-_READ_CHARS:])):
        given = _given_before_colon(definition["head"])
        rows = [_split(row["patterns"]) for row in _EQUATION.finditer(definition["equations"])]
        places = {given + place for row in rows for place, pattern in enumerate(row) if not _VARIABLE.match(pattern)}
        if places:
            found[definition["name"].rpartition(".")[2]] = frozenset(places)
    return found


def _given_before_colon(head: str) -> int:
    """How many explicit arguments stand before the colon of the definition's type."""
    count, depth, group = 0, 0, ""
    for mark in head:
        if depth == 0 and mark == ":":
            break
        if mark in _OPENING:
            depth += 1
            group = mark if depth == 1 else group
        elif mark in _CLOSING:
            depth -= 1
        elif mark == ":" and depth == 1 and group.startswith("("):
            count += len(group[1:].split())
            group = ""
        elif depth == 1 and group.startswith("("):
            group += mark
    return count


def _split(patterns: str) -> list[str]:
    return [part.strip() for part in _parts(patterns)]


def _parts(patterns: str) -> Iterator[str]:
    depth, part = 0, ""
    for mark in patterns:
        depth += (mark in _OPENING) - (mark in _CLOSING)
        if mark == "," and depth == 0:
            yield part
            part = ""
        else:
            part += mark
    yield part
