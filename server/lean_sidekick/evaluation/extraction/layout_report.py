"""What stands in a written benchmark, what was left out and why, and what the check for leaks found: as values.

`report.json` is the values; `report_lines` says them to a person.
"""

from collections.abc import Iterable, Iterator, Mapping

import cattrs
from attrs import evolve, frozen

from lean_sidekick.evaluation.extraction.leaks import LeakCheck, SideCount
from lean_sidekick.evaluation.extraction.splits import WRITTEN_SIDES
from lean_sidekick.evaluation.extraction.traced import TracedFile


@frozen(kw_only=True)
class FailedFile:
    """A file of which nothing was traced, and why."""

    path: str
    reason: str


@frozen(kw_only=True)
class LayoutReport:
    """A benchmark in figures.

    `theorems` are those seen, `incomplete` those of them whose proofs were not seen whole, which are in the corpus
    alone; `without_steps` are complete ones whose proof is a term. `same_as_held_out` theorems are left out of
    `novel_premises` because they say the same as one that is held out.
    """

    files: int = 0
    failed: tuple[FailedFile, ...] = ()
    premises: int = 0
    theorems: int = 0
    incomplete: int = 0
    without_steps: int = 0
    seed: int = 0
    sides: tuple[SideCount, ...] = ()
    same_as_held_out: int = 0
    leaks: tuple[LeakCheck, ...] = ()

    def with_file(self, file: TracedFile) -> "LayoutReport":
        """The report with a file counted in."""
        complete = [theorem for theorem in file.theorems if theorem.is_complete]
        failed = () if file.error is None else (FailedFile(path=file.path, reason=file.error),)
        return evolve(
            self,
            files=self.files + 1,
            failed=self.failed + failed,
            premises=self.premises + len(file.premises.premises),
            theorems=self.theorems + len(file.theorems),
            incomplete=self.incomplete + len(file.theorems) - len(complete),
            without_steps=self.without_steps + sum(not theorem.steps for theorem in complete),
        )

    @property
    def is_sound(self) -> bool:
        """Whether the check found no leak."""
        return all(leak.is_clean for leak in self.leaks)

    def fields(self) -> Mapping[str, object]:
        """What stands in `report.json`."""
        fields: dict[str, object] = cattrs.unstructure(self)
        return fields


def report_lines(report: LayoutReport) -> Iterator[str]:
    """The report in lines of text."""
    yield f"files: {report.files}; not traced: {len(report.failed)}; premises in the corpus: {report.premises}"
    yield (
        f"theorems: {report.theorems}; not seen whole, so in no split: {report.incomplete}; "
        f"proved by a term: {report.without_steps}"
    )
    yield from side_lines(report.sides)
    if report.same_as_held_out:
        yield f"not in novel_premises, as they say the same as one held out: {report.same_as_held_out}"
    for leak in report.leaks:
        yield f"{leak.strategy}: {leak.in_words}"
    for failed in report.failed:
        yield f"not traced: {failed.path}: {failed.reason}"


def side_lines(sides: Iterable[SideCount]) -> Iterator[str]:
    """Theorems and steps of splits as a table."""
    rows: dict[str, list[str]] = {}
    for one in sides:
        rows.setdefault(one.strategy, []).append(f"{one.theorems} / {one.steps}")
    yield f"{'':16}" + "".join(f"{side.label:>18}" for side in WRITTEN_SIDES) + "   (theorems / steps)"
    for strategy, counts in rows.items():
        yield f"{strategy:16}" + "".join(f"{count:>18}" for count in counts)
