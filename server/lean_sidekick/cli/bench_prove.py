"""`bench prove`: the theorems of a set, proved by any configuration of the prover."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import click
from attrs import evolve, frozen

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
from lean_sidekick.evaluation.curve import draw_curve, write_curve
from lean_sidekick.evaluation.data_sets import DataSet, Selection, open_data_set
from lean_sidekick.evaluation.plain_check import plain_lean
from lean_sidekick.evaluation.pool import Pool
from lean_sidekick.evaluation.prove_run import ProveRun
from lean_sidekick.evaluation.provers import TRACES, EngineProvers, benchmark_settings
from lean_sidekick.evaluation.results import Attempt, AttemptTask
from lean_sidekick.evaluation.run_folder import SUMMARY_FILE, is_finished, open_run_folder, read_object
from lean_sidekick.lean.project import find_project
from lean_sidekick.search.options import Part, SearchKind

_SHOWN = ("seconds_p50", "checks_total", "refused_by_final_check", "false_proofs")


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
@setting_option
@every_option
@click.option("--split", default="", metavar="NAME", help="Only the items of this split (miniF2F: test or valid).")
@project_option
@pool_options
@click.option("--traces", is_flag=True, help="Keep the tree of every search, for `report` and `show`.")
@click.option("--curve", is_flag=True, help="Every kind of search, and what each had proved at 1, 2, 5, 10 and 60 s.")
@restart_option
@out_option("bench-prove")
@lean_option
def command(
    data: Path,
    timeout: float | None,
    checks: int,
    attempts: int,
    seed: int,
    temperature: float | None,
    search: str | None,
    without: tuple[str, ...],
    assignments: tuple[str, ...],
    every: int,
    split: str,
    project: Path | None,
    workers: int | None,
    cluster: str,
    chunk: int,
    traces: bool,
    curve: bool,
    restart: bool,
    out: Path,
    lean_path: str | None,
) -> int:
    """Prove the theorems of DATA and judge every proof by a plain run of Lean.

    Results are on disk as they come. The same command continues a run that was interrupted.
    """
    configuration = ProverConfiguration(
        timeout_s=timeout or (60.0 if curve else 10.0),
        check_limit=checks,
        attempts=attempts,
        seed=seed,
        search=SearchKind(search) if search else SearchKind.BEST_FIRST,
        temperature=(1.0 if attempts > 1 else 0.0) if temperature is None else temperature,
        without=frozenset(Part(name) for name in without),
    )
    if attempts > 1 and configuration.temperature == 0:
        raise ConfigError("Without noise all attempts are the same: name a --temperature above 0, or one attempt.")
    if traces and cluster:
        raise ConfigError("Search trees would stay on the nodes of the cluster: leave out --traces or --cluster.")
    selection = Selection(split=split, every=every)
    wanted = Wanted(
        data=data,
        selection=selection,
        project=project,
        place=Place(workers=workers, cluster=cluster, chunk=chunk),
        traces=traces,
        assignments=assignments,
        restart=restart,
        lean=lean_path,
    )
    if curve:
        kinds = [configuration.search] if search else list(SearchKind)
        return run_async(_curve(wanted, configuration, kinds, out))
    return run_async(_prove(wanted, configuration, out))


@frozen(kw_only=True)
class Wanted:
    """What is run on and with, beside the configuration."""

    data: Path
    selection: Selection
    project: Path | None
    place: Place
    traces: bool
    assignments: tuple[str, ...]
    restart: bool
    lean: str | None


async def _prove(wanted: Wanted, configuration: ProverConfiguration, out: Path) -> int:
    data = open_data_set(wanted.data, wanted.selection, wanted.project)
    summary = await prove_set(wanted, data, configuration, out)
    for name, value in _shown(summary):
        write_line(f"{name:24} {value}")
    _draw({configuration.search: out}, configuration, out / "proved")
    return ExitStatus.DONE if summary["proved"] == summary["theorems"] else ExitStatus.INCOMPLETE


def _shown(summary: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """What a person wants to know first; `summary.json` has it all."""
    yield "theorems", summary["theorems"]
    yield "proved", summary["proved"]
    for attempts, share in summary["pass_at"].items():
        yield f"pass@{attempts}", f"{share['estimate']:.1%} (95 %: {share['low']:.1%} to {share['high']:.1%})"
    yield "proved_at", ", ".join(f"{count} at {seconds} s" for seconds, count in summary["proved_at"].items())
    for name in _SHOWN:
        yield name, "-" if summary[name] is None else summary[name]
    defective = summary["known_defective"]
    if defective["theorems"]:
        yield "known_defective", f"{defective['theorems']}, {defective['proved']} of them proved, not counted above"


async def _curve(wanted: Wanted, configuration: ProverConfiguration, kinds: Sequence[SearchKind], out: Path) -> int:
    data = open_data_set(wanted.data, wanted.selection, wanted.project)
    runs = {kind: out / kind.value for kind in kinds}
    false_proofs = 0
    for kind, folder in runs.items():
        note(f"{kind.value}: {data.count} theorems, {configuration.timeout_s:g} s each")
        summary = await prove_set(wanted, data, evolve(configuration, search=kind), folder)
        false_proofs += int(str(summary["false_proofs"]))
    for name, shares in write_curve(runs, configuration.timeout_s, out).items():
        proved = ", ".join(f"{count} at {limit:g} s" for limit, count in shares.proved.items())
        write_line(f"{name:12} of {shares.theorems}: {proved}")
    write_line(f"{'false_proofs':12} {false_proofs}")
    _draw(runs, configuration, out / "curve")
    return ExitStatus.INCOMPLETE if false_proofs else ExitStatus.DONE


def _draw(runs: Mapping[SearchKind, Path], configuration: ProverConfiguration, path: Path) -> None:
    try:
        draw_curve(runs, configuration.timeout_s, path)
    except ConfigError as error:
        note(str(error))


async def prove_set(
    wanted: Wanted, data: DataSet, configuration: ProverConfiguration, out: Path
) -> Mapping[str, object]:
    """One run into a folder, from its beginning or from where it was left; gives its summary."""
    folder = wanted.project or wanted.data
    project = find_project(folder)
    settings = benchmark_settings(with_assignments(await settings_for(folder, wanted.lean), wanted.assignments))
    toolchain = await find_lean(folder, settings)
    provers = EngineProvers(
        folder=project.root,
        settings=settings,
        configuration=configuration,
        plain=plain_lean(project, toolchain, frozenset(settings.allowed_axioms)),
        traces=out / TRACES if wanted.traces else None,
    )
    pool, size = open_pool(wanted.place, provers, next(data.items()).text, settings.lean_memory_mb)
    record = RunRecord(
        kind="prove",
        data=data_fields(data),
        configuration=configuration.as_fields(),
        settings=settings_fields(settings),
        lean=str(toolchain.version),
        program=program_version(),
        machine={**machine_fields(), **size},
    )
    run = ProveRun(data=data, configuration=configuration, record=record)
    with imports_of(wanted.project):
        await _run(run, pool, out, restart=wanted.restart)
    return read_object(out / SUMMARY_FILE)


async def _run(run: ProveRun, pool: Pool[AttemptTask, Attempt], out: Path, *, restart: bool) -> None:
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
