"""The segments that one question is asked of, as one numbered row of documents.

Rarity of a token is counted over all segments together, so that a project's own few files, the unsaved declarations
above the cursor and a library of 250,000 premises are ranked on one scale.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lean_sidekick.core.premises import Premise
from lean_sidekick.premises.postings import Postings, TokenHashes
from lean_sidekick.premises.segment import Segment

Array = NDArray[Any]


class Field(Enum):
    """What a document can be looked up by."""

    WORDS = "words"
    SYMBOLS = "symbols"
    SHAPES = "shapes"


class Collection:
    """Segments in a row; document numbers count through all of them. Immutable."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        self._starts = (0, *accumulate(len(segment) for segment in self.segments))
        self._hashes = TokenHashes()

    def __len__(self) -> int:
        return self._starts[-1]

    def with_segment(self, segment: Segment) -> "Collection":
        """This collection with one more segment at its end."""
        return Collection((*self.segments, segment))

    def premise(self, number: int) -> Premise:
        """One document."""
        index, inner = self.locate(number)
        return self.segments[index].records[inner]

    def locate(self, number: int) -> tuple[int, int]:
        """The segment of a document and its number there."""
        index = int(np.searchsorted(self._starts, number, side="right")) - 1
        return index, number - self._starts[index]

    def start(self, index: int) -> int:
        """The number of a segment's first document."""
        return self._starts[index]

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
            part = found[self._starts[index] : self._starts[index + 1]]
            (postings.add_scores if counted else postings.add_values)(hashes, values, part)
        return found

    @cached_property
    def symbol_totals(self) -> Array:
        """The sum of the rarities of each document's symbols. float32 (documents,)."""
        return self._totals(Field.SYMBOLS)

    @cached_property
    def shape_totals(self) -> Array:
        """The sum of the rarities of each document's shapes. float32 (documents,)."""
        return self._totals(Field.SHAPES)

    def _totals(self, field: Field) -> Array:
        found = np.zeros(len(self), dtype=np.float32)
        for index, postings in enumerate(self._postings(field)):
            rarity = np.repeat(self.rarity(field, postings.keys), np.diff(postings.starts))
            size = self._starts[index + 1] - self._starts[index]
            sums = np.bincount(postings.documents, weights=rarity, minlength=size)
            found[self._starts[index] : self._starts[index + 1]] = sums
        return found

    def symbols_of(self, number: int) -> Array:
        """The symbol hashes of a document."""
        index, inner = self.locate(number)
        return self.segments[index].symbol_sets.of(inner)

    def mask(self, allows: Callable[[str], bool]) -> Array:
        """Which documents stand in a module that is allowed. bool (documents,)."""
        parts = [
            np.array([allows(module) for module in segment.modules], dtype=bool)[segment.module_of]
            for segment in self.segments
            if len(segment)
        ]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=bool)

    def _postings(self, field: Field) -> tuple[Postings, ...]:
        match field:
            case Field.WORDS:
                return tuple(segment.words for segment in self.segments)
            case Field.SYMBOLS:
                return tuple(segment.symbols for segment in self.segments)
            case Field.SHAPES:
                return tuple(segment.shapes for segment in self.segments)
