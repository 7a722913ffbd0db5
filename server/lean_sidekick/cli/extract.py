"""`extract`: the steps of every tactic proof of a project, with states and premises, and the corpus."""

import asyncio
import os
import sys
import time
from contextlib import aclosing
from pathlib import Path

import click
from attrs import define, field, frozen

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import json_option, lean_option, out_option, project_option, restart_option
from lean_sidekick.cli.engines import settings_for
from lean_sidekick.cli.extract_dojo import DojoExtraction
from lean_sidekick.cli.output import StatusLine, note, write_line, write_object
from lean_sidekick.cli.pools import workers_option
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.errors import InputError
from lean_sidekick.engine.session import find_lean, start_server
from lean_sidekick.evaluation.data_sets import Selection, open_data_set
from lean_sidekick.evaluation.extraction.imported import ImportedFiles
from lean_sidekick.evaluation.extraction.layout import write_benchmark
from lean_sidekick.evaluation.extraction.layout_report import LayoutReport, report_lines
from lean_sidekick.evaluation.extraction.origin import read_origin
from lean_sidekick.evaluation.extraction.run import Extraction, FileOutcome, FileTracers
from lean_sidekick.evaluation.extraction.store import TracedStore, open_traced_store
from lean_sidekick.evaluation.extraction.targets import ReferenceTargets, Targets, project_targets
from lean_sidekick.evaluation.pool import LocalPool, workers_for_memory
from lean_sidekick.lean.fingerprint import toolchain_key
from lean_sidekick.lean.project import find_project
from lean_sidekick.premises.corpus import Skipped
from lean_sidekick.premises.sources import Sources
from lean_sidekick.settings.settings import Settings

_SHOWN_NOTES = 20


@click.command("extract")
@click.argument("place", metavar="[PROJECT]", type=click.Path(path_type=Path), default=Path())
@workers_option("Files")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="What the splits are drawn from.")
@click.option("--own-corpus", is_flag=True, help="Leave what the files import out of the corpus.")
@click.option("--with", "source", type=click.Choice(["lean-dojo"]), help="Trace with this package instead of our Lean.")
@click.option(
    "--dojo-python",
    type=click.Path(path_type=Path),
    default=Path(sys.executable),
    help="The Python that has lean-dojo, for --with lean-dojo; else the one that runs this program.",
)
@restart_option
@project_option
@out_option("extraction")
@lean_option
@json_option
def command(
    place: Path,
    workers: int | None,
    seed: int,
    own_corpus: bool,
    source: str | None,
    dojo_python: Path,
    restart: bool,
    project: Path | None,
    out: Path,
    lean_path: str | None,
    as_json: bool,
) -> int:
    """Write down what every tactic proof of PROJECT does, step by step, in the layout of LeanDojo Benchmark.

    PROJECT is a project, a folder in one, a .lean file, or a set with reference proofs (.jsonl). Nothing in it is
    changed or built. Files are on disk as they come, and the same command continues a run that was interrupted.
    With lean-dojo, PROJECT is a git repository, and what is said of our own Lean does not hold: docs/extraction.md.
    """
    if not place.exists():
        raise InputError(f"{place} does not exist.")
    if source is not None:
        dojo = DojoExtraction(
            project=place.absolute(), python=dojo_python, seed=seed, restart=restart, out=out, as_json=as_json
        )
        return run_async(dojo.run())
    wanted = _Wanted(
        place=place.absolute(),
        inside=place.absolute() if project is None else project.absolute(),
        workers=workers,
        seed=seed,
        own_corpus=own_corpus,
        restart=restart,
        out=out,
    )
    return run_async(_extract(wanted, lean_path, _Report(as_json=as_json)))


@frozen(kw_only=True)
class _Wanted:
    """What the command line asks for."""

    place: Path
    inside: Path
    workers: int | None
    seed: int
    own_corpus: bool
    restart: bool
    out: Path


async def _extract(wanted: _Wanted, lean: str | None, report: "_Report") -> int:
    settings = await settings_for(wanted.inside, lean)
    toolchain = await find_lean(wanted.inside, settings)
    sources = Sources(find_project(wanted.inside), toolchain, os.environ)
    extraction = Extraction(targets=_targets(wanted.place, sources), lean=toolchain_key(toolchain))
    origin = await read_origin(wanted.place.stem, sources.project, toolchain)
    with open_traced_store(wanted.out) as store:
        if wanted.restart:
            store.clear()
        try:
            await _trace(extraction, sources, settings, wanted.workers, store, report)
            if not wanted.own_corpus:
                await _read_imported(extraction, sources, settings, store, report)
            files = extraction.selected(store, with_imported=not wanted.own_corpus)
            layout = await asyncio.to_thread(
                write_benchmark, files, wanted.out, origin, wanted.seed, lambda path: report.show(f"writing {path}")
            )
        finally:
            report.end()
    report.write(layout)
    return ExitStatus.DONE if layout.is_sound and not layout.failed else ExitStatus.INCOMPLETE


async def _trace(
    extraction: Extraction,
    sources: Sources,
    settings: Settings,
    workers: int | None,
    store: TracedStore,
    report: "_Report",
) -> None:
    total, done = extraction.targets.count, extraction.done_count(store)
    report.begin(store, total, done)
    if done == total:
        return
    first = next(iter(extraction.targets.read())).text  # its imports tell how much a Lean takes
    count = min(workers or workers_for_memory(first, settings.lean_memory_mb), total - done)
    pool = LocalPool(workers=FileTracers(sources=sources, settings=settings), count=count)
    async with aclosing(extraction.outcomes(pool, store)) as outcomes:
        async for outcome in outcomes:
            report.add(outcome)


async def _read_imported(
    extraction: Extraction, sources: Sources, settings: Settings, store: TracedStore, report: "_Report"
) -> None:
    server = await start_server(sources.project.root, settings)
    try:
        imported = ImportedFiles(
            sources=sources, server=server, lean=extraction.lean, on_skipped=lambda one: report.left_out(one)
        )
        async with aclosing(imported.read(store, extraction.paths())) as progress:
            async for one in progress:
                report.show(f"{one.done} of {one.total} imported modules  {one.module}")
    finally:
        await server.close()


def _targets(place: Path, sources: Sources) -> Targets:
    if place.suffix == ".jsonl":
        return ReferenceTargets(data=open_data_set(place, Selection(), None))
    return project_targets(sources, place)


@define(kw_only=True)
class _Report:
    """Progress, what went wrong, and the figures of this run, for people or for scripts."""

    as_json: bool
    total: int = 0
    done: int = 0
    files: int = 0
    steps: int = 0
    seconds: float = 0.0
    _began: float = 0.0
    _line: StatusLine = field(factory=StatusLine)
    _notes: int = 0

    def begin(self, store: TracedStore, total: int, done: int) -> None:
        """Says what is there already."""
        self.total, self.done, self._began = total, done, time.monotonic()
        if done == total:
            note(f"{store.path} holds all {total} files already; --restart traces them again.")
        elif done:
            note(f"{store.path} holds {done} of {total} files already: going on with the others.")
        elif store.paths:
            note(f"What {store.path} holds is of other texts, another Lean or another version: all is traced again.")

    def add(self, outcome: FileOutcome) -> None:
        """Counts a file and says what is wrong with it."""
        self.done += 1
        self.files += 1
        self.steps += outcome.steps
        self.seconds = time.monotonic() - self._began
        if self.as_json:
            write_object({"done": self.done, "total": self.total, **_fields(outcome)})
            return
        if outcome.error is not None:
            self._say(f"Left out: {outcome.error}")
        elif outcome.error_count:
            self._say(f"{outcome.path} has {_counted(outcome.error_count, 'error')}, first at {outcome.first_error}")
        self.show(f"{self.done} of {self.total} files, {_counted(self.steps, 'step')}  {outcome.path}")

    def left_out(self, skipped: Skipped) -> None:
        """Says what is missing in the corpus."""
        self._say(f"Not in the corpus: {skipped.name}: {skipped.reason}")

    def show(self, text: str) -> None:
        """Shows how far it is."""
        if not self.as_json:
            self._line.show(text)

    def end(self) -> None:
        """Takes the line of progress away."""
        self._line.clear()
        if self._notes > _SHOWN_NOTES:
            note(f"{self._notes - _SHOWN_NOTES} more lines like these are not shown.")

    def write(self, layout: LayoutReport) -> None:
        """The figures of the benchmark, and of this run."""
        if self.as_json:
            write_object(
                {
                    "traced": self.files,
                    "steps": self.steps,
                    "seconds": round(self.seconds, 2),
                    "report": layout.fields(),
                }
            )
            return
        if self.files:
            rate = self.steps / self.seconds if self.seconds else 0.0
            write_line(
                f"{_counted(self.files, 'file')} traced with {_counted(self.steps, 'step')} in {self.seconds:.1f} s "
                f"({rate:.1f} steps a second)."
            )
        for line in report_lines(layout):
            write_line(line)

    def _say(self, text: str) -> None:
        self._notes += 1
        if self._notes <= _SHOWN_NOTES:
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
