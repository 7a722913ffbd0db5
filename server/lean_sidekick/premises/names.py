"""Finding names by a part of them: `add_com`, `addCom` and `Nat.addcom` all find `Nat.add_comm`."""

import re

import numpy as np

from lean_sidekick.premises.collection import Collection
from lean_sidekick.premises.rankers import NOTHING, Array, Question
from lean_sidekick.premises.segment import Segment
from lean_sidekick.premises.tokens import name_key

_FRAGMENT = re.compile(r"[\w.'!?«»]{2,}")
_LOOKED_AT = 5000


class NameRanker:
    """Names that hold the question: whole ones first, then those whose last part begins with it, shorter ones first."""

    name = "name"

    def rank(self, collection: Collection, question: Question, limit: int) -> Array:
        text = question.text.strip()
        if not _FRAGMENT.fullmatch(text) or not (wanted := name_key(text).encode("utf-8", "replace")):
            return NOTHING
        found: list[tuple[int, int, int]] = []
        for start, segment in zip(collection.starts, collection.segments, strict=False):
            allowed = question.allowed[start : start + len(segment)]
            found += [(*_quality(name, wanted), start + i) for i, name in _matches(segment, wanted) if allowed[i]]
        return np.array([number for _, _, number in sorted(found)[:limit]], dtype=np.int64)


def _matches(segment: Segment, wanted: bytes) -> list[tuple[int, bytes]]:
    """The documents whose name holds `wanted`, with their names' keys; at most `_LOOKED_AT`."""
    spelled = segment.spelled
    found: list[tuple[int, bytes]] = []
    place = spelled.find(wanted)
    while place >= 0 and len(found) < _LOOKED_AT:
        number = int(np.searchsorted(segment.name_starts, place, side="right")) - 1
        begin, end = int(segment.name_starts[number]), spelled.find(b"\n", place)
        found.append((number, spelled[begin:end]))
        place = spelled.find(wanted, end)
    return found


def _quality(name: bytes, wanted: bytes) -> tuple[int, int]:
    last = name.rsplit(b".", 1)[-1]
    if name == wanted or last == wanted:
        kind = 0
    elif last.startswith(wanted) or name.startswith(wanted):
        kind = 1
    elif name.endswith(wanted):
        kind = 2
    else:
        kind = 3
    return kind, len(name)
