"""`bench generate`: what candidates from a model cost."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import click
from attrs import evolve

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import out_option
from lean_sidekick.cli.output import StatusLine, note, write_line
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.errors import ConfigError
from lean_sidekick.evaluation.generate_run import CASES, Case, GenerateBench
from lean_sidekick.evaluation.generation_results import GenerationResults
from lean_sidekick.evaluation.plots import draw_generation, save
from lean_sidekick.model_worker.messages import Device, Precision

_DEFAULT = ("byt5-small", "byt5-small-premises", "decoder-1.5b", "decoder-7b")


@click.command("generate", short_help="Measure what candidates from a model cost.")
@click.argument("shapes", nargs=-1, type=click.Choice(list(CASES)))
@click.option("--batch", multiple=True, type=click.IntRange(1), help="Candidates a goal; may be repeated.")
@click.option("--goals", type=click.IntRange(1), default=1, show_default=True, help="Goals asked together.")
@click.option("--rounds", type=click.IntRange(1), default=20, show_default=True, help="Rounds of each cell.")
@click.option("--prompt-bytes", type=click.IntRange(1), help="Bytes of a goal, for each shape its own if not given.")
@click.option(
    "--new-tokens", type=click.IntRange(1), help="Tokens of a candidate, for each shape its own if not given."
)
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
    prompt_bytes: int | None,
    new_tokens: int | None,
    device: str,
    precision: str,
    weights: Path | None,
    out: Path,
) -> int:
    """Measure generation with random weights of true size, beside plain `model.generate` in the same run.

    Without SHAPES: ByT5-small with and without premises, and decoders of 1.5B and 7B, which want a GPU. What the
    results hold already is not measured again.
    """
    cases = [_sized(CASES[shape], prompt_bytes, new_tokens) for shape in shapes or _DEFAULT]
    sizes = [(goals, rows) for rows in batch or (1, 2, 4, 8, 16, 32, 64)]
    results = GenerationResults.open(out, {"device": device, "precision": precision, "rounds": rounds})
    status = StatusLine()

    def bench(folder: Path) -> GenerateBench:
        return GenerateBench(
            folder=folder, device=Device(device), precision=Precision(precision), rounds=rounds, tell=status.show
        )

    if weights is not None:
        return run_async(_run(cases, sizes, bench(weights), results, status))
    with tempfile.TemporaryDirectory(prefix="lean-sidekick-weights-") as folder:
        return run_async(_run(cases, sizes, bench(Path(folder)), results, status))


def _sized(case: Case, prompt_bytes: int | None, new_tokens: int | None) -> Case:
    return evolve(case, prompt_bytes=prompt_bytes or case.prompt_bytes, new_tokens=new_tokens or case.new_tokens)


async def _run(
    cases: Sequence[Case],
    sizes: Sequence[tuple[int, int]],
    bench: GenerateBench,
    results: GenerationResults,
    status: StatusLine,
) -> int:
    write_line(
        f"{'model':20} {'goals':>5} {'each':>4} {'p50 ms':>9} {'p95 ms':>9} {'plain ms':>9} {'ratio':>6} {'cand./s':>8}"
    )
    for row in results.rows:
        _write(row)
    try:
        for case in cases:
            left = [size for size in sizes if not results.has(case, *size)]
            if not left:
                continue
            async with aclosing(bench.cells(case, left)) as found:
                async for cell in found:
                    results.add(cell, bench.loaded[case.name])
                    status.clear()
                    _write(results.rows[-1])
    finally:
        status.clear()
    for name, report in bench.loaded.items():
        write_line(
            f"{name}: {report.parameters / 1e6:.0f} M weights in {report.precision} on {report.device}, memory "
            f"{report.memory_before_mb:.0f} MB before, {report.memory_after_mb:.0f} MB after loading"
        )
    try:
        save(draw_generation(results.rows), results.path.with_suffix(""))
    except ConfigError as error:
        note(str(error))
    return ExitStatus.DONE


def _write(row: Mapping[str, Any]) -> None:
    write_line(
        f"{row['model']:20} {row['goals']:5} {row['candidates_a_goal']:4} {row['p50_ms']:9} {row['p95_ms']:9} "
        f"{row['plain_generate_p50_ms']:9} {row['ratio_to_plain_generate']:6} {row['candidates_per_second']:8}"
    )
