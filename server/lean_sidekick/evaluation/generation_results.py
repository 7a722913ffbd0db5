"""The file of a `bench generate` run: every cell is on disk once it is measured, and a run that was ended goes on.

Cells are times of one machine with one set of settings; a file of another machine or other settings is refused, never
mixed with new figures.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import define, field

from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.configuration import machine_fields
from lean_sidekick.evaluation.generate_run import Case, Cell
from lean_sidekick.evaluation.kept_files import replacing
from lean_sidekick.model_worker.messages import LoadReport

RESULTS_FILE = "generate.json"


@define
class GenerationResults:
    """What was measured so far; `settings` are those of the run."""

    path: Path
    settings: Mapping[str, object]
    models: dict[str, Mapping[str, object]] = field(factory=dict, init=False)
    rows: list[Mapping[str, Any]] = field(factory=list, init=False)

    @classmethod
    def open(cls, folder: Path, settings: Mapping[str, object]) -> "GenerationResults":
        """The results in a folder, which is made if it is not there. Raises InputError for those of another run."""
        folder.mkdir(parents=True, exist_ok=True)
        results = cls(folder / RESULTS_FILE, settings)
        if results.path.exists():
            results._read()
        return results

    def has(self, case: Case, goals: int, rows: int) -> bool:
        """Whether a cell was measured already."""
        wanted = (case.name, goals, rows, case.prompt_bytes, case.new_tokens)
        names = ("model", "goals", "candidates_a_goal", "prompt_bytes", "new_tokens")
        return any(tuple(row[name] for name in names) == wanted for row in self.rows)

    def add(self, cell: Cell, loaded: LoadReport) -> None:
        """Adds a cell and writes the file."""
        self.rows.append(cell.row())
        self.models[cell.case.name] = {
            "device": loaded.device,
            "precision": loaded.precision,
            "parameters": loaded.parameters,
            "load_seconds": round(loaded.seconds, 1),
            "memory_before_mb": round(loaded.memory_before_mb, 1),
            "memory_after_mb": round(loaded.memory_after_mb, 1),
        }
        figures = {"settings": self.settings, "models": self.models, "cells": self.rows, "machine": machine_fields()}
        with replacing(self.path) as file:
            file.write(json.dumps(figures, indent=1).encode() + b"\n")

    def _read(self) -> None:
        try:
            known = json.loads(self.path.read_text(encoding="utf-8"))
            settings, machine = known["settings"], known["machine"]
            self.models, self.rows = dict(known["models"]), list(known["cells"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{self.path} holds no results of this benchmark: name another --out. ({error})") from None
        if settings != dict(self.settings) or machine != machine_fields():
            raise InputError(
                f"{self.path} holds figures of another machine or other settings: name another --out, or delete it."
            )
