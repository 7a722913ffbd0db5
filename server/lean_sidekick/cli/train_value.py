"""`train value`: the value of goals for MCTS, fitted from traces of searches."""

from pathlib import Path

import click

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.output import write_line
from lean_sidekick.core.errors import InputError
from lean_sidekick.engine.trace_files import read_trace
from lean_sidekick.search.value import FEATURES, HandMadeValue, write_value


@click.command("value")
@click.argument("logs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=Path("value.json"), show_default=True, help="File.")
def command(logs: tuple[Path, ...], out: Path) -> int:
    """Fit the value of goals to LOGS, which `prove --trace` wrote, and say how good it is on what it was not fitted on.

    The setting search.valueFile makes searches use the file.
    """
    from lean_sidekick.training.value import examples_of, fit, judge_halves

    searches = [log for path in logs for log in read_trace(path)]
    examples = examples_of(searches, HandMadeValue())
    halves = judge_halves(examples)
    write_line(f"{len(searches)} searches, {len(examples)} goals that were tried")
    write_line(f"{'judged on':>10} {'goals':>6} {'proved':>6}   area: by hand, fitted   log-loss: by hand, fitted")
    for name, half in zip(("half 1", "half 2"), halves, strict=True):
        write_line(
            f"{name:>10} {half.examples:6} {half.proved:6} {half.hand_made.area:15.3f} {half.fitted.area:7.3f} "
            f"{half.hand_made.log_loss:19.3f} {half.fitted.log_loss:7.3f}"
        )
    value = fit(examples)
    for name, weight in sorted(zip(FEATURES, value.weights, strict=True), key=lambda row: -abs(row[1])):
        write_line(f"{name:>18} {weight:+.3f}")
    try:
        write_value(value, out)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}.") from None
    write_line(f"written: {out}")
    return ExitStatus.DONE
