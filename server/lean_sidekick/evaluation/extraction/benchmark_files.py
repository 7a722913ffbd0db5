"""The files of a benchmark in LeanDojo's layout, whoever wrote them, read theorem by theorem.

What cannot be read is told with file and line and left out; where an array is no JSON from some place on, nothing
behind it is read. Memory does not grow with the files.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import define, field, frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.premises import CorpusFile
from lean_sidekick.evaluation.extraction.splits import WRITTEN_SIDES, Side, Strategy
from lean_sidekick.premises.corpus import Skipped, read_corpus
from lean_sidekick.premises.traced_steps import RecordedStep, read_steps
from lean_sidekick.storage.json_lines import Record, read_records

CORPUS_FILE = "corpus.jsonl"
_EXAMPLES = 20

OnDamaged = Callable[[str], None]
"""Is told, with its place, what cannot be read."""


@frozen(kw_only=True)
class Findings:
    """How many theorems or lines something is wrong with, and the first twenty of them in words, with their places."""

    count: int
    examples: tuple[str, ...]


@frozen(kw_only=True)
class SplitTheorem:
    """A theorem of a split; `start` is where its file has it, `place` where the split does."""

    side: Side
    path: str
    name: str
    start: str
    steps: tuple[RecordedStep, ...]
    place: str


@define
class Notes:
    """Findings that come one by one."""

    count: int = 0
    examples: list[str] = field(factory=list)

    def add(self, text: str) -> None:
        """Takes one more."""
        self.count += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(text)

    @property
    def findings(self) -> Findings:
        """All of them."""
        return Findings(count=self.count, examples=tuple(self.examples))


def written_splits(folder: Path) -> tuple[Strategy, ...]:
    """The splits that a folder has. Raises InputError for a folder that holds no benchmark, or not all of one."""
    found = tuple(strategy for strategy in Strategy if (folder / strategy.value).is_dir())
    wanted = [split_file(folder, strategy, side) for strategy in found for side in WRITTEN_SIDES]
    missing = [str(path.relative_to(folder)) for path in (*wanted, folder / CORPUS_FILE) if not path.is_file()]
    if not found or missing:
        lacking = ", ".join(missing if found else ["random/ and novel_premises/"])
        raise InputError(
            f"{folder} has no {lacking}: a benchmark in LeanDojo's layout has {CORPUS_FILE}, and train.json, val.json "
            "and test.json in random/ or novel_premises/."
        )
    return found


def split_file(folder: Path, strategy: Strategy, side: Side) -> Path:
    """One file of a split."""
    return folder / strategy.value / f"{side.label}.json"


def read_theorems(folder: Path, strategy: Strategy, on_damaged: OnDamaged) -> Iterator[SplitTheorem]:
    """The theorems that can be read, side by side."""
    for side in WRITTEN_SIDES:
        records = read_records(split_file(folder, strategy, side))
        while True:
            try:
                record = next(records, None)
            except InputError as error:
                on_damaged(f"{_inside(folder, str(error)).removesuffix('.')}; nothing behind it was read.")
                break
            if record is None:
                break
            try:
                theorem = _theorem(record, side, folder)
            except InputError as error:
                on_damaged(_inside(folder, str(error)))
                continue
            yield theorem


def _theorem(record: Record, side: Side, folder: Path) -> SplitTheorem:
    """Raises InputError where something is missing that readers of the format need."""
    for name in ("start", "end"):
        pair = record.items(name)
        if len(pair) != 2 or not all(type(number) is int and number >= 1 for number in pair):
            raise InputError(f"{record.place}: `{name}` is not a line and a column, both from 1.")
    return SplitTheorem(
        side=side,
        path=record.text("file_path"),
        name=record.text("full_name"),
        start=str(record.items("start")),
        steps=tuple(read_steps(record)),
        place=_inside(folder, record.place),
    )


def _inside(folder: Path, text: str) -> str:
    """A message without the folder that all is in."""
    return text.removeprefix(f"{folder}{os.sep}")


def read_corpus_files(folder: Path, on_damaged: OnDamaged) -> Iterator[CorpusFile]:
    """The files of the corpus, as far as they can be read."""

    def skip(skipped: Skipped) -> None:
        on_damaged(f"{_inside(folder, skipped.name)}: {skipped.reason}.")

    try:
        yield from read_corpus(folder / CORPUS_FILE, skip)
    except InputError as error:
        on_damaged(_inside(folder, str(error)))
