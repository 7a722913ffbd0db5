"""What every `train` command says of a finished run: its figures as lines, its curves as a plot in its folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lean_sidekick.cli.output import note, write_line
from lean_sidekick.core.errors import ConfigError
from lean_sidekick.training.curves import Scores, draw_run, read_metrics
from lean_sidekick.training.plan import METRICS_FILE

_PLOT = "training.png"


def show_figures(summary: Mapping[str, Any], names: Sequence[str]) -> None:
    """Writes some figures of a summary, a line each."""
    for name in names:
        show_figure(name, str(summary[name]))


def show_figure(name: str, text: str) -> None:
    """Writes one figure."""
    write_line(f"{name:24} {text}")


def draw_plot(run: Path, loss_axis: str, scores: Scores, title: str) -> None:
    """Draws the plot of a run into its folder; where that cannot be, says why and goes on: the figures stand."""
    try:
        draw_run(read_metrics(run / METRICS_FILE), loss_axis, scores, title, run / _PLOT)
    except ConfigError as error:
        note(str(error))
