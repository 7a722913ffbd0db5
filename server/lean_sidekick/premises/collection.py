"""The segments that one question is asked of, as one numbered row of documents.

Rarity of a token is counted over all segments together, so that a project's own few files, the unsaved declarations
above the cursor and a library of 250,000 premises are ranked on one scale.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lean_sidekick.core.premises import Premise
from lean_sidekick.premises.postings import Postings, TokenHashes
from lean_sidekick.premises.segment import Segment

Array = NDArray[Any]

# What is added to a collection this many times its size does not change what is rare in it.
_NEGLIGIBLE = 50


class Field(Enum):
    """What a document can be looked up by."""

    WORDS = "words"
    SYMBOLS = "symbols"
    SHAPES = "shapes"


class Collection:
    """Segments in a row; document numbers count through all of them. Immutable."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        self.starts = (0, *accumulate(len(segment) for segment in self.segments))
        self._hashes = TokenHashes()
        self._totals: dict[tuple[Field, int], Array] = {}

    def __len__(self) -> int:
        return self.starts[-1]

    def with_segment(self, segment: Segment) -> "Collection":
        """This collection with one more segment at its end."""
        larger = Collection((*self.segments, segment))
        larger._hashes = self._hashes
        if len(self) > _NEGLIGIBLE * len(segment):
            for field in (Field.SYMBOLS, Field.SHAPES):
                self.totals(field)
            larger._totals = dict(self._totals)
        return larger

    def premise(self, number: int) -> Premise:
        """One document."""
        segment, inner = self._locate(number)
        return segment.records[inner]

    def symbols_of(self, number: int) -> Array:
        """The symbol hashes of a document."""
        segment, inner = self._locate(number)
        return segment.symbol_sets.of(inner)

    def uses_of(self, number: int) -> Array:
        """The hashes of the names of the premises that a document's proof uses."""
        segment, inner = self._locate(number)
        return segment.uses.of(inner)

    def find_names(self, hashes: Array) -> Array:
        """The documents that have one of some names, with where in `hashes` it stands. int64 (found, 2)."""
        found = []
        for start, segment in zip(self.starts, self.segments, strict=False):
            documents = segment.find_names(hashes)
            places = np.flatnonzero(documents >= 0)
            found.append(np.stack((documents[places] + start, places), axis=1))
        return np.concatenate(found) if found else np.zeros((0, 2), dtype=np.int64)

    def holding(self, field: Field, hashes: Array, numbers: Array) -> Array:
        """Which of some documents hold which of some tokens. bool (tokens, documents)."""
        found = np.zeros((len(hashes), len(numbers)), dtype=bool)
        for index, postings in enumerate(self._postings(field)):
            inside = np.flatnonzero((numbers >= self.starts[index]) & (numbers < self.starts[index + 1]))
            if len(inside):
                found[:, inside] = postings.holding(hashes, numbers[inside] - self.starts[index])
        return found

    def hashes(self, tokens: Iterable[str]) -> Array:
        """Tokens as the segments know them."""
        return np.array(self._hashes.of(tokens), dtype=np.uint64)

    def rarity(self, field: Field, hashes: Array) -> Array:
        """BM25's weight of each token: the rarer, the higher; 0 where no document has it."""
        counts = sum((p.counts(hashes) for p in self._postings(field)), start=np.zeros(len(hashes), dtype=np.int64))
        total = max(len(self), 1)
        return np.where(counts > 0, np.log1p((total - counts + 0.5) / (counts + 0.5)), 0.0)

    def scores(self, field: Field, hashes: Array, values: Array, *, counted: bool) -> Array:
        """Each document's sum of the values of its tokens, by weight if `counted`. float32 (documents,)."""
        found = np.zeros(len(self), dtype=np.float32)
        for index, postings in enumerate(self._postings(field)):
            part = found[self.starts[index] : self.starts[index + 1]]
            (postings.add_scores if counted else postings.add_values)(hashes, values, part)
        return found

    def totals(self, field: Field) -> Array:
        """The sum of the rarities of all tokens of each document. float32 (documents,)."""
        parts = []
        for index, postings in enumerate(self._postings(field)):
            known = self._totals.get((field, index))
            if known is None:
                rarity = np.repeat(self.rarity(field, postings.keys), np.diff(postings.starts))
                size = self.starts[index + 1] - self.starts[index]
                known = np.bincount(postings.documents, weights=rarity, minlength=size).astype(np.float32)
                self._totals[field, index] = known
            parts.append(known)
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)

    def mask(self, allows: Callable[[str], bool]) -> Array:
        """Which documents stand in a module that is allowed, and were not replaced. bool (documents,)."""
        parts = []
        for segment in self.segments:
            if len(segment):
                part = np.array([allows(module) for module in segment.modules], dtype=bool)[segment.module_of]
                parts.append(part if segment.is_live is None else part & segment.is_live)
        return np.concatenate(parts) if parts else np.zeros(0, dtype=bool)

    def _locate(self, number: int) -> tuple[Segment, int]:
        index = bisect_right(self.starts, number) - 1
        return self.segments[index], number - self.starts[index]

    def _postings(self, field: Field) -> tuple[Postings, ...]:
        match field:
            case Field.WORDS:
                return tuple(segment.words for segment in self.segments)
            case Field.SYMBOLS:
                return tuple(segment.symbols for segment in self.segments)
            case Field.SHAPES:
                return tuple(segment.shapes for segment in self.segments)
