"""Finds the Lean to run, without ever running elan.

elan's `lean` and `lake` are shims that download a missing toolchain by themselves; so the folder of
the toolchain that elan would choose is looked up here and its binaries are run directly. The order is elan's:
the `+toolchain` of ours (an override), `ELAN_TOOLCHAIN`, then from the project's folder upwards an elan
override or a toolchain file, then elan's default. Without elan, a real `lean` on the PATH.
"""

import asyncio
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.errors import LeanUnavailable
from lean_sidekick.lean.ending import end_tree
from lean_sidekick.lean.project import LEANPKG_FILE, TOOLCHAIN_FILE, Project
from lean_sidekick.lean.version import LeanVersion, read_printed_version, version_of_toolchain

VERSION_TIMEOUT_S = 30.0
_HOW_TO_GET = "install one with elan (https://github.com/leanprover/elan) or name one with --lean or LEAN_SIDEKICK_LEAN"
_ORIGIN = "leanprover/lean4"


@frozen(kw_only=True)
class Toolchain:
    """A Lean that can be started.

    `lean_command` is the program with the arguments that must come first (just `lean` for a real one);
    `lake` is the Lake of the same toolchain, if there is one; `origin` says in words how it was found.
    """

    lean_command: tuple[str, ...]
    lake: Path | None
    version: LeanVersion
    origin: str

    @property
    def lean(self) -> Path:
        """The program that is started."""
        return Path(self.lean_command[0])


async def find_toolchain(project: Project, override: str | None, environment: Mapping[str, str]) -> Toolchain:
    """The toolchain for a project.

    `override` (from `--lean` or `LEAN_SIDEKICK_LEAN`) is a `lean` program, a toolchain's folder, or the name of a
    toolchain that elan has.

    Raises:
        LeanUnavailable: none was found, or it does not start; the message says what is missing and how to get it.
    """
    lean, origin = locate_lean(project, override, environment)
    lake = lean.with_name("lake" + lean.suffix)
    return Toolchain(
        lean_command=(str(lean),),
        lake=lake if lake.is_file() else None,
        version=await read_version((str(lean),), environment),
        origin=origin,
    )


async def read_version(lean_command: tuple[str, ...], environment: Mapping[str, str]) -> LeanVersion:
    """Runs `lean --version`.

    Raises:
        LeanUnavailable: it does not start, does not end in time, or is no Lean 4.
    """
    program = lean_command[0]
    try:
        process = await asyncio.create_subprocess_exec(
            *lean_command,
            "--version",
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except OSError as error:
        raise LeanUnavailable(f"{program} cannot be started ({error.strerror}); {_HOW_TO_GET}.") from error
    try:
        async with asyncio.timeout(VERSION_TIMEOUT_S):
            output, _ = await process.communicate()
    except TimeoutError:
        raise LeanUnavailable(f"`{program} --version` did not end within {VERSION_TIMEOUT_S:g} s.") from None
    finally:
        await end_tree(process)
    text = output.decode(errors="replace")
    if process.returncode != 0:
        first = text.strip().partition("\n")[0] or f"exit code {process.returncode}"
        raise LeanUnavailable(f"`{program} --version` failed: {first}")
    return read_printed_version(text)


def locate_lean(project: Project, override: str | None, environment: Mapping[str, str]) -> tuple[Path, str]:
    """Where the `lean` to run is, and how it was found in words; see `find_toolchain`."""
    elan = _Elan.find(environment)
    if override:
        return _override_lean(override, elan)
    if chosen := elan.choose(project, environment):
        name, reason = chosen
        if lean := elan.lean_of(name):
            return lean, reason
        if elan.is_installed:
            raise LeanUnavailable(
                f"The toolchain {name} ({reason}) is not installed: run `elan toolchain install {name}`, "
                "or name another Lean with --lean or LEAN_SIDEKICK_LEAN."
            )
    found = shutil.which("lean", path=environment.get("PATH", ""))
    if found is not None and not _is_elan_shim(Path(found)):
        return Path(found).absolute(), "on the PATH"
    if chosen:
        name, reason = chosen
        raise LeanUnavailable(f"The toolchain {name} ({reason}) was not found: {_HOW_TO_GET}.")
    raise LeanUnavailable(f"No Lean 4 was found: {_HOW_TO_GET}.")


def _override_lean(override: str, elan: "_Elan") -> tuple[Path, str]:
    path = Path(override).expanduser()
    for lean in (path, path / "bin" / "lean", path / "lean", path / "bin" / "lean.exe"):
        if lean.is_file():
            if _is_elan_shim(lean):
                raise LeanUnavailable(
                    f"{lean} is elan's shim, which may download a toolchain; name a toolchain's own `lean` instead, "
                    f"such as {elan.home / 'toolchains'}/…/bin/lean."
                )
            return lean.absolute(), f"named as {override}"
    if installed := elan.lean_of(override):
        return installed, f"named as {override}"
    raise LeanUnavailable(
        f"There is no Lean at {override}: name a `lean` program, a toolchain's folder or an installed toolchain."
    )


def _is_elan_shim(lean: Path) -> bool:
    """Whether a `lean` is elan under another name: a link to it, or a copy beside it."""
    resolved = lean.resolve()
    if resolved.stem.startswith("elan"):
        return True
    elan = resolved.with_name("elan" + resolved.suffix)
    return elan.is_file() and elan.stat().st_size == resolved.stat().st_size


@frozen
class _Elan:
    """elan's files: its toolchains and its settings."""

    home: Path

    @classmethod
    def find(cls, environment: Mapping[str, str]) -> "_Elan":
        if home := environment.get("ELAN_HOME"):
            return cls(Path(home))
        user = environment.get("HOME") or environment.get("USERPROFILE")
        return cls((Path(user) if user else Path.home()) / ".elan")

    @property
    def is_installed(self) -> bool:
        return (self.home / "toolchains").is_dir()

    def choose(self, project: Project, environment: Mapping[str, str]) -> tuple[str, str] | None:
        """The name of the toolchain that elan would use in the project, and why."""
        if name := environment.get("ELAN_TOOLCHAIN"):
            return name, "ELAN_TOOLCHAIN says so"
        settings = self._settings()
        overrides = settings.get("overrides")
        for folder in (project.root, *project.root.parents):
            if isinstance(overrides, dict) and isinstance(name := overrides.get(str(folder)), str):
                return name, f"elan's override for {folder}"
            if name := _read_toolchain_file(folder / TOOLCHAIN_FILE):
                return name, f"{folder / TOOLCHAIN_FILE} says so"
            if name := _read_leanpkg(folder / LEANPKG_FILE):
                return name, f"{folder / LEANPKG_FILE} says so"
        default = settings.get("default_toolchain")
        return (default, "elan's default") if isinstance(default, str) and default else None

    def lean_of(self, name: str) -> Path | None:
        """The `lean` of an installed toolchain, None if it is not installed."""
        for folder in self._folders(name):
            for lean in (folder / "bin" / "lean", folder / "bin" / "lean.exe"):
                if lean.is_file():
                    return lean
        return None

    def _folders(self, name: str) -> Iterator[Path]:
        name = name.strip()
        if Path(name).is_absolute():
            yield Path(name)
            return
        toolchains = self.home / "toolchains"
        yield toolchains / name.replace("/", "--").replace(":", "---")
        origin, _, channel = name.rpartition(":")
        if not origin:
            yield toolchains / f"{_ORIGIN.replace('/', '--')}---{channel}"
            yield toolchains / f"{_ORIGIN.replace('/', '--')}---v{channel}"
        if channel in ("stable", "beta") and origin in ("", _ORIGIN):
            # elan resolves these to a release over the network; offline it takes the newest it has.
            installed = [(version_of_toolchain(f.name.replace("---", ":")), f) for f in _subfolders(toolchains)]
            marks = ("", "rc") if channel == "beta" else ("",)
            releases = [(v, folder) for v, folder in installed if v and (v.pre or "").rstrip("0123456789") in marks]
            yield from (folder for _, folder in sorted(releases, reverse=True))

    def _settings(self) -> dict[str, object]:
        try:
            return tomllib.loads((self.home / "settings.toml").read_text("utf-8"))
        except (OSError, ValueError):
            return {}


def _subfolders(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _read_toolchain_file(file: Path) -> str | None:
    try:
        return file.read_text("utf-8").strip() or None
    except (OSError, ValueError):
        return None


def _read_leanpkg(file: Path) -> str | None:
    try:
        package = tomllib.loads(file.read_text("utf-8")).get("package")
    except (OSError, ValueError):
        return None
    name = package.get("lean_version") if isinstance(package, dict) else None
    return name if isinstance(name, str) and name else None
