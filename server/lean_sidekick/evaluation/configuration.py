"""What a benchmark run is made with, as values that are stored in its result.

`ProverConfiguration` names every choice that can change what is proved. `RunRecord` adds the data, the versions and the
machine. Two runs whose records agree in `identity` may be continued one by the other; anything else makes them
different runs.
"""

import hashlib
import os
import platform
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from attrs import asdict, evolve, fields, frozen

import lean_sidekick
from lean_sidekick.core.budget import Budget
from lean_sidekick.evaluation.data_sets import DataSet
from lean_sidekick.search.options import Part, SearchKind, SearchOptions
from lean_sidekick.settings.settings import Settings

CHECK_LIMIT = 1_000_000
_NOT_RECORDED = frozenset({"lean_path"})
_FILES = frozenset({"search_value_file", "models_cards"})
_SERVERS = frozenset({"models_remote_endpoints"})


@frozen(kw_only=True)
class ProverConfiguration:
    """A prover with its budget, for one theorem: `attempts` independent tries of `timeout_s` seconds and `check_limit`
    checks each, with seeds drawn from `seed`.

    What settings decide (models above all) stands in a run's record beside it. Whoever adds a choice that is no setting
    adds a field here, an option to `cli/bench_prove.py` and its use in `search_options`.
    """

    timeout_s: float
    check_limit: int = CHECK_LIMIT
    attempts: int = 1
    seed: int = 0
    search: SearchKind = SearchKind.BEST_FIRST
    temperature: float = 0.0
    without: frozenset[Part] = frozenset()

    def attempt_seed(self, attempt: int) -> int:
        """The seed of one attempt, the same in every run with this configuration."""
        return random.Random(f"{self.seed}/{attempt}").getrandbits(32)

    def search_options(self, base: SearchOptions, seed: int) -> SearchOptions:
        """How the engine is to search in an attempt with this seed; `base` is how the settings say to search."""
        return evolve(base, kind=self.search, seed=seed, temperature=self.temperature, without=self.without)

    def budget(self) -> Budget:
        """A new budget for one attempt."""
        return Budget(seconds=self.timeout_s, checks=self.check_limit)

    def as_fields(self) -> dict[str, object]:
        """The configuration as JSON has it."""
        return {
            **asdict(self),
            "search": self.search.value,
            "without": sorted(part.value for part in self.without),
        }


@frozen(kw_only=True)
class RunRecord:
    """Everything that is known of a run before it begins; `kind` is the benchmark's name."""

    kind: str
    data: Mapping[str, object]
    configuration: Mapping[str, object]
    settings: Mapping[str, object]
    lean: str
    program: str
    machine: Mapping[str, object]

    @property
    def identity(self) -> Mapping[str, object]:
        """What must agree for a run to be continued; the machine may be another."""
        return {name: value for name, value in asdict(self).items() if name != "machine"}


def data_fields(data: DataSet) -> dict[str, object]:
    """A data set as a run's record has it; the file is named without its folder."""
    return {
        "name": data.path.name,
        "format": data.kind.value,
        "sha256": data.digest,
        "split": data.selection.split,
        "every": data.selection.every,
        "theorems": data.count,
        "known_defective": data.defective,
        "origins": [asdict(origin) for origin in data.origins],
    }


def settings_fields(settings: Settings) -> dict[str, object]:
    """The settings that are not the default. Results are for other people, so places of this machine are left out:
    of files the name and a digest are recorded, of servers their number."""
    plain = Settings()
    changed = {
        attribute.name: getattr(settings, attribute.name)
        for attribute in fields(Settings)
        if attribute.name not in _NOT_RECORDED and getattr(settings, attribute.name) != getattr(plain, attribute.name)
    }
    for name in _FILES & changed.keys():
        path = Path(changed[name])
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else "no file"
        changed[name] = f"{path.name} ({digest})"
    for name in _SERVERS & changed.keys():
        changed[name] = f"{len(changed[name])} servers"
    return changed


@cache
def program_version() -> str:
    """The version with a digest of the package's sources: a run is not continued by another program."""
    package = Path(lean_sidekick.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{lean_sidekick.__version__} {digest.hexdigest()[:12]}"


def machine_fields() -> dict[str, object]:
    """The machine: system, processor, cores, memory and Python."""
    import psutil

    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
