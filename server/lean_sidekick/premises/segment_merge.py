"""Several segments made into one, from their arrays alone: nothing is counted again, so that it takes little time.

The result is what `SegmentBuilder` would make of the same files, but for vectors, which are left out.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from lean_sidekick.premises.postings import Postings
from lean_sidekick.premises.segment import Segment, TokenSets
from lean_sidekick.premises.segment_file import StoredRecords, stored_records

Array = NDArray[Any]


@frozen(eq=False)
class Part:
    """A segment, and those of its modules that are taken from it."""

    segment: Segment
    modules: frozenset[str]
    kept: Array = field(init=False)  # bool (documents,)

    @kept.default
    def _keep(self) -> Array:
        taken = np.array([module in self.modules for module in self.segment.modules], dtype=bool)
        kept: Array = taken[self.segment.module_of]
        return kept


def merged(parts: Sequence[Part]) -> Segment:
    """One segment of all that is taken from some; the documents stand in the order of the parts."""
    modules = [[module for module in part.segment.modules if module in part.modules] for part in parts]
    starts = [0, *accumulate(map(len, modules))]
    return Segment(
        records=_records(parts),
        modules=tuple(module for names in modules for module in names),
        module_of=np.concatenate([_module_numbers(part) + start for part, start in zip(parts, starts, strict=False)]),
        names=np.concatenate([part.segment.names[part.kept] for part in parts]),
        spelled=b"".join(map(_spelled, parts)),
        words=_postings([part.segment.words for part in parts], parts),
        symbols=_postings([part.segment.symbols for part in parts], parts),
        shapes=_postings([part.segment.shapes for part in parts], parts),
        symbol_sets=_sets([part.segment.symbol_sets for part in parts], parts),
        uses=_sets([part.segment.uses for part in parts], parts),
    )


def _module_numbers(part: Part) -> Array:
    """The module of each kept document, numbered among the kept modules. int32 (kept,)"""
    is_taken = np.array([module in part.modules for module in part.segment.modules], dtype=bool)
    numbers: Array = (np.cumsum(is_taken, dtype=np.int32) - 1)[part.segment.module_of[part.kept]]
    return numbers


def _records(parts: Sequence[Part]) -> StoredRecords:
    blobs, lengths = [], []
    for part in parts:
        records = stored_records(part.segment.records)
        sizes = np.diff(records.starts)
        blob = np.frombuffer(records.blob, dtype=np.uint8)
        blobs.append(blob[np.repeat(part.kept, sizes)])
        lengths.append(sizes[part.kept])
    return StoredRecords(np.concatenate(blobs), _starts(np.concatenate(lengths)))


def _spelled(part: Part) -> bytes:
    if part.kept.all():
        return part.segment.spelled
    lines = part.segment.spelled.split(b"\n")
    return b"".join(lines[number] + b"\n" for number in np.flatnonzero(part.kept).tolist())


def _sets(sets: Sequence[TokenSets], parts: Sequence[Part]) -> TokenSets:
    lengths = [np.diff(one.starts) for one in sets]
    tokens = [one.tokens[np.repeat(part.kept, length)] for one, part, length in zip(sets, parts, lengths, strict=True)]
    kept = [length[part.kept] for part, length in zip(parts, lengths, strict=True)]
    return TokenSets(_starts(np.concatenate(kept)), np.concatenate(tokens))


def _postings(postings: Sequence[Postings], parts: Sequence[Part]) -> Postings:
    keys, owners, weights = [], [], []
    start = 0
    for one, part in zip(postings, parts, strict=True):
        numbers = np.cumsum(part.kept) - 1 + start
        is_kept = part.kept[one.documents]
        keys.append(np.repeat(one.keys, np.diff(one.starts))[is_kept])
        owners.append(numbers[one.documents[is_kept]])
        weights.append(one.weights[is_kept])
        start += int(part.kept.sum())
    all_keys = np.concatenate(keys)
    # Each part is in the order of its keys and documents, so a stable sort leaves documents in order.
    order = np.argsort(all_keys, kind="stable")
    return Postings.of_entries(all_keys[order], np.concatenate(owners)[order], np.concatenate(weights)[order], start)


def _starts(lengths: Array) -> Array:
    starts = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts
