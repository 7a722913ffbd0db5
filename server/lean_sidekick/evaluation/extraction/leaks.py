"""Whether a benchmark in LeanDojo's layout is sound and whether it leaks, seen from its files alone.

Read are `corpus.jsonl` and the arrays of one split, item by item; whoever wrote them. What cannot be read is told with
file and line and left out of all else; where an array is no JSON from some place on, its rest is lost. A theorem leaks
if it stands on two sides, or if one with an equal statement (`statement_keys.py`; statements are those of the corpus)
stands on another side. In `novel_premises` every theorem of val and test must also use a premise of the corpus that no
theorem of train uses; used is what its tactics are annotated with, and what the corpus says of its proof.
"""

from array import array
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from attrs import define, field, frozen

from lean_sidekick.core.premises import Premise
from lean_sidekick.evaluation.extraction.benchmark_files import (
    CORPUS_FILE,
    Findings,
    Notes,
    SplitTheorem,
    read_corpus_files,
    read_theorems,
)
from lean_sidekick.evaluation.extraction.splits import WRITTEN_SIDES, Side, Strategy
from lean_sidekick.evaluation.extraction.statement_keys import statement_key
from lean_sidekick.evaluation.extraction.theorem_index import text_hash

OnRead = Callable[[str], None]
"""Is told what was read just now, for whoever waits."""


@frozen(kw_only=True)
class SideCount:
    """Theorems and steps in one file of a split."""

    strategy: str
    side: str
    theorems: int
    steps: int


@frozen(kw_only=True)
class LeakCheck:
    """What the check found in one split.

    `on_two_sides`: the theorem itself; `same_statement`: another one that says the same. `statement_unknown` counts
    theorems that are not in the corpus: nothing is known of their statements. Of `premises_named` by tactics,
    `premises_in_corpus` have their definition there.
    """

    strategy: str
    theorems: int
    on_two_sides: Findings
    same_statement: Findings
    without_novel_premise: Findings
    statement_unknown: int
    premises_named: int
    premises_in_corpus: int

    @property
    def is_clean(self) -> bool:
        """Whether nothing leaks."""
        return not any(one.count for one in (self.on_two_sides, self.same_statement, self.without_novel_premise))

    @property
    def in_words(self) -> str:
        """The check in one sentence."""
        found = "no theorem and no statement stands on two sides"
        if not self.is_clean:
            found = (
                f"LEAKS: {self.on_two_sides.count} theorems on two sides, {self.same_statement.count} with a statement "
                f"on two sides, {self.without_novel_premise.count} held out without a novel premise"
            )
        if self.statement_unknown:
            found += f"; {self.statement_unknown} theorems have no statement in the corpus"
        return f"{found}; {self.premises_in_corpus} of {self.premises_named} named premises are in the corpus"


@frozen(kw_only=True)
class BenchmarkCheck:
    """What stands in one split and its corpus, what is wrong with the files, and what leaks.

    `damaged` are the lines of the split that cannot be read, `damaged_corpus` those of the corpus; `repeated` theorems
    stand twice on one side.
    """

    sides: tuple[SideCount, ...]
    corpus_files: int
    premises: int
    damaged: Findings
    damaged_corpus: Findings
    repeated: Findings
    leaks: LeakCheck

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.leaks.is_clean and not (self.damaged.count or self.damaged_corpus.count or self.repeated.count)


def check_benchmark(folder: Path, strategy: Strategy, on_read: OnRead) -> BenchmarkCheck:
    """Checks one split of a benchmark; `on_read` is told where it is. Raises InputError for what is not there."""
    split, damaged, damaged_corpus = _Split(), Notes(), Notes()
    steps = dict.fromkeys(WRITTEN_SIDES, 0)
    for theorem in read_theorems(folder, strategy, damaged.add):
        split.add_theorem(theorem)
        on_read(theorem.place)
        steps[theorem.side] += len(theorem.steps)
    order = split.sorted_places()
    files = premises = 0
    for file in read_corpus_files(folder, damaged_corpus.add):
        files += 1
        on_read(f"{CORPUS_FILE}, {file.path}")
        for premise in file.premises:
            premises += 1
            split.add_premise(file.path, premise, order)
    sides = np.frombuffer(split.sides, dtype=np.int8)
    places = np.frombuffer(split.places, dtype=np.uint64)
    on_two_sides = _on_two_sides(places, sides)
    statements = np.frombuffer(split.statements, dtype=np.uint64)
    same_statement = _on_two_sides(statements, sides) & ~on_two_sides
    without = split.without_novel_premise() if strategy is Strategy.NOVEL_PREMISES else np.zeros(len(sides), bool)
    named = np.frombuffer(split.named, dtype=np.uint64)

    def findings(chosen: "npt.NDArray[np.bool_]") -> Findings:
        return _named(folder, strategy, chosen)

    return BenchmarkCheck(
        sides=tuple(
            SideCount(
                strategy=strategy.value,
                side=side.label,
                theorems=int(np.count_nonzero(sides == side)),
                steps=steps[side],
            )
            for side in WRITTEN_SIDES
        ),
        corpus_files=files,
        premises=premises,
        damaged=damaged.findings,
        damaged_corpus=damaged_corpus.findings,
        repeated=findings(_repeated(places, sides)),
        leaks=LeakCheck(
            strategy=strategy.value,
            theorems=len(sides),
            on_two_sides=findings(on_two_sides),
            same_statement=findings(same_statement),
            without_novel_premise=findings(without),
            statement_unknown=int(np.count_nonzero(statements == 0)),
            premises_named=len(named),
            premises_in_corpus=int(np.isin(named, np.frombuffer(split.defined, dtype=np.uint64)).sum()),
        ),
    )


@define
class _Split:
    """A split and its corpus as numbers; hashes stand for names, 0 for what is not known.

    `theorems` (by file and name), `places` (by their start too, as examples have no name), `sides` and `statements`
    have an entry a theorem; theorem `users[i]` uses the premise `used[i]`. `named` are the premises that tactics name,
    by file and name, and `defined` those of the corpus, `declared` by name alone.
    """

    theorems: "array[int]" = field(factory=lambda: array("Q"))
    places: "array[int]" = field(factory=lambda: array("Q"))
    sides: "array[int]" = field(factory=lambda: array("b"))
    statements: "array[int]" = field(factory=lambda: array("Q"))
    users: "array[int]" = field(factory=lambda: array("q"))
    used: "array[int]" = field(factory=lambda: array("Q"))
    named: "array[int]" = field(factory=lambda: array("Q"))
    defined: "array[int]" = field(factory=lambda: array("Q"))
    declared: "array[int]" = field(factory=lambda: array("Q"))

    def add_theorem(self, theorem: SplitTheorem) -> None:
        """Takes a theorem of the split in."""
        number = len(self.theorems)
        self.theorems.append(_place_hash(theorem.path, theorem.name))
        self.places.append(text_hash(f"{theorem.path}\0{theorem.name}\0{theorem.start}"))
        self.sides.append(theorem.side)
        self.statements.append(0)
        for step in theorem.steps:
            for premise in step.premises:
                self.named.append(_place_hash(premise.path, premise.full_name))
                self._use(number, premise.full_name)

    def sorted_places(self) -> "tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]":
        """The theorems' hashes in order, and their numbers."""
        hashes = np.array(self.theorems, dtype=np.uint64)
        numbers = np.argsort(hashes, kind="stable")
        return hashes[numbers], numbers

    def add_premise(
        self, path: str, premise: Premise, places: "tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]"
    ) -> None:
        """Takes a premise of the corpus in: its statement and its proof, if it is one of the theorems."""
        place = _place_hash(path, premise.full_name)
        self.declared.append(text_hash(premise.full_name))
        self.defined.append(place)
        hashes, numbers = places
        first = int(np.searchsorted(hashes, np.uint64(place)))
        while first < len(hashes) and int(hashes[first]) == place:
            number = int(numbers[first])
            self.statements[number] = text_hash(statement_key(premise.statement))
            for name in premise.uses or ():
                if name != premise.full_name:
                    self._use(number, name)
            first += 1

    def without_novel_premise(self) -> "npt.NDArray[np.bool_]":
        """Theorems of val and test that use no premise of the corpus that train does not use."""
        users, used = np.frombuffer(self.users, dtype=np.int64), np.frombuffer(self.used, dtype=np.uint64)
        is_held = np.frombuffer(self.sides, dtype=np.int8) != Side.TRAIN
        of_held = is_held[users]
        is_novel = of_held & ~np.isin(used, used[~of_held])
        is_novel &= np.isin(used, np.frombuffer(self.declared, dtype=np.uint64))
        has_novel = np.zeros(len(is_held), dtype=bool)
        has_novel[users[is_novel]] = True
        found: npt.NDArray[np.bool_] = is_held & ~has_novel
        return found

    def _use(self, number: int, name: str) -> None:
        self.users.append(number)
        self.used.append(text_hash(name))


def _on_two_sides(keys: "npt.NDArray[np.uint64]", sides: "npt.NDArray[np.int8]") -> "npt.NDArray[np.bool_]":
    """Which entries have a key that is not 0 and stands on another side as well."""
    if not len(keys):
        return np.zeros(0, dtype=bool)
    _, inverse = np.unique(keys, return_inverse=True)
    lowest, highest = np.full(int(inverse.max()) + 1, 127, dtype=np.int8), np.zeros(int(inverse.max()) + 1, np.int8)
    np.minimum.at(lowest, inverse, sides)
    np.maximum.at(highest, inverse, sides)
    found: npt.NDArray[np.bool_] = (lowest != highest)[inverse] & (keys != 0)
    return found


def _repeated(places: "npt.NDArray[np.uint64]", sides: "npt.NDArray[np.int8]") -> "npt.NDArray[np.bool_]":
    """Which theorems stand on their side already."""
    found = np.ones(len(places), dtype=bool)
    for side in WRITTEN_SIDES:
        own = np.flatnonzero(sides == side)
        _, first = np.unique(places[own], return_index=True)
        found[own[first]] = False
    return found


def _named(folder: Path, strategy: Strategy, chosen: "npt.NDArray[np.bool_]") -> Findings:
    notes = Notes()
    if chosen.any():
        for theorem, is_chosen in zip(read_theorems(folder, strategy, lambda text: None), chosen, strict=True):
            if is_chosen:
                notes.add(f"{theorem.path} {theorem.name} ({theorem.place})")
    return notes.findings


def _place_hash(path: str, name: str) -> int:
    return text_hash(f"{path}\0{name}")
