"""A segment: premises of some files with everything that the rankers look up, immutable.

Made in memory from `CorpusFile`s; `index.py` writes segments to disk and maps them back. Documents are numbered from
0 in the order of the files. numpy is imported with this module: import it late.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.premises.postings import Postings, TokenHashes
from lean_sidekick.premises.tokens import Terms, premise_terms

Array = NDArray[Any]


class Records(Protocol):
    """The premises themselves, read one at a time."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int, /) -> Premise: ...


@frozen(eq=False)
class TokenSets:
    """The token hashes of each document: those of document i are `tokens[starts[i]:starts[i+1]]`."""

    starts: Array  # int64 (documents + 1,)
    tokens: Array  # uint64 (entries,)

    @classmethod
    def build(cls, documents: Sequence[Sequence[int]]) -> "TokenSets":
        starts = np.zeros(len(documents) + 1, dtype=np.int64)
        np.cumsum([len(tokens) for tokens in documents], out=starts[1:])
        flat = np.fromiter((t for tokens in documents for t in tokens), dtype=np.uint64, count=int(starts[-1]))
        return cls(starts, flat)

    def of(self, document: int) -> Array:
        """The token hashes of one document."""
        return self.tokens[self.starts[document] : self.starts[document + 1]]


@frozen(kw_only=True, eq=False)
class Segment:
    """Premises and what is looked up of them; `modules[module_of[i]]` is the module of document i."""

    records: Records
    modules: tuple[str, ...]
    module_of: Array  # int32 (documents,)
    names: Array  # uint64 (documents,): hash of the full name
    words: Postings
    symbols: Postings
    shapes: Postings
    symbol_sets: TokenSets

    def __len__(self) -> int:
        return len(self.records)

    @classmethod
    def build(cls, files: Iterable[CorpusFile]) -> "Segment":
        """A segment of some files, in memory."""
        builder = SegmentBuilder()
        for file in files:
            builder.add(file.module, file.premises)
        return builder.finish()


class SegmentBuilder:
    """Collects premises file by file, then makes a segment of them."""

    def __init__(self) -> None:
        self._hashes = TokenHashes()
        self._records: list[Premise] = []
        self._modules: list[str] = []
        self._module_of: list[int] = []
        self._names: list[int] = []
        self._words: list[list[int]] = []
        self._symbols: list[list[int]] = []
        self._shapes: list[list[int]] = []

    def add(self, module: str, premises: Iterable[Premise]) -> None:
        """Adds the premises of one module."""
        for premise in premises:
            self.add_one(module, premise, premise_terms(premise))

    def add_one(self, module: str, premise: Premise, terms: Terms) -> None:
        """Adds one premise whose terms are known."""
        if not self._modules or self._modules[-1] != module:
            self._modules.append(module)
        self._records.append(premise)
        self._module_of.append(len(self._modules) - 1)
        self._names.extend(self._hashes.of((premise.full_name,)))
        self._words.append(self._hashes.of(terms.words))
        self._symbols.append(self._hashes.of(sorted(terms.symbols)))
        self._shapes.append(self._hashes.of(sorted(terms.shapes)))

    def finish(self) -> Segment:
        """The segment of all that was added."""
        return Segment(
            records=self._records,
            modules=tuple(self._modules),
            module_of=np.array(self._module_of, dtype=np.int32),
            names=np.array(self._names, dtype=np.uint64),
            words=Postings.build(self._words),
            symbols=Postings.build(self._symbols),
            shapes=Postings.build(self._shapes),
            symbol_sets=TokenSets.build(self._symbols),
        )
