"""How a Lean server is started: program, arguments, environment. Pure but for looking whether folders exist.

What is started never downloads and never builds: elan's shims are not used, Lake is kept from the network, and
the builders that old Leans run by themselves are hidden from them.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.errors import ImportsOutOfDate
from lean_sidekick.lean.gates import Gate, Gates
from lean_sidekick.lean.project import Project, find_missing_packages
from lean_sidekick.lean.toolchain import Toolchain

# Lean's own worker pool: with fewer, one tactic that does not end would stop everything.
MINIMUM_THREADS = 2
_NOWHERE = os.sep + "nonexistent"


@frozen(kw_only=True)
class Limits:
    """What Lean may use.

    `threads` is for each worker; `memory_mb` caps each worker (None: no cap); `niceness` is added to its
    priority number, so larger is more modest.
    """

    threads: int = 2
    memory_mb: int | None = None
    niceness: int = 10


def likely_gates(toolchain: Toolchain) -> Gates:
    """The gates as far as they are known before a server runs: Leans of 2021 came with `leanpkg`, releases do not."""
    is_early = toolchain.version.release <= (4, 0, 0) and toolchain.lean.with_name("leanpkg").is_file()
    return Gates.for_version(toolchain.version, is_early)


@frozen(kw_only=True)
class Command:
    """A process to start, with the folder and the environment it runs in.

    `data_limit_mb` is a limit for the operating system to set on its private memory, where it can.
    """

    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    niceness: int
    data_limit_mb: int | None = None


def server_command(project: Project, toolchain: Toolchain, limits: Limits, environment: Mapping[str, str]) -> Command:
    """The Lean server of a project: `lake serve` with a lakefile, else `lean --server`.

    Raises:
        ImportsOutOfDate: Lake would have to download packages first.
        ConfigError: Lake's manifest cannot be read.
    """
    gates = likely_gates(toolchain)
    options = _options(limits, gates)
    may_use_lake = gates.has(Gate.DEPENDENCY_BUILD_MODE) and project.lakefile is not None
    if may_use_lake and toolchain.lake is not None:
        _require_packages(project)
        arguments = (str(toolchain.lake), "serve", "--", *options)
    else:
        arguments = (*toolchain.lean_command, "--server", *options)
    reaches_workers = gates.has(Gate.MEMORY_OPTION_REACHES_WORKERS)
    return Command(
        arguments=arguments,
        folder=project.root,
        environment=_environment(project, toolchain, gates, environment),
        niceness=limits.niceness,
        data_limit_mb=None if reaches_workers else limits.memory_mb,
    )


def plain_command(project: Project, toolchain: Toolchain, environment: Mapping[str, str]) -> Command:
    """A run of `lean` on one file of a project, whose path goes behind the arguments: `lake env lean` with a lakefile.

    Raises:
        ImportsOutOfDate: Lake would have to download packages first.
        ConfigError: Lake's manifest cannot be read.
    """
    gates = likely_gates(toolchain)
    arguments = toolchain.lean_command
    if gates.has(Gate.DEPENDENCY_BUILD_MODE) and project.lakefile is not None and toolchain.lake is not None:
        _require_packages(project)
        arguments = (str(toolchain.lake), "env", *arguments)
    return Command(
        arguments=arguments,
        folder=project.root,
        environment=_environment(project, toolchain, gates, environment),
        niceness=0,
    )


def initialize_params(root: Path, client_version: str) -> dict[str, object]:
    """What `initialize` says to Lean, whatever its version; options that it does not know do no harm."""
    return {
        "processId": os.getpid(),
        "clientInfo": {"name": "lean-sidekick", "version": client_version},
        "rootUri": root.as_uri(),
        "capabilities": {
            "textDocument": {"publishDiagnostics": {"versionSupport": True}},
            "lean": {"silentDiagnosticSupport": True},
        },
        "initializationOptions": {"editDelay": 0, "hasWidgets": False},
    }


def _options(limits: Limits, gates: Gates) -> tuple[str, ...]:
    options = [f"-j{max(MINIMUM_THREADS, limits.threads)}"]
    if limits.memory_mb is not None:
        options.append(f"-M{limits.memory_mb}")
    if gates.has(Gate.REPORT_DELAY_OPTION):
        options.append("-Dserver.reportDelayMs=0")
    return tuple(options)


def _environment(
    project: Project, toolchain: Toolchain, gates: Gates, environment: Mapping[str, str]
) -> Mapping[str, str]:
    """The caller's environment, its `LEAN_PATH` included, made safe."""
    result = dict(environment)
    result["PATH"] = os.pathsep.join(filter(None, (str(toolchain.lean.parent), environment.get("PATH"))))
    # Lake fetches packages with git, and build results with a client of its own.
    result |= {"GIT_ALLOW_PROTOCOL": "file", "GIT_TERMINAL_PROMPT": "0", "LAKE_NO_CACHE": "true"}
    if not gates.has(Gate.DEPENDENCY_BUILD_MODE):
        # These Leans build a file's imports when it is opened: `LAKE` names their builder, the one of 2021 (leanpkg)
        # stands in the folder that LEAN_SYSROOT names. What is built already is found by LEAN_PATH.
        result["LAKE"] = _NOWHERE
        if gates.has(Gate.BUILDS_WITH_LEANPKG):
            result |= {"LEAN_SYSROOT": _NOWHERE, "LEAN_WORKER_PATH": str(toolchain.lean)}
        paths = [environment.get("LEAN_PATH"), *map(str, _built_folders(project))]
        result["LEAN_PATH"] = os.pathsep.join(filter(None, paths))
    return result


def _built_folders(project: Project) -> list[Path]:
    """Where old versions of Lean's builders put what they built."""
    root = project.root
    if project.leanpkg_file is not None:
        return [folder for folder in (root / "build", *root.glob("build/deps/*/build")) if folder.is_dir()]
    if project.lakefile is not None:
        patterns = ("build/lib", "lake-packages/*/build/lib", ".lake/build/lib", ".lake/packages/*/.lake/build/lib")
        return [folder for pattern in patterns for folder in sorted(root.glob(pattern)) if folder.is_dir()]
    return []


def _require_packages(project: Project) -> None:
    if missing := find_missing_packages(project):
        names = ", ".join(f"`{name}`" for name in missing[:3]) + (" and others" if len(missing) > 3 else "")
        raise ImportsOutOfDate(
            f"The project's packages are not all there at their pinned versions ({names}): run `lake build` in "
            f"{project.root}, or open it in your editor, and try again."
        )
