"""`bench effort`: how much of a proof a person still types when the program helps."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

import click

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import (
    every_option,
    lean_option,
    out_option,
    project_option,
    restart_option,
    setting_option,
)
from lean_sidekick.cli.engines import settings_for, with_assignments
from lean_sidekick.cli.output import StatusLine, note, write_line
from lean_sidekick.cli.pools import Place, imports_of, open_pool, pool_options
from lean_sidekick.cli.running import run_async
from lean_sidekick.engine.session import find_lean
from lean_sidekick.evaluation.configuration import (
    CHECK_LIMIT,
    RunRecord,
    data_fields,
    machine_fields,
    program_version,
    settings_fields,
)
from lean_sidekick.evaluation.data_sets import Selection, open_data_set
from lean_sidekick.evaluation.effort import Asked, EffortTask, ScriptedUsers, TheoremEffort
from lean_sidekick.evaluation.effort_run import EffortRun
from lean_sidekick.evaluation.pool import Pool
from lean_sidekick.evaluation.provers import benchmark_settings
from lean_sidekick.evaluation.reference import read_referenced
from lean_sidekick.evaluation.run_folder import SUMMARY_FILE, is_finished, open_run_folder, read_object
from lean_sidekick.lean.project import find_project

_SHOWN = (
    "theorems",
    "errors",
    "steps",
    "share_automated",
    "typed_per_theorem",
    "share_without_typing",
    "steps_by",
)


@click.command("effort", short_help="Measure how much a person still types.")
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--timeout",
    "timeouts",
    multiple=True,
    type=click.FloatRange(0.1, 3600),
    default=(1.0, 5.0),
    show_default=True,
    help="Seconds the user waits at each place; may be repeated, each is a run of its own.",
)
@click.option(
    "--ask",
    type=click.Choice([asked.value for asked in Asked]),
    default=Asked.SUGGESTIONS.value,
    show_default=True,
    help="What the user asks for: suggestions, or the whole proof.",
)
@setting_option
@every_option
@project_option
@pool_options
@restart_option
@out_option("bench-effort")
@lean_option
def command(
    data: Path,
    timeouts: tuple[float, ...],
    ask: str,
    assignments: tuple[str, ...],
    every: int,
    project: Path | None,
    workers: int | None,
    cluster: str,
    chunk: int,
    restart: bool,
    out: Path,
    lean_path: str | None,
) -> int:
    """Let a scripted user go through the reference proofs of DATA, who takes what helps and types the rest.

    Items need a `reference_proof` beside `name` and `statement`; only the scripted user reads it.
    """
    where = Place(workers=workers, cluster=cluster, chunk=chunk)
    return run_async(_effort(data, timeouts, Asked(ask), assignments, every, project, where, restart, out, lean_path))


async def _effort(
    path: Path,
    timeouts: tuple[float, ...],
    asked: Asked,
    assignments: Sequence[str],
    every: int,
    project: Path | None,
    where: Place,
    restart: bool,
    out: Path,
    lean: str | None,
) -> int:
    data = open_data_set(path, Selection(every=every), project)
    for _ in read_referenced(data):
        pass  # says at once which item has no reference proof
    place = project or path
    settings = benchmark_settings(with_assignments(await settings_for(place, lean), assignments))
    toolchain = await find_lean(place, settings)
    for seconds in timeouts:
        users = ScriptedUsers(
            folder=find_project(place).root, settings=settings, asked=asked, seconds=seconds, check_limit=CHECK_LIMIT
        )
        pool, size = open_pool(where, users, next(data.items()).text, settings.lean_memory_mb)
        record = RunRecord(
            kind="effort",
            data=data_fields(data),
            configuration={"ask": asked.value, "timeout_s": seconds},
            settings=settings_fields(settings),
            lean=str(toolchain.version),
            program=program_version(),
            machine={**machine_fields(), **size},
        )
        folder = out / f"{seconds:g}s"
        with imports_of(project):
            await _run(EffortRun(data=data, record=record), pool, folder, restart)
        _show(seconds, read_object(folder / SUMMARY_FILE))
    return ExitStatus.DONE


async def _run(run: EffortRun, pool: Pool[EffortTask, TheoremEffort], out: Path, restart: bool) -> None:
    status = StatusLine()
    with open_run_folder(out, run.record, run.data, restart=restart) as folder:
        if is_finished(out):
            note(f"{out} holds this run already, finished; --restart runs it again.")
            return
        done = folder.done_count
        async with aclosing(run.theorems(pool, folder)) as results:
            async for effort in results:
                done += 1
                if effort.message:
                    note(f"{effort.name} was not measured: {effort.message}")
                status.show(f"{done} of {run.data.count}, {effort.typed} of {effort.steps} typed in the last one")
        status.clear()


def _show(seconds: float, summary: Mapping[str, object]) -> None:
    write_line(f"{seconds:g} s at each place")
    for key in _SHOWN:
        write_line(f"  {key:22} {summary[key]}")
