"""What the splits need to know of all theorems at once, as numbers.

Names and statements are kept as hashes of eight bytes: 24 bytes a theorem, and 16 for each premise that it uses. Files
are taken in one at a time and not kept.
"""

import hashlib
from array import array
from collections.abc import Iterator
from heapq import heapify, heappop, heappush

import numpy as np
from attrs import define, field

from lean_sidekick.evaluation.extraction.splits import (
    Sides,
    Strategy,
    Uses,
    equal_groups,
    novel_premises_split,
    random_split,
    side_size,
)
from lean_sidekick.evaluation.extraction.statement_keys import header_key, statement_key
from lean_sidekick.evaluation.extraction.traced import TracedFile, TracedTheorem


def text_hash(text: str) -> int:
    """Eight bytes that stand for a text, 0 for an empty one."""
    if not text:
        return 0
    return int.from_bytes(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "big")


def split_theorems(file: TracedFile) -> Iterator[TracedTheorem]:
    """The theorems that are split: those whose proofs were seen whole."""
    return (theorem for theorem in file.theorems if theorem.is_complete)


@define
class TheoremIndex:
    """Theorem by theorem in the order in which files were added.

    `first` is the number of a file's first theorem, `paths` are the files of modules.
    """

    first: dict[str, int] = field(factory=dict)
    imports: dict[str, tuple[str, ...]] = field(factory=dict)
    paths: dict[str, str] = field(factory=dict)
    order: "array[int]" = field(factory=lambda: array("Q"))
    headers: "array[int]" = field(factory=lambda: array("Q"))
    statements: "array[int]" = field(factory=lambda: array("Q"))
    declared: "array[int]" = field(factory=lambda: array("Q"))
    users: "array[int]" = field(factory=lambda: array("q"))
    used: "array[int]" = field(factory=lambda: array("Q"))

    def add(self, file: TracedFile, seed: int) -> None:
        """Takes a file in."""
        self.first[file.path] = len(self.order)
        self.imports[file.path] = file.premises.imports
        self.paths[file.premises.module] = file.path
        premises = {premise.full_name: premise for premise in file.premises.premises}
        self.declared.extend(map(text_hash, premises))
        for theorem in split_theorems(file):
            number = len(self.order)
            place = f"{seed}\0{file.path}\0{theorem.full_name}\0{theorem.start.line}\0{theorem.start.column}"
            self.order.append(text_hash(place))
            self.headers.append(text_hash(header_key(theorem.statement)))
            premise = premises.get(theorem.full_name)
            self.statements.append(0 if premise is None else text_hash(statement_key(premise.statement)))
            names = {used.full_name for step in theorem.steps for used in step.premises} | set(theorem.uses)
            if premise is not None and premise.uses is not None:
                names.update(premise.uses)
            for name in names - {theorem.full_name}:
                self.users.append(number)
                self.used.append(text_hash(name))

    def split(self) -> dict[Strategy, Sides]:
        """Who goes where."""
        order = np.frombuffer(self.order, dtype=np.uint64)
        groups = equal_groups(
            np.frombuffer(self.headers, dtype=np.uint64), np.frombuffer(self.statements, dtype=np.uint64)
        )
        used = np.frombuffer(self.used, dtype=np.uint64)
        is_premise = np.isin(used, np.frombuffer(self.declared, dtype=np.uint64))
        uses = Uses(theorems=np.frombuffer(self.users, dtype=np.int64)[is_premise], premises=used[is_premise])
        size = side_size(len(order))
        return {
            Strategy.RANDOM: random_split(order, groups, size),
            Strategy.NOVEL_PREMISES: novel_premises_split(order, groups, uses, size),
        }

    def sorted_paths(self) -> Iterator[str]:
        """Every file after those it imports, as far as they are there; alphabetical where that leaves a choice.

        Files that import one another in a circle, which Lean does not allow, come last.
        """
        waits = {path: {self.paths[name] for name in self.imported(path)} for path in self.first}
        importers: dict[str, list[str]] = {}
        for path, names in waits.items():
            for name in names:
                importers.setdefault(name, []).append(path)
        ready = [path for path, names in waits.items() if not names]
        heapify(ready)
        while ready:
            path = heappop(ready)
            del waits[path]
            yield path
            for importer in importers.get(path, ()):
                waits[importer].discard(path)
                if not waits[importer]:
                    heappush(ready, importer)
        yield from sorted(waits)

    def imported(self, path: str) -> tuple[str, ...]:
        """The modules that a file imports and whose files are there."""
        return tuple(name for name in self.imports[path] if self.paths.get(name, path) != path)
