"""Plots of benchmark runs; matplotlib is imported only here, and only to draw."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from lean_sidekick.core.errors import ConfigError


def plot_proved(summary: Mapping[str, object], path: Path) -> None:
    """The share proved against seconds, as a step curve. Raises ConfigError without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        raise ConfigError("No plot was drawn: matplotlib is missing (pip install matplotlib).") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    times = cast("list[float]", summary["seconds_all"])
    theorems = cast(int, summary["theorems"])
    limit = cast(float, summary["timeout_s"])
    figure, axes = pyplot.subplots(figsize=(6, 3.6), layout="constrained")
    steps = [0.0, *times, limit]
    shares = [100 * i / theorems for i in range(len(times) + 1)]
    axes.step(steps, [*shares, shares[-1]], where="post", color="tab:blue")
    axes.set_xscale("log")
    axes.set_xlim(0.05, limit)
    axes.set_ylim(0, 100)
    axes.set_xlabel("seconds a theorem")
    axes.set_ylabel("proved (%)")
    axes.set_title(f"{summary['data']}: {summary['proved']} of {theorems} at {limit:g} s", fontsize=10)
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
