"""Traced files as LeanDojo Benchmark: `corpus.jsonl`, the two splits, `metadata.json`, and a report.

    corpus.jsonl       one line a file, after those that it imports
    random/            train.json, val.json, test.json: arrays of theorems with their steps
    novel_premises/    the same; val and test use premises that train does not know
    metadata.json      where it comes from
    licenses/          those of the project and its packages
    report.json        what is in it, what was left out and why, and what the check for leaks found

Files are read twice, one at a time: once for what the splits need (`theorem_index.py`), once to write. Files of the
same content and the same seed give the same bytes, whatever the order in which they were traced; `metadata.json` has
the time. Every file appears when it is complete, `metadata.json` last.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from attrs import define, evolve, frozen

from lean_sidekick import __version__
from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.extraction.benchmark_files import CORPUS_FILE
from lean_sidekick.evaluation.extraction.layout_report import LayoutReport
from lean_sidekick.evaluation.extraction.leaks import LeakCheck, SideCount, check_benchmark
from lean_sidekick.evaluation.extraction.splits import WRITTEN_SIDES, Side, Sides, Strategy
from lean_sidekick.evaluation.extraction.theorem_index import TheoremIndex, split_theorems
from lean_sidekick.evaluation.extraction.theorem_rows import theorem_json, written_steps
from lean_sidekick.evaluation.extraction.traced import TracedFile
from lean_sidekick.evaluation.kept_files import replacing
from lean_sidekick.premises.corpus import corpus_line

METADATA_FILE, REPORT_FILE = "metadata.json", "report.json"


class TracedFiles(Protocol):
    """Files that can be read again and again, each once at a time; `TracedStore` is one."""

    @property
    def paths(self) -> Sequence[str]:
        """The files, in an order that does not depend on how they were traced."""

    def read(self, path: str) -> TracedFile:
        """One of them."""


@frozen(kw_only=True)
class License:
    """The licence of the project or of a package, by its name."""

    name: str
    text: str


@frozen(kw_only=True)
class BenchmarkOrigin:
    """Where a benchmark comes from; goes into `metadata.json`, `url` and `commit` into every theorem too.

    `traced_with` names the program that ran the proofs, with its version. `leandojo_version` is set where that was
    lean-dojo.
    """

    dataset_name: str
    url: str
    commit: str
    lean: str
    traced_with: str
    leandojo_version: str | None
    creation_time: str
    licenses: tuple[License, ...]


OnFile = Callable[[str], None]


def write_benchmark(
    files: TracedFiles, folder: Path, origin: BenchmarkOrigin, seed: int, on_file: OnFile
) -> LayoutReport:
    """Writes the benchmark into a folder, replacing what is there; `on_file` is told of each file that was written.

    Raises InputError if the folder cannot be written or a traced file cannot be read.
    """
    index = TheoremIndex()
    for path in files.paths:
        index.add(files.read(path), seed)
    sides = index.split()
    try:
        (folder / METADATA_FILE).unlink(missing_ok=True)
        report = _write_files(files, index, sides, folder, origin, on_file)
        leaks = tuple(_checked(folder, strategy) for strategy in Strategy)
        report = evolve(report, seed=seed, leaks=leaks)
        _write_object(folder / REPORT_FILE, report.fields())
        _write_object(folder / METADATA_FILE, _metadata(origin))
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}.") from None
    return report


def _checked(folder: Path, strategy: Strategy) -> LeakCheck:
    """What the check finds in a split that was written just now. Raises InputError if the files do not hold it."""
    check = check_benchmark(folder, strategy, lambda place: None)
    for damage in (*check.damaged.examples, *check.damaged_corpus.examples):
        raise InputError(f"{folder} does not hold what was written: {damage}")
    return check.leaks


@define
class _ArrayFile:
    """A JSON array that is written item by item."""

    file: BinaryIO
    theorems: int = 0
    steps: int = 0

    def add(self, text: str, steps: int) -> None:
        """Writes an item."""
        self.file.write(("[" if not self.theorems else ",\n").encode() + text.encode())
        self.theorems += 1
        self.steps += steps

    def end(self, strategy: Strategy, side: Side) -> SideCount:
        """Ends the array."""
        self.file.write(b"]\n" if self.theorems else b"[]\n")
        return SideCount(strategy=strategy.value, side=side.label, theorems=self.theorems, steps=self.steps)


def _write_files(
    files: TracedFiles,
    index: TheoremIndex,
    sides: Mapping[Strategy, Sides],
    folder: Path,
    origin: BenchmarkOrigin,
    on_file: OnFile,
) -> LayoutReport:
    report = LayoutReport()
    with ExitStack() as opened:
        corpus = opened.enter_context(_written(folder / CORPUS_FILE))
        arrays = {
            (strategy, side): _ArrayFile(opened.enter_context(_written(folder / strategy.value / f"{side.label}.json")))
            for strategy in Strategy
            for side in WRITTEN_SIDES
        }
        for path in index.sorted_paths():
            file = files.read(path)
            corpus.write(
                (corpus_line(evolve(file.premises, imports=index.imported(path)), index.paths) + "\n").encode()
            )
            for number, theorem in enumerate(split_theorems(file), start=index.first[path]):
                text = theorem_json(theorem, origin.url, origin.commit)
                step_count = sum(1 for _ in written_steps(theorem))
                for strategy in Strategy:
                    side = Side(sides[strategy][number])
                    if side is not Side.LEFT_OUT:
                        arrays[strategy, side].add(text, step_count)
            report = report.with_file(file)
            on_file(path)
        counts = tuple(rows.end(strategy, side) for (strategy, side), rows in arrays.items())
    for one in origin.licenses:
        with _written(folder / "licenses" / one.name) as out:
            out.write(one.text.encode())
    left_out = int(np.count_nonzero(sides[Strategy.NOVEL_PREMISES] == Side.LEFT_OUT))
    return evolve(report, sides=counts, same_as_held_out=left_out)


@contextmanager
def _written(path: Path) -> Iterator[BinaryIO]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as out:
        yield out


def _write_object(path: Path, fields: Mapping[str, object]) -> None:
    with _written(path) as out:
        out.write((json.dumps(fields, ensure_ascii=False, indent=1) + "\n").encode())


def _metadata(origin: BenchmarkOrigin) -> Mapping[str, object]:
    fields: dict[str, object] = {
        "dataset_name": origin.dataset_name,
        "creation_time": origin.creation_time,
        "from_repo": {"url": origin.url, "commit": origin.commit},
        "lean": origin.lean,
        "traced_with": origin.traced_with,
        "written_by": f"Lean Sidekick {__version__}",
    }
    if origin.leandojo_version is not None:
        fields["leandojo_version"] = origin.leandojo_version
    return fields
