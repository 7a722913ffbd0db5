"""`bench generate`: what candidates from a model cost."""

import json
import tempfile
from contextlib import aclosing
from pathlib import Path

import click

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import out_option
from lean_sidekick.cli.output import note, write_line
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.errors import ConfigError
from lean_sidekick.evaluation.configuration import machine_fields
from lean_sidekick.evaluation.generate_run import CASES, Cell, GenerateBench, summary
from lean_sidekick.evaluation.plots import draw_generation, save
from lean_sidekick.model_worker.messages import Device, Precision

_DEFAULT = ("byt5-small", "byt5-small-premises", "decoder-1.5b", "decoder-7b")


@click.command("generate", short_help="Measure what candidates from a model cost.")
@click.argument("shapes", nargs=-1, type=click.Choice(list(CASES)))
@click.option("--batch", multiple=True, type=click.IntRange(1), help="Candidates a goal; may be repeated.")
@click.option("--goals", type=click.IntRange(1), default=1, show_default=True, help="Goals asked together.")
@click.option("--rounds", type=click.IntRange(1), default=20, show_default=True, help="Rounds of each cell.")
@click.option("--device", type=click.Choice([d.value for d in Device]), default="auto", show_default=True)
@click.option("--precision", type=click.Choice([p.value for p in Precision]), default="auto", show_default=True)
@click.option(
    "--weights", type=click.Path(path_type=Path), help="Folder that keeps the random weights for the next run."
)
@out_option("bench-generate")
def command(
    shapes: tuple[str, ...],
    batch: tuple[int, ...],
    goals: int,
    rounds: int,
    device: str,
    precision: str,
    weights: Path | None,
    out: Path,
) -> int:
    """Measure generation with random weights of true size, beside plain `model.generate` in the same run.

    Without SHAPES: ByT5-small with and without premises, and decoders of 1.5B and 7B, which want a GPU.
    """
    sizes = [(goals, rows) for rows in batch or (1, 2, 4, 8, 16, 32, 64)]
    if weights is not None:
        return run_async(_run(shapes or _DEFAULT, sizes, _bench(weights, device, precision, rounds), out))
    with tempfile.TemporaryDirectory(prefix="lean-sidekick-weights-") as folder:
        return run_async(_run(shapes or _DEFAULT, sizes, _bench(Path(folder), device, precision, rounds), out))


def _bench(folder: Path, device: str, precision: str, rounds: int) -> GenerateBench:
    return GenerateBench(folder=folder, device=Device(device), precision=Precision(precision), rounds=rounds)


async def _run(shapes: tuple[str, ...], sizes: list[tuple[int, int]], bench: GenerateBench, out: Path) -> int:
    out.mkdir(parents=True, exist_ok=True)
    cells: list[Cell] = []
    write_line(
        f"{'model':20} {'goals':>5} {'each':>4} {'p50 ms':>9} {'p95 ms':>9} {'plain ms':>9} {'ratio':>6} {'cand./s':>8}"
    )
    for shape in shapes:
        async with aclosing(bench.cells(CASES[shape], sizes)) as found:
            async for cell in found:
                cells.append(cell)
                row = cell.row()
                write_line(
                    f"{shape:20} {cell.goals:5} {cell.rows:4} {row['p50_ms']:9} {row['p95_ms']:9} "
                    f"{row['plain_generate_p50_ms']:9} {row['ratio_to_plain_generate']:6} "
                    f"{row['candidates_per_second']:8}"
                )
                # A run of large models is long: what was measured is on disk as it comes.
                figures = {**summary(bench, cells), "machine": machine_fields()}
                (out / "generate.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for name, report in bench.loaded.items():
        write_line(
            f"{name}: {report.parameters / 1e6:.0f} M weights in {report.precision} on {report.device}, memory "
            f"{report.memory_before_mb:.0f} MB before, {report.memory_after_mb:.0f} MB after loading"
        )
    try:
        save(draw_generation([cell.row() for cell in cells]), out / "generate")
    except ConfigError as error:
        note(str(error))
    return ExitStatus.DONE
