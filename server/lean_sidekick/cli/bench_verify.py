"""`bench verify`: what checks cost, by the way they are packed."""

import json
from collections.abc import Mapping
from pathlib import Path

import click

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import lean_option, out_option
from lean_sidekick.cli.engines import settings_for
from lean_sidekick.cli.output import StatusLine, note, write_line
from lean_sidekick.cli.places import read_lean_file
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.errors import InputError
from lean_sidekick.engine.session import find_lean, start_verifier
from lean_sidekick.evaluation.configuration import machine_fields
from lean_sidekick.evaluation.data_sets import Selection, open_data_set
from lean_sidekick.evaluation.verify_agreement import Agreement
from lean_sidekick.evaluation.verify_run import Cell, VerifyBench
from lean_sidekick.settings.settings import Settings
from lean_sidekick.verify.runner import RunnerVerifier


@click.command("verify", short_help="Measure what a check costs.")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--rounds", type=click.IntRange(2), default=20, show_default=True, help="Rounds of each cell.")
@click.option(
    "--statements",
    type=click.Path(path_type=Path),
    help="Compare verdicts instead: every way against one-by-one checking, at the theorems of this file (JSON lines).",
)
@click.option(
    "--checks", type=click.IntRange(1), default=10_000, show_default=True, help="With --statements: checks to compare."
)
@out_option("bench-verify")
@lean_option
def command(data: Path, rounds: int, statements: Path | None, checks: int, out: Path, lean_path: str | None) -> int:
    """Measure what checks cost, with the tactics of DATA (one a line)."""
    if statements is None:
        return run_async(_measure(data, rounds, out, lean_path))
    return run_async(_compare(data, statements, checks, out, lean_path))


async def _measure(data: Path, rounds: int, out: Path, lean: str | None) -> int:
    tactics = _read_tactics(data)
    settings = await settings_for(data, lean)
    write_line(f"{'way':8} {'prefix':>6} {'candidates':>10} {'checks/s':>9} {'p50 ms':>8} {'p95 ms':>8} contradicted")

    def show(cell: Cell) -> None:
        row = cell.row()
        write_line(
            f"{cell.way:8} {cell.prefix:6} {cell.count:10} {row['checks_per_second']:9} "
            f"{row['ms_per_check_p50']:8} {row['ms_per_check_p95']:8} {cell.contradicted}"
        )

    verifier = await _start(data, settings)
    try:
        bench = VerifyBench(verifier=verifier, tactics=tactics, rounds=rounds, on_cell=show)
        figures = await bench.run(data.absolute().parent.as_uri())
    finally:
        await verifier.close()
    counts = {"checks": figures.checks, "contradicted": figures.contradicted}
    memory = {f"worker memory, MB: {way}": size for way, size in figures.memory_mb.items()}
    for name, figure in {**figures.goals, **memory, **counts}.items():
        write_line(f"{name:50} {figure}")
    await _write(figures.fields(), data, settings, out / "verify.json")
    return ExitStatus.DONE if figures.contradicted == 0 else ExitStatus.INCOMPLETE


async def _compare(data: Path, statements: Path, checks: int, out: Path, lean: str | None) -> int:
    tactics = _read_tactics(data)
    items = open_data_set(statements, Selection(), None).items()
    settings = await settings_for(data, lean)
    status = StatusLine()
    verifier = await _start(data, settings)
    try:
        agreement = Agreement(
            verifier=verifier,
            tactics=tactics,
            checks=checks,
            on_item=lambda item, done: status.show(f"{done} checks; {item.name}"),
        )
        figures = await agreement.run(items, data.absolute().parent.as_uri())
    finally:
        await verifier.close()
        status.clear()
    for name, figure in figures.items():
        write_line(f"{name:24} {figure}")
    for found in agreement.contradictions:
        note(f"CONTRADICTED at {found.item}: `{found.candidate}` {found.way}: {found.said}; alone: {found.alone}")
    await _write({**figures, "statements_file": statements.name}, data, settings, out / "agreement.json")
    return ExitStatus.DONE if figures["contradicted"] == 0 else ExitStatus.INCOMPLETE


def _read_tactics(data: Path) -> tuple[str, ...]:
    tactics = tuple(line for line in read_lean_file(data).text.split("\n") if line.strip())
    if not tactics:
        raise InputError(f"{data} holds no tactic.")
    return tactics


async def _start(data: Path, settings: Settings) -> RunnerVerifier:
    return RunnerVerifier(await start_verifier(data, settings), workers=settings.lean_threads)


async def _write(figures: Mapping[str, object], data: Path, settings: Settings, path: Path) -> None:
    found = await find_lean(data, settings)
    whole = {**figures, "lean": f"Lean {found.version}", "tactics": data.name, "machine": machine_fields()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
