"""Finished runs as a report reads them, and which of them may stand side by side.

Runs are comparable if they are of one kind, over the same items, with the same budget. Everything else that differs
between comparable runs is what the report is about, and is named.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.run_folder import RECORD_FILE, RESULTS_FILE, SUMMARY_FILE, read_object
from lean_sidekick.storage.json_lines import Record, read_records

KINDS = ("prove", "effort")
_BUDGET = ("timeout_s", "check_limit", "attempts", "ask")
_SET = ("name", "sha256", "split", "every")


@frozen(kw_only=True)
class Run:
    """A finished run; `label` is its name in the report and no other run's; the rest is JSON as the run
    wrote it."""

    label: str
    path: Path
    kind: str
    data: Mapping[str, Any]
    configuration: Mapping[str, Any]
    record: Mapping[str, Any]
    summary: Mapping[str, Any]

    def rows(self) -> Iterator[Record]:
        """The rows of the theorems."""
        return read_records(self.path / RESULTS_FILE)

    @property
    def items(self) -> str:
        """What it was run over, in words."""
        split = f", split {self.data['split']}" if self.data.get("split") else ""
        every = f", one in {self.data['every']}" if self.data.get("every", 1) != 1 else ""
        return f"{self.data.get('name')}{split}{every} ({self.data.get('theorems')} theorems)"

    @property
    def budget(self) -> str:
        """What a theorem may cost, in words."""
        configuration = self.configuration
        words = [f"{configuration.get('timeout_s'):g} s"]
        if configuration.get("check_limit", 1_000_000) != 1_000_000:
            words.append(f"{configuration['check_limit']} checks")
        if configuration.get("attempts", 1) != 1:
            words.append(f"{configuration['attempts']} attempts")
        if "ask" in configuration:
            words.append(f"asked to {configuration['ask']}")
        return ", ".join(words)

    @property
    def comparable_by(self) -> tuple[object, ...]:
        """Runs with equal values may stand side by side."""
        return (
            self.kind,
            tuple(self.data.get(name) for name in _SET),
            tuple(self.configuration.get(name) for name in _BUDGET),
        )

    def choices(self) -> dict[str, str]:
        """Everything else that may differ between comparable runs, by name."""
        found = {name: value for name, value in self.configuration.items() if name not in _BUDGET}
        settings = self.record.get("settings")
        found |= settings if isinstance(settings, Mapping) else {}
        found |= {name: self.record.get(name) for name in ("lean", "program")}
        machine = self.record.get("machine")
        found |= machine if isinstance(machine, Mapping) else {}
        return {name: _plain(value) for name, value in found.items()}


def read_run(path: Path, label: str) -> Run:
    """A finished run. Raises InputError for a folder without one."""
    if not (path / RECORD_FILE).is_file():
        raise InputError(f"{path} holds no run of `bench prove` or `bench effort`: there is no {RECORD_FILE} in it.")
    record = read_object(path / RECORD_FILE)
    if not (path / SUMMARY_FILE).is_file():
        raise InputError(f"The run in {path} is not finished: the command that began it goes on with it.")
    kind, data, configuration = (record.get(name) for name in ("kind", "data", "configuration"))
    if kind not in KINDS or not isinstance(data, Mapping) or not isinstance(configuration, Mapping):
        raise InputError(f"{path / RECORD_FILE} is no record of `bench prove` or `bench effort`.")
    return Run(
        label=label,
        path=path,
        kind=str(kind),
        data=data,
        configuration=configuration,
        record=record,
        summary=read_object(path / SUMMARY_FILE),
    )


def read_runs(paths: Sequence[Path]) -> list[Run]:
    """Finished runs; a folder of runs (that of `--curve`, say) stands for those in it. Raises InputError."""
    folders: list[Path] = []
    for path in paths:
        inside = sorted(file.parent for file in path.glob(f"*/{RECORD_FILE}")) if path.is_dir() else []
        folders += [path] if (path / RECORD_FILE).is_file() or not inside else inside
    return [read_run(folder, label) for folder, label in zip(folders, _labels(folders), strict=True)]


def _labels(folders: Sequence[Path]) -> list[str]:
    """The shortest ends of the paths that tell them apart."""
    resolved = [folder.absolute().parts for folder in folders]
    for length in range(1, 1 + max((len(parts) for parts in resolved), default=0)):
        labels = ["/".join(parts[-length:]) for parts in resolved]
        if len(set(labels)) == len(labels):
            return labels
    raise InputError("A run was named twice.")


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def group_comparable(runs: Sequence[Run]) -> list[list[Run]]:
    """The runs in groups that may stand side by side, in the order in which they were named."""
    groups: dict[tuple[object, ...], list[Run]] = {}
    for run in runs:
        groups.setdefault(run.comparable_by, []).append(run)
    return list(groups.values())


def differing_choices(runs: Sequence[Run]) -> dict[str, list[str]]:
    """What differs between comparable runs: name, and the value of each run."""
    choices = [run.choices() for run in runs]
    names = list(dict.fromkeys(name for choice in choices for name in choice))
    values = {name: [choice.get(name, "not set") for choice in choices] for name in names}
    return {name: found for name, found in values.items() if len(set(found)) > 1}
