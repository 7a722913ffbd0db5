"""A segment: premises of some files with everything that the rankers look up, immutable.

Made in memory from `CorpusFile`s; `index.py` writes segments to disk and maps them back. Documents are numbered from
0 in the order of the files. numpy is imported with this module: import it late.
"""

from array import array
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.premises.postings import Postings, TokenHashes
from lean_sidekick.premises.quantised import QuantisedVectors
from lean_sidekick.premises.tokens import Terms, name_key, premise_terms

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

    def of(self, document: int) -> Array:
        """The token hashes of one document."""
        return self.tokens[self.starts[document] : self.starts[document + 1]]


@frozen(kw_only=True, eq=False)
class Segment:
    """Premises and what is looked up of them; `modules[module_of[i]]` is the module of document i.

    `is_live` is None where every document counts; else those that a newer segment replaced are False. `spelled` holds
    the keys of all names, one a line. `vectors` are those of the documents by the encoder that is used, if any.
    """

    records: Records
    modules: tuple[str, ...]
    module_of: Array  # int32 (documents,)
    names: Array  # uint64 (documents,): hash of the full name
    spelled: bytes
    words: Postings
    symbols: Postings
    shapes: Postings
    symbol_sets: TokenSets
    uses: TokenSets
    vectors: QuantisedVectors | None = None
    is_live: Array | None = None
    by_name: Array = field()  # int64 (documents,): the documents by the hashes of their names
    name_starts: Array = field()  # int64 (documents,): where each name begins in `spelled`

    @by_name.default
    def _sort_names(self) -> Array:
        return np.argsort(self.names, kind="stable")

    @name_starts.default
    def _find_names(self) -> Array:
        ends = np.flatnonzero(np.frombuffer(self.spelled, dtype=np.uint8) == ord("\n"))
        return np.concatenate((np.zeros(1, dtype=np.int64), ends + 1))[: len(self.records)]

    def __len__(self) -> int:
        return len(self.records)

    @classmethod
    def build(cls, files: Iterable[CorpusFile]) -> "Segment":
        """A segment of some files, in memory."""
        builder = SegmentBuilder()
        for file in files:
            builder.add(file.module, file.premises)
        return builder.finish()

    def find_names(self, hashes: Array) -> Array:
        """The document with each of some names, -1 where there is none."""
        if not len(self):
            return np.full(len(hashes), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.names, hashes, sorter=self.by_name), len(self) - 1)
        documents = self.by_name[places]
        return np.where(self.names[documents] == hashes, documents, -1)


class SegmentBuilder:
    """Collects premises file by file, then makes a segment of them."""

    def __init__(self, hashes: TokenHashes | None = None, *, keep_premises: bool = True) -> None:
        self._hashes = hashes or TokenHashes()
        self._keep_premises = keep_premises
        self._records: list[Premise] = []
        self._modules: list[str] = []
        self._module_of = array("i")
        self._names = array("Q")
        self._spelled: list[str] = []
        self._words = _Flat()
        self._symbols = _Flat()
        self._shapes = _Flat()
        self._uses = _Flat()

    def add(self, module: str, premises: Iterable[Premise]) -> None:
        """Adds the premises of one module."""
        for premise in premises:
            self.add_one(module, premise, premise_terms(premise))

    def add_one(self, module: str, premise: Premise, terms: Terms) -> None:
        """Adds one premise whose terms are known."""
        self.add_module(module)
        if self._keep_premises:
            self._records.append(premise)
        self._module_of.append(len(self._modules) - 1)
        self._names.append(self._hashes.of((premise.full_name,))[0])
        self._spelled.append(name_key(premise.full_name) + "\n")
        self._words.add(self._hashes.of(terms.words))
        self._symbols.add(self._hashes.of(sorted(terms.symbols)))
        self._shapes.add(self._hashes.of(sorted(terms.shapes)))
        self._uses.add(self._hashes.of(premise.uses or ()))

    def add_module(self, module: str) -> None:
        """Adds a module that may have no premise."""
        if not self._modules or self._modules[-1] != module:
            self._modules.append(module)

    def finish(self, records: Records | None = None) -> Segment:
        """The segment of all that was added; `records` are the premises if they were not kept here."""
        return Segment(
            records=tuple(self._records) if records is None else records,
            modules=tuple(self._modules),
            module_of=np.array(self._module_of, dtype=np.int32),
            names=np.array(self._names, dtype=np.uint64),
            spelled="".join(self._spelled).encode("utf-8", "replace"),
            words=self._words.postings(),
            symbols=self._symbols.postings(),
            shapes=self._shapes.postings(),
            symbol_sets=self._symbols.sets(),
            uses=self._uses.sets(),
        )


class _Flat:
    """Tokens of documents one after another, eight bytes each."""

    def __init__(self) -> None:
        self._tokens = array("Q")
        self._lengths = array("q")

    def add(self, tokens: Sequence[int]) -> None:
        self._tokens.extend(tokens)
        self._lengths.append(len(tokens))

    def postings(self) -> Postings:
        lengths = np.array(self._lengths, dtype=np.int64)
        owners = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
        return Postings.build(np.array(self._tokens, dtype=np.uint64), owners, lengths)

    def sets(self) -> TokenSets:
        starts = np.zeros(len(self._lengths) + 1, dtype=np.int64)
        np.cumsum(np.array(self._lengths, dtype=np.int64), out=starts[1:])
        return TokenSets(starts, np.array(self._tokens, dtype=np.uint64))
