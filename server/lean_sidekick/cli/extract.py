"""`extract`: the steps of every tactic proof of a project, with states and premises, and the corpus."""

import os
import time
from contextlib import aclosing
from pathlib import Path

import click
from attrs import define, field

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import json_option, lean_option, out_option, project_option, restart_option
from lean_sidekick.cli.engines import settings_for
from lean_sidekick.cli.output import StatusLine, note, write_line, write_object
from lean_sidekick.cli.pools import workers_option
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.errors import InputError
from lean_sidekick.engine.session import find_lean
from lean_sidekick.evaluation.data_sets import Selection, open_data_set
from lean_sidekick.evaluation.extraction.run import Extraction, FileOutcome, FileTracers
from lean_sidekick.evaluation.extraction.store import STORE_FILE, TracedStore, open_traced_store
from lean_sidekick.evaluation.extraction.targets import ReferenceTargets, Targets, project_targets
from lean_sidekick.evaluation.pool import LocalPool, workers_for_memory
from lean_sidekick.lean.fingerprint import toolchain_key
from lean_sidekick.lean.project import find_project
from lean_sidekick.premises.sources import Sources

_SHOWN_FAILURES = 20


@click.command("extract")
@click.argument("place", metavar="[PROJECT]", type=click.Path(path_type=Path), default=Path())
@workers_option("Files")
@restart_option
@project_option
@out_option("extraction")
@lean_option
@json_option
def command(
    place: Path, workers: int | None, restart: bool, project: Path | None, out: Path, lean_path: str | None, as_json: bool
) -> int:
    """Write down what every tactic proof of PROJECT does, step by step: the state before and after, the premises.

    PROJECT is a project, a folder in one, a .lean file, or a set with reference proofs (.jsonl). Nothing in it is
    changed or built. Files are on disk as they come, and the same command continues a run that was interrupted.
    """
    if not place.exists():
        raise InputError(f"{place} does not exist.")
    return run_async(_extract(place.absolute(), workers, restart, project, out, lean_path, as_json))


async def _extract(
    place: Path, workers: int | None, restart: bool, project: Path | None, out: Path, lean: str | None, as_json: bool
) -> int:
    inside = place if project is None else project.absolute()
    settings = await settings_for(inside, lean)
    toolchain = await find_lean(inside, settings)
    sources = Sources(find_project(inside), toolchain, os.environ)
    targets = _targets(place, sources)
    extraction = Extraction(targets=targets, lean=toolchain_key(toolchain))
    with open_traced_store(out) as store:
        if restart:
            store.clear()
        count = workers or workers_for_memory("", settings.lean_memory_mb)
        pool = LocalPool(workers=FileTracers(sources=sources, settings=settings), count=min(count, targets.count))
        report = _Report(as_json=as_json, total=targets.count, done=extraction.done_count(store))
        report.begin(store)
        try:
            async with aclosing(extraction.outcomes(pool, store)) as outcomes:
                async for outcome in outcomes:
                    report.add(outcome)
        finally:
            report.end()
        report.write_figures()
    return ExitStatus.DONE if not report.failed else ExitStatus.INCOMPLETE


def _targets(place: Path, sources: Sources) -> Targets:
    if place.suffix == ".jsonl":
        return ReferenceTargets(data=open_data_set(place, Selection(), None))
    return project_targets(sources, place)


@define(kw_only=True)
class _Report:
    """Progress, what went wrong, and the figures of this run, for people or for scripts."""

    as_json: bool
    total: int
    done: int
    failed: int = 0
    files: int = 0
    complete_files: int = 0
    theorems: int = 0
    complete: int = 0
    steps: int = 0
    _began: float = field(factory=time.monotonic)
    _line: StatusLine = field(factory=StatusLine)
    _notes: int = 0

    def begin(self, store: TracedStore) -> None:
        """Says what is there already."""
        if self.done == self.total:
            note(f"{store.path} holds all {self.total} files already; --restart traces them again.")
        elif self.done:
            note(f"{store.path} holds {self.done} of {self.total} files already: going on with the others.")
        elif store.paths:
            note(f"What {store.path} holds is of other texts, another Lean or another version: all is traced again.")

    def add(self, outcome: FileOutcome) -> None:
        """Counts a file and says what is wrong with it."""
        self.done += 1
        self.files += 1
        self.failed += outcome.error is not None
        self.theorems += outcome.theorems
        self.complete += outcome.complete
        self.steps += outcome.steps
        self.complete_files += outcome.error is None and outcome.complete == outcome.theorems
        if self.as_json:
            write_object({"done": self.done, "total": self.total, **_fields(outcome)})
            return
        if outcome.error is not None:
            self._say(f"Left out: {outcome.error}")
        elif outcome.error_count:
            self._say(f"{outcome.path} has {_counted(outcome.error_count, 'error')}, first at {outcome.first_error}")
        self._line.show(f"{self.done} of {self.total} files, {self.steps} steps  {outcome.path}")

    def end(self) -> None:
        """Takes the line of progress away."""
        self._line.clear()
        if self._notes > _SHOWN_FAILURES:
            note(f"{self._notes - _SHOWN_FAILURES} more files had errors; the report has them all.")

    def write_figures(self) -> None:
        """The figures of this run."""
        seconds = time.monotonic() - self._began
        rate = self.steps / seconds if seconds else 0.0
        if self.as_json:
            write_object(
                {
                    "files": self.files,
                    "failed": self.failed,
                    "complete_files": self.complete_files,
                    "theorems": self.theorems,
                    "complete": self.complete,
                    "steps": self.steps,
                    "seconds": round(seconds, 2),
                }
            )
            return
        write_line(
            f"{_counted(self.files, 'file')} traced, {self.failed} left out; {self.complete_files} complete. "
            f"{_counted(self.theorems, 'proof')}, {self.complete} complete, with {_counted(self.steps, 'step')} "
            f"in {seconds:.1f} s ({rate:.1f} a second)."
        )

    def _say(self, text: str) -> None:
        self._notes += 1
        if self._notes <= _SHOWN_FAILURES:
            self._line.clear()
            note(text)


def _fields(outcome: FileOutcome) -> dict[str, object]:
    return {
        "file": outcome.path,
        "theorems": outcome.theorems,
        "complete": outcome.complete,
        "steps": outcome.steps,
        "error": outcome.error,
        "errors": outcome.error_count,
        "first_error": outcome.first_error,
    }


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
