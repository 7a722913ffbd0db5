"""Figures of benchmark runs, as PNG and SVG; matplotlib is imported only here, and only to draw.

Colours are told apart by people who do not see red and green; lines differ in style too.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from attrs import frozen

from lean_sidekick.core.errors import ConfigError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_STYLES = ("-", "--", "-.", ":")


@frozen(kw_only=True)
class Curve:
    """The costs at which theorems were proved, out of `theorems`, up to `limit`; costs are sorted."""

    label: str
    costs: Sequence[float]
    theorems: int
    limit: float


def draw_curves(curves: Sequence[Curve], axis: str, start: float) -> "Figure":
    """The share proved against a cost from `start` on, as step curves. Raises ConfigError without matplotlib."""
    figure, axes = _new_figure()
    for index, curve in enumerate(curves):
        xs = [start, *(max(start, cost) for cost in curve.costs), curve.limit]
        shares = [100 * count / curve.theorems for count in range(len(curve.costs) + 1)]
        axes.step(
            xs,
            [*shares, shares[-1]],
            where="post",
            label=curve.label,
            color=_COLOURS[index % len(_COLOURS)],
            linestyle=_STYLES[index % len(_STYLES)],
        )
    axes.set_xscale("log")
    axes.set_xlim(start, max(curve.limit for curve in curves))
    axes.set_ylim(0, 100)
    axes.set_xlabel(axis)
    axes.set_ylabel("proved (%)")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", fontsize=9, frameon=False)
    return figure


def draw_generation(rows: Sequence[Mapping[str, object]]) -> "Figure":
    """Milliseconds to the last candidate against candidates, ours and plain `generate`'s; rows are those of
    `bench generate`. Raises ConfigError without matplotlib."""
    figure, axes = _new_figure()
    for index, name in enumerate(dict.fromkeys(row["model"] for row in rows)):
        own = [row for row in rows if row["model"] == name]
        colour = _COLOURS[index % len(_COLOURS)]
        counts = [cast(int, row["goals"]) * cast(int, row["candidates_a_goal"]) for row in own]
        for key, style, label in (
            ("p50_ms", "-", f"{name}"),
            ("plain_generate_p50_ms", ":", f"{name}, plain generate"),
        ):
            axes.plot(
                counts, [cast(float, row[key]) for row in own], style, color=colour, marker="o", ms=3, label=label
            )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlabel("candidates")
    axes.set_ylabel("ms, request to last candidate (p50)")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, frameon=False)
    return figure


def save(figure: "Figure", path: Path) -> None:
    """Writes `path` with the endings .png and .svg; equal figures are equal files."""
    figure.savefig(path.with_suffix(".png"), dpi=150)
    figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})


def _new_figure() -> "tuple[Figure, Axes]":
    try:
        import matplotlib
        from matplotlib.figure import Figure as NewFigure
    except ImportError:
        raise ConfigError("No figure was drawn: matplotlib is missing (pip install 'lean-sidekick[bench]').") from None
    matplotlib.rcParams["svg.hashsalt"] = "lean-sidekick"
    matplotlib.rcParams["svg.fonttype"] = "none"
    figure = NewFigure(figsize=(6.4, 3.8), layout="constrained")
    return figure, figure.add_subplot()
