"""A Lean server inside bubblewrap: what runs while Lean elaborates can read the project, and can do nothing else.

Promises: inside there is no network; the home folder is empty but for the toolchain, the project and the folders that
its packages link to, all of them read-only; /tmp is private; the environment holds what Lean needs and nothing else;
other processes cannot be seen, and all end with the server. A command for the sandbox never runs outside of it. Does
not start anything but the probe, and does not choose whether there is a sandbox: the settings do.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from attrs import evolve, frozen

from lean_sidekick.core.errors import LeanUnavailable
from lean_sidekick.lean.ending import end_tree
from lean_sidekick.lean.launch import Command, Limits, server_command
from lean_sidekick.lean.project import Project, package_folders
from lean_sidekick.lean.toolchain import Toolchain

PROBE_TIMEOUT_S = 10.0
PROGRAM = "bwrap"
# Programs and libraries of the system, under the names that distributions have for them; there is no secret in them.
_SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store", "/run/current-system"),
    *("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime"),
)
_TMP = Path("/tmp")
_WALLS = ("--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev")
_PASSED_NAMES = frozenset({"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "GIT_ALLOW_PROTOCOL", "GIT_TERMINAL_PROMPT"})
_PASSED_PREFIXES = ("LC_", "LEAN_", "LAKE_", "ELAN_")
_SECRET_PREFIXES = ("LEAN_SIDEKICK_", "LAKE_CACHE_KEY")
_PATH_VARIABLES = ("LEAN_PATH", "LEAN_SRC_PATH", "LEAN_SYSROOT", "LAKE_HOME", "LAKE_CACHE_DIR")
_LAKE_CACHE = Path(".cache", "lake")
# Lake compiles a project's lakefile into this folder when it is not up to date, so it gets a copy that it may change.
_LAKE_CONFIG = Path(".lake", "config")
_SEED = "/lake-config"
_COPY_AND_RUN = 'cp -R "$0"/. "$1" && shift && exec "$@"'


@frozen(kw_only=True)
class Sandbox:
    """A bubblewrap that works on this machine."""

    program: Path

    def server_command(
        self, project: Project, toolchain: Toolchain, limits: Limits, environment: Mapping[str, str]
    ) -> Command:
        """`launch.server_command` inside the sandbox.

        Raises LeanUnavailable where the sandbox would have to show the whole home folder; else what that raises.
        """
        toolchain = _resolved(toolchain)
        command = server_command(project, toolchain, limits, environment)
        inside = {name: value for name, value in command.environment.items() if _is_passed(name)}
        home = _home(inside)
        inside["HOME"] = str(home)
        folders = [
            *_toolchain_folders(toolchain, home),
            *_project_folders(project),
            *_named_folders(inside, home),
        ]
        options = [*_WALLS, *_system_options(), "--tmpfs", str(_TMP), "--tmpfs", str(home)]
        for folder in _outermost(folder for folder in folders if not _shows(folder, home)):
            options += ["--ro-bind", str(folder), str(folder)]
        if project.lakefile is not None and _shows(project.root, home):
            options += ["--ro-bind", str(project.root), str(project.root)]  # the home folder itself is the project
        arguments = command.arguments
        config = Path(os.path.realpath(project.root / _LAKE_CONFIG))
        if arguments[0] == str(toolchain.lake) and config.is_dir():
            options += ["--ro-bind", str(config), _SEED, "--tmpfs", str(config)]
            arguments = ("/bin/sh", "-c", _COPY_AND_RUN, _SEED, str(config), *arguments)
        options += ["--chdir", str(project.root), "--"]
        return evolve(command, arguments=(str(self.program), *options, *arguments), environment=inside)


@frozen(kw_only=True)
class Probe:
    """What was found out about bubblewrap on this machine: a sandbox, or in words why there is none."""

    sandbox: Sandbox | None
    found: str


async def probe(environment: Mapping[str, str]) -> Probe:
    """Tries bubblewrap once: it can be installed and still be refused by the kernel, or by a container around us."""
    program = _find_program(environment)
    if program is None:
        return Probe(sandbox=None, found="bubblewrap was not found")
    try:
        process = await asyncio.create_subprocess_exec(
            *(str(program), *_WALLS, *_system_options(), "--tmpfs", str(_TMP), "--", "true"),
            env={"PATH": environment.get("PATH", "")},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        return Probe(sandbox=None, found=f"{program} cannot be started ({error.strerror})")
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            _, said = await process.communicate()
    except TimeoutError:
        return Probe(sandbox=None, found=f"{program} did not answer within {PROBE_TIMEOUT_S:g} s")
    finally:
        await end_tree(process)
    if process.returncode != 0:
        reason = said.decode(errors="replace").strip().rpartition("\n")[2] or f"exit code {process.returncode}"
        return Probe(sandbox=None, found=f"{program} does not work here ({reason[:300]})")
    return Probe(sandbox=Sandbox(program=program), found=f"bubblewrap at {program}")


class SandboxFinder:
    """Probes on the first question and remembers the answer, so that a sandbox is not lost between two servers."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._lock = asyncio.Lock()
        self._answer: Probe | None = None

    async def find(self) -> Probe:
        """See `probe`."""
        async with self._lock:
            if self._answer is None:
                self._answer = await probe(self._environment)
            return self._answer


def _find_program(environment: Mapping[str, str]) -> Path | None:
    found = shutil.which(PROGRAM, path=environment.get("PATH", "")) if sys.platform == "linux" else None
    return Path(found).absolute() if found else None


def _resolved(toolchain: Toolchain) -> Toolchain:
    """The same without symbolic links, whose other ends may be out of sight inside."""
    program, *more = toolchain.lean_command
    lake = None if toolchain.lake is None else toolchain.lake.resolve()
    return evolve(toolchain, lean_command=(str(Path(program).resolve()), *more), lake=lake)


def _is_passed(name: str) -> bool:
    return (name in _PASSED_NAMES or name.startswith(_PASSED_PREFIXES)) and not name.startswith(_SECRET_PREFIXES)


def _home(environment: Mapping[str, str]) -> Path:
    """The home folder, which is an empty one under the same name inside."""
    home = Path(environment.get("HOME") or "/")
    return home if home.is_absolute() and home != Path("/") else _TMP / "home"


def _system_options() -> Iterator[str]:
    for path in _SYSTEM:
        yield from ("--ro-bind-try", path, path)


def _toolchain_folders(toolchain: Toolchain, home: Path) -> Iterator[Path]:
    for program in filter(None, (toolchain.lean, toolchain.lake)):
        folder = program.parent.parent if program.parent.name == "bin" else program.parent
        if _shows(folder, home):
            raise LeanUnavailable(
                f"Lean cannot run in the sandbox, because its folder {folder} holds your home folder or other people's "
                "files: use a toolchain in a folder of its own, or set lean.sandbox to false."
            )
        yield folder


def _project_folders(project: Project) -> Iterator[Path]:
    """The project and what its links and its package list lead to outside of it."""
    packages = package_folders(project)
    for folder in (project.root, *packages):
        yield folder
        for linked in (folder, folder / ".lake", folder / ".lake" / "build", folder / "build"):
            yield from _link_targets(linked)
    for packages_folder in {folder.parent for folder in packages}:
        yield from _link_targets(packages_folder)


def _named_folders(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    yield home / _LAKE_CACHE
    for name in _PATH_VARIABLES:
        for folder in filter(None, environment.get(name, "").split(os.pathsep)):
            yield Path(folder)
            yield from _link_targets(Path(folder))


def _link_targets(path: Path) -> Iterator[Path]:
    """Where a path leads, link by link: inside, each of these names must be there."""
    seen = {path}
    while path.is_symlink():
        path = Path(os.path.normpath(path.parent / path.readlink()))
        if path in seen:
            return
        seen.add(path)
        yield path
    yield Path(os.path.realpath(path))  # unlike `resolve` it takes any links


def _shows(folder: Path, home: Path) -> bool:
    """Whether a folder that is bound would show the home folder, or everybody's temporary files."""
    homes = {home, home.resolve(), _TMP}
    return any(shown.is_relative_to(folder) for shown in homes)


def _outermost(folders: Iterable[Path]) -> list[Path]:
    """Existing folders without those inside another one, which shows them (links have their targets in the list)."""
    found: list[Path] = []
    for folder in sorted(folders, key=lambda folder: len(folder.parts)):
        if folder.is_absolute() and folder.is_dir() and not any(folder.is_relative_to(outer) for outer in found):
            found.append(folder)
    return found
