"""Vectors of one byte a number, and the nearest of them.

A vector of length one is stored as int8 values with a scale of its own. Searching takes two looks: signs packed into
bits choose candidates (the Hamming distance, one XOR and one count a word), int8 products order them. Everything is
numpy on mapped arrays; nothing is copied but the candidates. What it costs in recall: `benchmarks/premises_scale.py`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

Array = NDArray[Any]

_STEPS = 127.0
# Larger products are shared out to threads, which on busy cores wait for each other ten times as long as this takes.
_BLOCK = 1024


@frozen(eq=False)
class QuantisedVectors:
    """`values[i] * scales[i]` is vector i, of length one; `signs[i]` are the signs of its numbers as bits."""

    values: Array  # int8 (vectors, dimension)
    scales: Array  # float32 (vectors,)
    signs: Array  # uint64 (vectors, ceil(dimension / 64))

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return int(self.values.shape[1])

    def __len__(self) -> int:
        return len(self.scales)

    def taken(self, mask: Array) -> "QuantisedVectors":
        """The vectors that a mask, bool (vectors,), takes."""
        return QuantisedVectors(self.values[mask], self.scales[mask], self.signs[mask])


def quantise(vectors: Array) -> QuantisedVectors:
    """Vectors, float (vectors, dimension), brought to length one and quantised; one of zeros stays one of zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(lengths, 1e-12)
    scales = np.maximum(np.abs(unit).max(axis=1, initial=0.0), 1e-12) / _STEPS
    values = np.rint(unit / scales[:, None]).astype(np.int8)
    return QuantisedVectors(values, scales.astype(np.float32), _signs(vectors))


def joined(parts: Sequence[QuantisedVectors]) -> QuantisedVectors:
    """The vectors of several parts, in order; there is at least one part."""
    return QuantisedVectors(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.scales for part in parts]),
        np.concatenate([part.signs for part in parts]),
    )


def nearest(vectors: QuantisedVectors, query: Array, allowed: Array, limit: int, looked_at: int) -> tuple[Array, Array]:
    """The allowed vectors with the greatest products with the query: their numbers and products, greatest first.

    `looked_at` candidates are chosen by signs; as many as there are vectors makes the search exact (up to int8).
    """
    count = int(np.count_nonzero(allowed))
    if not count or not limit:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    if count > looked_at:
        distances = np.zeros(len(vectors), dtype=np.uint16)
        # Word by word: a sum over the few words of each row takes twice as long.
        for place, word in enumerate(_signs(query[None])[0]):
            distances += np.bitwise_count(vectors.signs[:, place] ^ word)
        far = 64 * vectors.signs.shape[1] + 1
        distances[~allowed] = far
        within = np.cumsum(np.bincount(distances, minlength=far + 1))
        candidates = np.flatnonzero(distances <= int(np.searchsorted(within, looked_at)))
    else:
        candidates = np.flatnonzero(allowed)
    products = np.empty(len(candidates), dtype=np.float32)
    wanted = np.ascontiguousarray(query, dtype=np.float32)
    for start in range(0, len(candidates), _BLOCK):
        block = candidates[start : start + _BLOCK]
        products[start : start + _BLOCK] = (vectors.values[block].astype(np.float32) @ wanted) * vectors.scales[block]
    order = np.argsort(-products, kind="stable")[:limit]
    return candidates[order], products[order]


def _signs(vectors: Array) -> Array:
    """The signs of vectors as bits, 64 to a word. uint64 (vectors, words)."""
    width = -(-vectors.shape[1] // 64) * 64
    bits = np.zeros((len(vectors), width), dtype=bool)
    bits[:, : vectors.shape[1]] = vectors > 0
    return np.packbits(bits, axis=1).view(np.uint64)
