"""The plot of a training run: loss and scores against updates. matplotlib is imported only to draw."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.errors import ConfigError


def read_metrics(path: Path) -> list[Mapping[str, float]]:
    """The figures of a run, in order; a run that was resumed has some steps twice, of which the last ones hold."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    by_place = {(row["step"], tuple(sorted(row))): row for row in rows}
    return sorted(by_place.values(), key=lambda row: row["step"])


@frozen(kw_only=True)
class Scores:
    """The right half of the plot: shares (0 to 1) of a run's figures by their labels, and what they are to beat."""

    axis: str
    curves: Mapping[str, str]
    baselines: Mapping[str, float]


def draw_run(rows: Sequence[Mapping[str, float]], loss_axis: str, scores: Scores, title: str, path: Path) -> None:
    """Draws a run to a PNG file. Raises ConfigError."""
    try:
        import matplotlib
    except ImportError:
        raise ConfigError("No plot was drawn: matplotlib is missing (pip install matplotlib).") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (loss, score) = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for name, label in (("loss", "trained on"), ("eval_loss", "held out")):
        points = [(row["step"], row[name]) for row in rows if name in row]
        loss.plot(*zip(*points, strict=True) if points else ([], []), marker=".", label=label)
    loss.set_ylabel(loss_axis)
    for name, label in scores.curves.items():
        points = [(row["step"], 100 * row[name]) for row in rows if name in row]
        score.plot(*zip(*points, strict=True) if points else ([], []), marker="o", label=label)
    for (label, value), style in zip(scores.baselines.items(), ("dotted", "dashed", "dashdot"), strict=False):
        score.axhline(100 * value, color="grey", linestyle=style, label=label)
    score.set_ylabel(scores.axis)
    for axes in (loss, score):
        axes.set_xlabel("updates")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    figure.suptitle(title, fontsize=10)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
