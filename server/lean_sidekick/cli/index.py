"""`index`: builds or refreshes the premise index of a project, and the vectors of an encoder, and says how far it is.

The editor runs it with `--background`: at the lowest priority, and gone as soon as nobody holds its standard input.
"""

import asyncio
import logging
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import psutil
from attrs import frozen

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import json_option, lean_option, setting_option
from lean_sidekick.cli.engines import settings_for, with_assignments
from lean_sidekick.cli.output import StatusLine, note, write_line, write_object
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.errors import IndexDamaged, InputError, LeanUnavailable, SidekickError
from lean_sidekick.engine.retrieval_models import encoder_choice
from lean_sidekick.engine.session import find_lean, start_server
from lean_sidekick.lean.project import find_project
from lean_sidekick.lean.server import LeanServer
from lean_sidekick.lean.toolchain import Toolchain
from lean_sidekick.model_worker.client import WorkerClient, WorkerLimits
from lean_sidekick.premises.corpus import Skipped
from lean_sidekick.premises.model_choice import EncoderChoice
from lean_sidekick.premises.project_corpus import CorpusProgress
from lean_sidekick.premises.sources import Sources
from lean_sidekick.settings.paths import cache_folder
from lean_sidekick.settings.settings import Settings

if TYPE_CHECKING:
    from lean_sidekick.premises.project_index import ProjectIndex

logger = logging.getLogger(__name__)

_BAR_WIDTH = 30
_SHOWN_SKIPPED = 20
_AUTOMATIC_LIMIT = 50_000
"""The most premises of which vectors are made by an encoder that nobody named: more take a processor too long."""


@click.command("index")
@click.argument("project", type=click.Path(path_type=Path), default=Path())
@lean_option
@setting_option
@json_option
@click.option("--corpus", type=click.Path(path_type=Path), help="Take the packages' premises from LeanDojo's file.")
@click.option("--export", type=click.Path(path_type=Path), help="Then write all of it as LeanDojo's corpus.jsonl.")
@click.option("--background", is_flag=True, help="At the lowest priority, and only while standard input is open.")
def command(
    project: Path,
    lean_path: str | None,
    assignments: tuple[str, ...],
    as_json: bool,
    corpus: Path | None,
    export: Path | None,
    background: bool,
) -> int:
    """Build or refresh the premise index of PROJECT (a file or folder in it; by default, this one).

    Premises are read from Lean where the imports are built, else from sources. Nothing in the project is changed.
    With the setting premises.encoder the vectors of its premises are made too; what was made is not made again.
    """
    if not project.exists():
        raise InputError(f"{project} does not exist.")
    if background:
        _lower_priority()
    wishes = _Wishes(as_json=as_json, corpus=corpus, export=export, is_background=background)
    return run_async(_index(project.absolute(), lean_path, assignments, wishes))


@frozen(kw_only=True)
class _Wishes:
    """What is asked for beside a refresh: files of LeanDojo's to read or write, and how to report."""

    as_json: bool
    corpus: Path | None
    export: Path | None
    is_background: bool


async def _index(path: Path, lean: str | None, assignments: tuple[str, ...], wishes: _Wishes) -> int:
    from lean_sidekick.premises.project_index import export_corpus, import_corpus, project_index, refresh

    settings = with_assignments(await settings_for(path, lean), assignments)
    encoder = await asyncio.to_thread(encoder_choice, settings)  # what is wrong with it is said before the work
    project, toolchain = find_project(path), await _toolchain(path, settings)
    index = await asyncio.to_thread(project_index, cache_folder(), project, toolchain, os.environ)
    report = _Report(wishes.as_json)
    server = None if toolchain is None else await _server(path, settings)
    task = asyncio.current_task()
    if wishes.is_background and task is not None:
        end_with_input(task, sys.stdin.fileno())
    try:
        # A whole folder tree that is no project is read only by someone who names it.
        sources = Sources(project, toolchain, os.environ, is_flat=wishes.is_background and project.is_loose)
        if wishes.corpus is not None:
            own = frozenset(source.module for source in await asyncio.to_thread(sources.own))
            await asyncio.to_thread(import_corpus, index, wishes.corpus, own, report.skipped)
        done = await refresh(index, sources, server, report.progress, report.skipped)
        if wishes.export is not None:
            await asyncio.to_thread(export_corpus, index, wishes.export)
        if server is not None:
            await server.close()
            server = None  # its memory is needed no more
        vectors, trouble = await _embed(index, encoder, report)
    finally:
        report.clear()
        if server is not None:
            await server.close()
    if wishes.as_json:
        write_object(
            {
                "added": done.added,
                "kept": done.kept,
                "removed": done.removed,
                "premises": done.premises,
                "skipped": report.skipped_count,
                "vectors": vectors,
                "trouble": trouble,
            }
        )
    else:
        write_line(
            f"{done.added} modules read with {done.premises} premises, {done.kept} unchanged, {done.removed} gone, "
            f"{report.skipped_count} left out."
        )
        if encoder is not None and vectors:
            write_line(f"{vectors} vectors made by {encoder.source}.")
    if trouble:
        note(trouble)
    is_failure = bool(trouble) and encoder is not None and not encoder.is_automatic
    return ExitStatus.DONE if not report.skipped_count and not is_failure else ExitStatus.INCOMPLETE


async def _embed(index: "ProjectIndex", encoder: EncoderChoice | None, report: "_Report") -> tuple[int, str]:
    """Makes the vectors that the index lacks: how many, and one sentence if not all could be made."""
    if encoder is None:
        return 0, ""
    if encoder.is_automatic and (size := await asyncio.to_thread(index.size)) > _AUTOMATIC_LIMIT:
        note(f"No vectors are made of {size:,} premises unasked: `--setting premises.encoder=minilm` makes them.")
        return 0, ""
    from lean_sidekick.premises.dense import WorkerEmbedder, embed_index

    client = WorkerClient(lambda text: logger.info("%s", text), WorkerLimits())
    made = 0
    try:
        for one in (index.shared, index.own):
            made += await embed_index(one, WorkerEmbedder(client=client, choice=encoder), report.vectors)
    except IndexDamaged as error:
        return made, f"{error} Run this command again."
    except (SidekickError, OSError) as error:
        return made, f"The index is there, but not all vectors were made: {error}"
    finally:
        await client.close()
    return made, ""


async def _toolchain(path: Path, settings: Settings) -> Toolchain | None:
    try:
        return await find_lean(path, settings)
    except LeanUnavailable as error:
        note(f"{error} Sources are read alone.")
        return None


async def _server(path: Path, settings: Settings) -> LeanServer | None:
    """A Lean to ask, None where it does not start: sources are read then."""
    try:
        return await start_server(path, settings)
    except LeanUnavailable as error:
        note(f"{error} Sources are read instead.")
        return None


class _Report:
    """Progress and what was left out, for people or for scripts."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._line = StatusLine()
        self.skipped_count = 0

    def progress(self, progress: CorpusProgress) -> None:
        if self._as_json:
            write_object({"done": progress.done, "total": progress.total, "module": progress.module})
            return
        bar = _bar(progress.done, progress.total)
        self._line.show(f"{bar} {progress.done} of {progress.total} modules  {progress.module}")

    def vectors(self, done: int, total: int) -> None:
        if self._as_json:
            write_object({"vectors": done, "vectors_total": total})
            return
        self._line.show(f"{_bar(done, total)} {done} of {total} vectors")

    def skipped(self, skipped: Skipped) -> None:
        self.skipped_count += 1
        if self.skipped_count <= _SHOWN_SKIPPED:
            self._line.clear()
            note(f"Left out: {skipped.name}: {skipped.reason}")

    def clear(self) -> None:
        self._line.clear()
        if self.skipped_count > _SHOWN_SKIPPED:
            note(f"{self.skipped_count - _SHOWN_SKIPPED} more were left out.")


def _bar(done: int, total: int) -> str:
    filled = _BAR_WIDTH * done // max(total, 1)
    return "█" * filled + "░" * (_BAR_WIDTH - filled)


def _lower_priority() -> None:
    process = psutil.Process()
    with suppress(psutil.Error, OSError, AttributeError):  # what a system does not have, it does without
        process.nice(19 if os.name == "posix" else getattr(psutil, "IDLE_PRIORITY_CLASS", 64))
    with suppress(psutil.Error, OSError, AttributeError):
        process.ionice(psutil.IOPRIO_CLASS_IDLE)


def end_with_input(task: "asyncio.Task[Any]", fd: int) -> None:
    """Cancels a task when a pipe ends: whoever started us is gone.

    A thread of its own reads, for an event loop cannot wait for a plain pipe on Windows; and it reads the descriptor,
    for the lock of `sys.stdin` would be held when Python ends.
    """
    loop = asyncio.get_running_loop()

    def wait() -> None:
        with suppress(OSError):  # closed under the read: that is its end too
            while os.read(fd, 1024):
                pass
        with suppress(RuntimeError):  # the work was done first and the loop is closed
            loop.call_soon_threadsafe(task.cancel)

    threading.Thread(target=wait, name="input", daemon=True).start()
