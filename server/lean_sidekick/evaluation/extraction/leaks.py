"""Whether a benchmark in LeanDojo's layout leaks, seen from its files alone.

Read are `corpus.jsonl` and the arrays of one split, item by item; whoever wrote them. A theorem leaks if it stands on
two sides, or if one with an equal statement (`statement_keys.py`; statements are those of the corpus) stands on another
side. In `novel_premises` every theorem of val and test must also use a premise of the corpus that no theorem of train
uses; used is what its tactics are annotated with, and what the corpus says of its proof.
"""

from array import array
from pathlib import Path

import numpy as np
import numpy.typing as npt
from attrs import define, field, frozen

from lean_sidekick.core.premises import Premise
from lean_sidekick.evaluation.extraction.splits import WRITTEN_SIDES, Side, Strategy
from lean_sidekick.evaluation.extraction.statement_keys import statement_key
from lean_sidekick.evaluation.extraction.theorem_index import text_hash
from lean_sidekick.premises.corpus import read_corpus
from lean_sidekick.premises.traced_steps import read_steps
from lean_sidekick.storage.json_lines import Record, read_records

_EXAMPLES = 20


@frozen(kw_only=True)
class Findings:
    """How many theorems something is wrong with, and the first twenty of them by file and name."""

    count: int
    examples: tuple[str, ...]


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


def check_benchmark(folder: Path, strategy: Strategy) -> LeakCheck:
    """Checks one split of a benchmark. Raises InputError for files that cannot be read."""
    split = _Split()
    for side in WRITTEN_SIDES:
        for record in read_records(_path(folder, strategy, side)):
            split.add_theorem(record, side)
    places = split.sorted_places()
    for file in read_corpus(folder / "corpus.jsonl", lambda skipped: None):
        for premise in file.premises:
            split.add_premise(file.path, premise, places)
    sides = np.frombuffer(split.sides, dtype=np.int8)
    on_two_sides = _on_two_sides(np.frombuffer(split.theorems, dtype=np.uint64), sides)
    statements = np.frombuffer(split.statements, dtype=np.uint64)
    same_statement = _on_two_sides(statements, sides) & ~on_two_sides
    without = split.without_novel_premise() if strategy is Strategy.NOVEL_PREMISES else np.zeros(len(sides), bool)
    named = np.frombuffer(split.named, dtype=np.uint64)
    return LeakCheck(
        strategy=strategy.value,
        theorems=len(sides),
        on_two_sides=_named(folder, strategy, on_two_sides),
        same_statement=_named(folder, strategy, same_statement),
        without_novel_premise=_named(folder, strategy, without),
        statement_unknown=int(np.count_nonzero(statements == 0)),
        premises_named=len(named),
        premises_in_corpus=int(np.isin(named, np.frombuffer(split.defined, dtype=np.uint64)).sum()),
    )


@define
class _Split:
    """A split and its corpus as numbers; hashes stand for names, 0 for what is not known.

    `theorems`, `sides` and `statements` have an entry a theorem; theorem `users[i]` uses the premise `used[i]`. `named`
    are the premises that tactics name, by file and name, and `defined` those of the corpus, `declared` by name alone.
    """

    theorems: "array[int]" = field(factory=lambda: array("Q"))
    sides: "array[int]" = field(factory=lambda: array("b"))
    statements: "array[int]" = field(factory=lambda: array("Q"))
    users: "array[int]" = field(factory=lambda: array("q"))
    used: "array[int]" = field(factory=lambda: array("Q"))
    named: "array[int]" = field(factory=lambda: array("Q"))
    defined: "array[int]" = field(factory=lambda: array("Q"))
    declared: "array[int]" = field(factory=lambda: array("Q"))

    def add_theorem(self, record: Record, side: Side) -> None:
        """Takes a theorem of the split in."""
        number = len(self.theorems)
        self.theorems.append(_place_hash(record.text("file_path"), record.text("full_name")))
        self.sides.append(side)
        self.statements.append(0)
        for step in read_steps(record):
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


def _named(folder: Path, strategy: Strategy, chosen: "npt.NDArray[np.bool_]") -> Findings:
    count, examples = int(chosen.sum()), list[str]()
    records = (record for side in WRITTEN_SIDES for record in read_records(_path(folder, strategy, side)))
    if count:
        for record, is_chosen in zip(records, chosen, strict=True):
            if is_chosen and len(examples) < _EXAMPLES:
                examples.append(f"{record.text('file_path')} {record.text('full_name')}")
    return Findings(count=count, examples=tuple(examples))


def _path(folder: Path, strategy: Strategy, side: Side) -> Path:
    return folder / strategy.value / f"{side.label}.json"


def _place_hash(path: str, name: str) -> int:
    return text_hash(f"{path}\0{name}")
