"""`bench prove --curve`: what the kinds of search prove at equal time.

Every kind is a run of its own, in a folder of its own, over the same theorems with the longest time; what it had proved
at a shorter time is read off the times of its proofs. That is the share that a run with the shorter time proves as far
as a search does not depend on how much time it has.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen

from lean_sidekick.evaluation.kept_files import replacing
from lean_sidekick.evaluation.metrics import wilson
from lean_sidekick.evaluation.plots import Curve, draw_curves, save
from lean_sidekick.evaluation.prove_run import proof_costs
from lean_sidekick.search.options import SearchKind

SECONDS = (1.0, 2.0, 5.0, 10.0, 60.0)
_AXIS_START_S = 0.05


@frozen(kw_only=True)
class Shares:
    """How many of `theorems` were proved within so many seconds."""

    theorems: int
    proved: Mapping[float, int]

    def as_fields(self) -> dict[str, object]:
        """The counts with shares and 95 % intervals of Wilson, as JSON has them."""
        rows: dict[str, object] = {}
        for limit, proved in self.proved.items():
            interval = wilson(proved, self.theorems)
            share = proved / self.theorems if self.theorems else 0.0
            values = {"share": share, "low": interval.low, "high": interval.high}
            rows[f"{limit:g}"] = {"proved": proved, **{name: round(value, 4) for name, value in values.items()}}
        return {"theorems": self.theorems, "proved_at": rows}


def write_curve(runs: Mapping[SearchKind, Path], timeout_s: float, out: Path) -> Mapping[str, "Shares"]:
    """Writes `curve.json` of finished runs: for each kind the share proved at some times, which it gives too."""
    limits = [seconds for seconds in SECONDS if seconds < timeout_s] + [timeout_s]
    figures = {kind.value: _shares(folder, limits) for kind, folder in runs.items()}
    with replacing(out / "curve.json") as file:
        fields = {name: shares.as_fields() for name, shares in figures.items()}
        file.write((json.dumps(fields, ensure_ascii=False, indent=1) + "\n").encode())
    return figures


def _shares(folder: Path, limits: Sequence[float]) -> "Shares":
    times, _, theorems = proof_costs(folder)
    return Shares(theorems=theorems, proved={limit: sum(time <= limit for time in times) for limit in limits})


def draw_curve(runs: Mapping[SearchKind, Path], timeout_s: float, path: Path) -> None:
    """Draws the share proved against seconds for every run, as PNG and SVG. Raises ConfigError without matplotlib."""
    curves = []
    for kind, folder in runs.items():
        times, _, theorems = proof_costs(folder)
        curves.append(Curve(label=kind.value, costs=times, theorems=theorems, limit=timeout_s))
    save(draw_curves(curves, "seconds a theorem", _AXIS_START_S), path)
