"""`bench verify`: what checks cost, by the way they are packed."""

import json
from pathlib import Path

import click

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import lean_option, out_option
from lean_sidekick.cli.engines import settings_for
from lean_sidekick.cli.output import write_line
from lean_sidekick.cli.places import read_lean_file
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.errors import InputError
from lean_sidekick.engine.session import find_lean, start_verifier
from lean_sidekick.evaluation.configuration import machine_fields
from lean_sidekick.evaluation.verify_run import Cell, VerifyBench


@click.command("verify", short_help="Measure what a check costs.")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--rounds", type=click.IntRange(2), default=20, show_default=True, help="Rounds of each cell.")
@out_option("bench-verify")
@lean_option
def command(data: Path, rounds: int, out: Path, lean_path: str | None) -> int:
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
    figures = {**figures, "lean": f"Lean {found.version}", "tactics": data.name, "machine": machine_fields()}
    for name in ("overhead_over_lean_p50", "worker_memory_mb", "checks", "contradicted"):
        write_line(f"{name:24} {figures[name]}")
    out.mkdir(parents=True, exist_ok=True)
    (out / "verify.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return ExitStatus.DONE if figures["contradicted"] == 0 else ExitStatus.INCOMPLETE
