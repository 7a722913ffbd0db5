"""`bench`: benchmarks, and where their figures go."""

import json
from pathlib import Path

import click
from attrs import evolve

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import lean_option
from lean_sidekick.cli.bench_premises import premises
from lean_sidekick.cli.engines import engine_for, settings_for
from lean_sidekick.cli.output import StatusLine, note, write_line
from lean_sidekick.cli.places import read_lean_file
from lean_sidekick.cli.prove import result_fields
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.errors import ConfigError, InputError
from lean_sidekick.engine.api import ProofStatus
from lean_sidekick.engine.session import find_lean, start_verifier
from lean_sidekick.evaluation.items import read_items
from lean_sidekick.evaluation.plots import plot_proved
from lean_sidekick.evaluation.prove_run import ProveRun, attempts, machine, write_run
from lean_sidekick.evaluation.verify_run import Cell, VerifyBench


@click.group("bench", short_help="Run a benchmark.")
def command() -> None:
    """Run a benchmark and write its figures."""


command.add_command(premises)


@command.command("prove")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--timeout", type=click.FloatRange(0.1, 3600), default=10.0, show_default=True, help="Seconds a theorem.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("bench-prove"), show_default=True, help="Folder.")
@click.option("--every", type=click.IntRange(1), default=1, show_default=True, help="Only every Nth theorem.")
@lean_option
def prove(data: Path, timeout: float, out: Path, every: int, lean_path: str | None) -> int:
    """Prove the theorems of DATA (JSON lines) and judge every proof by a plain run of Lean."""
    return run_async(_prove(data, timeout, out, every, lean_path))


async def _prove(data: Path, timeout: float, out: Path, every: int, lean: str | None) -> int:
    items = read_items(data)[::every]
    settings = evolve(await settings_for(data, lean), cache_outcomes=False)  # what is remembered is not measured
    found = await find_lean(data, settings)
    run = ProveRun(
        items=items,
        data_name=data.name,
        timeout_s=timeout,
        lean=found.lean_command,
        lean_version=str(found.version),
        allowed_axioms=frozenset(settings.allowed_axioms),
    )
    status = StatusLine()
    proved = done = 0
    async with engine_for(data, settings) as engine:
        async for judged in write_run(run, attempts(run, engine, out), out, result_fields):
            done += 1
            proved += judged.result.status is ProofStatus.PROVED and judged.falsehood is None
            if judged.falsehood is not None:
                note(f"FALSE PROOF of {judged.item.name}: {judged.falsehood}")
            status.show(f"{done} of {len(items)}, {proved} proved")
    status.clear()
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    for key in ("theorems", "proved", "proved_at", "seconds_p50", "checks_total", "refused_by_final_check"):
        write_line(f"{key:24} {summary[key]}")
    write_line(f"{'false_proofs':24} {summary['false_proofs']}")
    try:
        plot_proved(summary, out / "proved.png")
    except ConfigError as error:
        note(str(error))
    return ExitStatus.DONE if proved == len(items) else ExitStatus.INCOMPLETE


@command.command("verify")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--rounds", type=click.IntRange(2), default=20, show_default=True, help="Rounds of each cell.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("bench-verify"), show_default=True, help="Folder.")
@lean_option
def verify(data: Path, rounds: int, out: Path, lean_path: str | None) -> int:
    """Measure what checks cost, with the tactics of DATA (one a line)."""
    return run_async(_verify(data, rounds, out, lean_path))


async def _verify(data: Path, rounds: int, out: Path, lean: str | None) -> int:
    tactics = tuple(line for line in read_lean_file(data).text.split("\n") if line.strip())
    if not tactics:
        raise InputError(f"{data} holds no tactic.")
    settings = await settings_for(data, lean)
    found = await find_lean(data, settings)
    write_line(f"{'way':8} {'prefix':>6} {'candidates':>10} {'checks/s':>9} {'p50 ms':>8} {'p95 ms':>8} contradicted")

    def show(cell: Cell) -> None:
        row = cell.row()
        write_line(
            f"{cell.way:8} {cell.prefix:6} {cell.count:10} {row['checks_per_second']:9} "
            f"{row['ms_per_check_p50']:8} {row['ms_per_check_p95']:8} {cell.contradicted}"
        )

    verifier = await start_verifier(data, settings)
    try:
        bench = VerifyBench(verifier=verifier, tactics=tactics, rounds=rounds, on_cell=show)
        figures = await bench.run(data.absolute().parent.as_uri())
    finally:
        await verifier.close()
    figures = {**figures, "lean": f"Lean {found.version}", "tactics": data.name, "machine": machine()}
    for name in ("overhead_over_lean_p50", "worker_memory_mb", "checks", "contradicted"):
        write_line(f"{name:24} {figures[name]}")
    out.mkdir(parents=True, exist_ok=True)
    (out / "verify.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return ExitStatus.DONE if figures["contradicted"] == 0 else ExitStatus.INCOMPLETE
