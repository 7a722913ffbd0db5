"""`bench prove`: the theorems of a set, proved by any configuration of the prover."""

from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path

import click
from attrs import frozen

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import lean_option, out_option
from lean_sidekick.cli.engines import settings_for
from lean_sidekick.cli.output import StatusLine, note, write_line
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.errors import ConfigError
from lean_sidekick.engine.session import find_lean
from lean_sidekick.evaluation.configuration import (
    CHECK_LIMIT,
    ProverConfiguration,
    RunRecord,
    data_fields,
    machine_fields,
    program_version,
    settings_fields,
)
from lean_sidekick.evaluation.data_sets import DataSet, Selection, open_data_set
from lean_sidekick.evaluation.plain_check import plain_lean
from lean_sidekick.evaluation.plots import Curve, draw_curves, save
from lean_sidekick.evaluation.pool import LocalPool, Pool, workers_for_memory
from lean_sidekick.evaluation.prove_run import ProveRun, proof_costs
from lean_sidekick.evaluation.provers import EngineProvers, benchmark_settings
from lean_sidekick.evaluation.run_folder import SUMMARY_FILE, is_finished, open_run_folder, read_object
from lean_sidekick.lean.project import find_project
from lean_sidekick.search.options import Part, SearchKind

_SHOWN = ("theorems", "proved", "proved_at", "seconds_p50", "checks_total", "refused_by_final_check", "false_proofs")


@click.command("prove", short_help="Prove the theorems of a set.")
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--timeout", type=click.FloatRange(0.1, 3600), default=10.0, show_default=True, help="Seconds an attempt."
)
@click.option("--checks", type=click.IntRange(1), default=CHECK_LIMIT, show_default=True, help="Checks an attempt.")
@click.option("--attempts", type=click.IntRange(1, 10_000), default=1, show_default=True, help="Attempts a theorem.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="What all randomness is drawn from.")
@click.option(
    "--temperature",
    type=click.FloatRange(0, 10),
    help="Noise on the scores of tactics: 0 is none, the default for one attempt; with several attempts it is 1.",
)
@click.option("--search", type=click.Choice([kind.value for kind in SearchKind]), help="The kind of search.")
@click.option(
    "--without",
    multiple=True,
    type=click.Choice([part.value for part in Part]),
    help="Leave this part out, to see what it is worth; may be repeated.",
)
@click.option("--every", type=click.IntRange(1), default=1, show_default=True, help="Only every Nth theorem.")
@click.option("--split", default="", metavar="NAME", help="Only the items of this split (miniF2F: test or valid).")
@click.option(
    "--project",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The Lean project whose imports the theorems use; without it, the project that DATA lies in.",
)
@click.option(
    "--workers",
    default="1",
    metavar="N|auto",
    help="Theorems at once, each with a Lean of its own; auto: as many as memory and cores allow. Default: 1.",
)
@click.option("--restart", is_flag=True, help="Delete the run that --out holds and begin anew.")
@out_option("bench-prove")
@lean_option
def command(
    data: Path,
    timeout: float,
    checks: int,
    attempts: int,
    seed: int,
    temperature: float | None,
    search: str | None,
    without: tuple[str, ...],
    every: int,
    split: str,
    project: Path | None,
    workers: str,
    restart: bool,
    out: Path,
    lean_path: str | None,
) -> int:
    """Prove the theorems of DATA and judge every proof by a plain run of Lean.

    Results are on disk as they come. The same command continues a run that was interrupted.
    """
    configuration = ProverConfiguration(
        timeout_s=timeout,
        check_limit=checks,
        attempts=attempts,
        seed=seed,
        search=SearchKind(search) if search else SearchKind.BEST_FIRST,
        temperature=(1.0 if attempts > 1 else 0.0) if temperature is None else temperature,
        without=frozenset(Part(name) for name in without),
    )
    if attempts > 1 and configuration.temperature == 0:
        raise ConfigError("Without noise all attempts are the same: name a --temperature above 0, or one attempt.")
    selection = Selection(split=split, every=every)
    wanted = Wanted(
        data=data, selection=selection, project=project, workers=_worker_count(workers), restart=restart, lean=lean_path
    )
    return run_async(_prove(wanted, configuration, out))


@frozen(kw_only=True)
class Wanted:
    """What is run on and with, beside the configuration."""

    data: Path
    selection: Selection
    project: Path | None
    workers: int | None
    restart: bool
    lean: str | None


def _worker_count(text: str) -> int | None:
    """The number of workers, None for as many as fit."""
    if text == "auto":
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise ConfigError(f"--workers takes a number from 1 to 1024, or auto, not {text}.")
    return int(text)


async def _prove(wanted: Wanted, configuration: ProverConfiguration, out: Path) -> int:
    data = open_data_set(wanted.data, wanted.selection, wanted.project)
    summary = await prove_set(wanted, data, configuration, out)
    show_summary(summary)
    try:
        seconds, _, theorems = proof_costs(out)
        curve = Curve(label=configuration.search.value, costs=seconds, theorems=theorems, limit=configuration.timeout_s)
        save(draw_curves([curve], "seconds a theorem", 0.05), out / "proved")
    except ConfigError as error:
        note(str(error))
    return ExitStatus.DONE if summary["proved"] == summary["theorems"] else ExitStatus.INCOMPLETE


async def prove_set(
    wanted: Wanted, data: DataSet, configuration: ProverConfiguration, out: Path
) -> Mapping[str, object]:
    """One run into a folder, from its beginning or from where it was left; gives its summary."""
    place = wanted.project or wanted.data
    project = find_project(place)
    settings = benchmark_settings(await settings_for(place, wanted.lean))
    toolchain = await find_lean(place, settings)
    provers = EngineProvers(
        folder=project.root,
        settings=settings,
        configuration=configuration,
        plain=plain_lean(project, toolchain, frozenset(settings.allowed_axioms)),
    )
    workers = wanted.workers or workers_for_memory(next(data.items()).text, settings.lean_memory_mb)
    record = RunRecord(
        kind="prove",
        data=data_fields(data),
        configuration=configuration.as_fields(),
        settings=settings_fields(settings),
        lean=str(toolchain.version),
        program=program_version(),
        machine={**machine_fields(), "workers": workers},
    )
    run = ProveRun(data=data, configuration=configuration, record=record)
    await _run(run, LocalPool(provers=provers, workers=workers), out, restart=wanted.restart)
    return read_object(out / SUMMARY_FILE)


async def _run(run: ProveRun, pool: Pool, out: Path, *, restart: bool) -> None:
    status = StatusLine()
    with open_run_folder(out, run.record, run.data, restart=restart) as folder:
        done, proved = folder.done_count, 0
        if is_finished(out):
            note(f"{out} holds this run already, finished; --restart runs it again.")
            return
        if done:
            note(f"{out} holds {done} of {run.data.count} theorems of this run: going on with the others.")
        async with aclosing(run.attempts(pool, folder)) as results:
            async for result in results:
                done += 1
                proved += bool(result.proofs)
                for attempt in result.attempts:
                    if attempt.falsehood:
                        note(f"FALSE PROOF of {result.name}: {attempt.falsehood}")
                status.show(f"{done} of {run.data.count}, {proved} proved now")
        status.clear()


def show_summary(summary: Mapping[str, object]) -> None:
    """Prints the figures of a run."""
    for key in _SHOWN:
        write_line(f"{key:24} {summary[key]}")
