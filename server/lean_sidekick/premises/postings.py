"""Inverted lists: which documents hold a token, and how much it weighs there. numpy only, in memory or mapped.

A token is known by a 64-bit hash, so that no dictionary of words has to be loaded; the hashes are sorted and found by
bisection. A token that many documents hold has a row of weights beside its list, one for each document: adding a row
is several times faster than adding at scattered places, and nothing is left out. Lists of different segments are scored
together: rarity is for whoever holds them all to say, the weights here depend on one document alone.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

Array = NDArray[Any]

# BM25's constants, and the length that counts as usual: fixed, so that weights do not depend on the collection.
_K1 = 1.2
_B = 0.75
_USUAL_LENGTH = 30.0
_WEIGHT_STEPS = 255
_KEPT_HASHES = 1_000_000
# A token in more than this share of the documents has a row: from there on a row is faster (measured).
_COMMON = 1 / 16

PARTS = ("keys", "starts", "documents", "weights", "common", "rows")
"""The arrays of `Postings`, as they are written to disk."""


def token_hash(token: str) -> int:
    """A stable 64-bit number for a token."""
    return int.from_bytes(hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


class TokenHashes:
    """Hashes of tokens, remembered."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def of(self, tokens: Iterable[str]) -> list[int]:
        """The hashes of some tokens, in order."""
        known = self._known
        if len(known) > _KEPT_HASHES:
            known.clear()
        found = []
        for token in tokens:
            value = known.get(token)
            if value is None:
                value = known[token] = token_hash(token)
            found.append(value)
        return found


@frozen(eq=False)
class Postings:
    """`keys` are sorted token hashes; list i is `documents[starts[i]:starts[i+1]]`, `weights` in steps of 1/255.

    `common` are the numbers of lists that also stand in `rows`, in order: all weights, 0 where a document lacks the
    token.
    """

    keys: Array  # uint64 (tokens,)
    starts: Array  # int64 (tokens + 1,)
    documents: Array  # int32 (entries,)
    weights: Array  # uint8 (entries,)
    common: Array  # int64 (rows,)
    rows: Array  # uint8 (rows, documents)

    @classmethod
    def build(cls, tokens: Array, owners: Array, lengths: Array) -> "Postings":
        """From token hashes, the document of each, and the documents' lengths; a token counts as often as it occurs."""
        keys, numbers = np.unique(tokens, return_inverse=True)
        # One number a (token, document) pair, so that one sort counts them.
        pairs, counts = np.unique(numbers.astype(np.int64) * (len(lengths) + 1) + owners, return_counts=True)
        token_numbers, owned = np.divmod(pairs, len(lengths) + 1)
        norm = _K1 * (1 - _B + _B * lengths[owned] / _USUAL_LENGTH)
        weights = np.clip(np.rint(counts / (counts + norm) * _WEIGHT_STEPS), 1, _WEIGHT_STEPS).astype(np.uint8)
        return cls.of_entries(keys[token_numbers], owned, weights, len(lengths))

    @classmethod
    def of_entries(cls, tokens: Array, owners: Array, weights: Array, documents: int) -> "Postings":
        """From the token hash, the document and the weight of each entry, in the order of tokens and documents."""
        keys, counts = np.unique(tokens, return_counts=True)
        starts = np.zeros(len(keys) + 1, dtype=np.int64)
        np.cumsum(counts, out=starts[1:])
        common = np.flatnonzero(counts > _COMMON * documents)
        rows = np.zeros((len(common), documents), dtype=np.uint8)
        for row, place in zip(rows, common.tolist(), strict=True):
            row[owners[starts[place] : starts[place + 1]]] = weights[starts[place] : starts[place + 1]]
        return cls(keys, starts, owners.astype(np.int32), weights, common, rows)

    def find(self, hashes: Array) -> Array:
        """The number of each token's list, -1 where there is none."""
        if not len(self.keys):
            return np.full(len(hashes), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.keys, hashes), len(self.keys) - 1)
        return np.where(self.keys[places] == hashes, places, -1)

    def holding(self, hashes: Array, documents: Array) -> Array:
        """Which of some documents hold which of some tokens. bool (tokens, documents)."""
        found = np.zeros((len(hashes), len(documents)), dtype=bool)
        for row, place in zip(found, self.find(hashes).tolist(), strict=True):
            if place >= 0:
                held = self.documents[self.starts[place] : self.starts[place + 1]]
                row[:] = held[np.minimum(held.searchsorted(documents), len(held) - 1)] == documents
        return found

    def counts(self, hashes: Array) -> Array:
        """In how many documents each token occurs."""
        places = self.find(hashes)
        return np.where(places >= 0, self.starts[places + 1] - self.starts[places], 0)

    def add_scores(self, hashes: Array, values: Array, scores: Array) -> None:
        """Adds to each document's score the value of each token that it holds, by its weight there."""
        for begin, end, row, value in self._lists(hashes, values):
            step = np.float32(value / _WEIGHT_STEPS)
            if row is not None:
                scores += row * step
            else:
                # Indexing by numbers of the machine's own width takes half the time.
                scores[self.documents[begin:end].astype(np.intp)] += self.weights[begin:end] * step

    def add_values(self, hashes: Array, values: Array, scores: Array) -> None:
        """The same with every weight one: for sets, where a token is there or not."""
        for begin, end, row, value in self._lists(hashes, values):
            if row is not None:
                scores += (row != 0) * np.float32(value)
            else:
                scores[self.documents[begin:end].astype(np.intp)] += np.float32(value)

    def _lists(self, hashes: Array, values: Array) -> Iterator[tuple[int, int, Array | None, float]]:
        """Where the list of each token that is here begins and ends, its row if it has one, and the token's value."""
        rows = dict(zip(self.common.tolist(), self.rows, strict=True))
        for place, value in zip(self.find(hashes).tolist(), values.tolist(), strict=True):
            if place >= 0 and value:
                yield int(self.starts[place]), int(self.starts[place + 1]), rows.get(place), value

    def arrays(self) -> Mapping[str, Array]:
        """What is written to disk."""
        return {name: getattr(self, name) for name in PARTS}
