"""What every training run does beside learning: its figures go to a file as they come, and it ends in time."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback


class RecordCallback(TrainerCallback):
    """Writes every figure of the run to a file, as it comes."""

    def __init__(self, path: Path, report: Callable[[str], None]) -> None:
        self._path = path
        self._report = report

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, float] | None = None, **_: Any) -> None:
        """Appends the figures of this moment."""
        figures = {"step": state.global_step, "epoch": state.epoch, **(logs or {})}
        with self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(figures) + "\n")
        self._report(
            "  ".join(f"{name} {value:.4g}" for name, value in figures.items() if isinstance(value, int | float))
        )


class DeadlineCallback(TrainerCallback):
    """Ends the training when its time is over, with an evaluation and a checkpoint."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Looks at the clock."""
        if self._end is not None and time.monotonic() > self._end:
            control.should_training_stop = control.should_evaluate = control.should_save = True
