"""The plot of a training run: loss and exact match against updates. matplotlib is imported only to draw."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from lean_sidekick.core.errors import ConfigError


def read_metrics(path: Path) -> list[Mapping[str, float]]:
    """The figures of a run, in order; a run that was resumed has some steps twice, of which the last ones hold."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    by_place = {(row["step"], tuple(sorted(row))): row for row in rows}
    return sorted(by_place.values(), key=lambda row: row["step"])


def draw_run(rows: Sequence[Mapping[str, float]], baseline: float, title: str, path: Path) -> None:
    """Draws a run to a PNG file; `baseline` is the exact match of the most frequent tactic. Raises ConfigError."""
    try:
        import matplotlib
    except ImportError:
        raise ConfigError("No plot was drawn: matplotlib is missing (pip install matplotlib).") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (loss, exact) = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for name, label in (("loss", "trained on"), ("eval_loss", "held out")):
        points = [(row["step"], row[name]) for row in rows if name in row]
        loss.plot(*zip(*points, strict=True) if points else ([], []), label=label)
    loss.set_ylabel("loss (nats a token)")
    for name, label in (("eval_exact_match", "first"), ("eval_exact_match_at_8", "one of eight")):
        points = [(row["step"], 100 * row[name]) for row in rows if name in row]
        exact.plot(*zip(*points, strict=True) if points else ([], []), marker="o", label=label)
    exact.axhline(100 * baseline, color="grey", linestyle=":", label="most frequent tactic")
    exact.set_ylabel("exact match, modules held out (%)")
    for axes in (loss, exact):
        axes.set_xlabel("updates")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    figure.suptitle(title, fontsize=10)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
