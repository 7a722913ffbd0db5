"""What Lean's answers depend on beside the text: the toolchain, the project's options, and the imports as they are.

Reads names, sizes and times of files and a few small files, starts nothing, and never fails: where it cannot tell, it
says so. Packages that Lake pins to a git revision are known by that revision; what belongs to the project itself, or to
a package in a folder of its own, is looked at file by file.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import define, field

from lean_sidekick.lean.project import LAKEFILES, LEANPKG_FILE, TOOLCHAIN_FILE, Project, package_folders
from lean_sidekick.lean.toolchain import Toolchain

_MANIFEST = "lake-manifest.json"
_SETTING_FILES = (*LAKEFILES, _MANIFEST, TOOLCHAIN_FILE, LEANPKG_FILE, ".lake/package-overrides.json")
_BUILD_FOLDERS = (".lake/build/lib", "build")
_PACKAGE_FOLDERS = (".lake/packages", "lake-packages", "build/deps")
_FILE_LIMIT = 50_000
# A lakefile that moves its outputs away: where they are then is for Lake alone to say.
_MOVED_OUTPUT = re.compile(r"buildDir|oleanDir|leanLibDir|LibDir|packagesDir")


def toolchain_key(toolchain: Toolchain) -> str:
    """A text that changes when the toolchain does, a rebuilt one in the same folder included; looks at a few files."""
    lean = Path(os.path.realpath(toolchain.lean))
    seen = _Seen()
    seen.say("version", str(toolchain.version), *toolchain.lean_command)
    seen.entry(lean)
    seen.direct_entries(lean.parent.parent / "lib" / "lean")
    return seen.key()


def imports_key(project: Project, environment: Mapping[str, str]) -> str | None:
    """A text that changes when the imports of the project's files may have changed; None where nobody can tell.

    Walks the project's build folders: call it in a thread.
    """
    seen = _Seen()
    lean_path = environment.get("LEAN_PATH", "")
    seen.say("LEAN_PATH", lean_path)
    folders = [project.root, *_path_packages(project.root)]
    try:
        for folder in folders:
            for name in _SETTING_FILES:
                seen.content(folder / name)
            if any(_MOVED_OUTPUT.search(_read(folder / name)) for name in LAKEFILES):
                return None
            for name in _BUILD_FOLDERS:
                seen.outputs(folder / name)
        for name in _PACKAGE_FOLDERS:
            for package in sorted(_folders(project.root / name)):
                seen.pinned_package(package)
        for place in filter(None, lean_path.split(os.pathsep)):
            seen.outputs(Path(place))
    except _TooMany:
        return None
    return seen.key()


def dependencies_key(project: Project, toolchain: Toolchain | None, environment: Mapping[str, str]) -> str:
    """A text that is equal for projects with the same toolchain and the same revisions of the same packages.

    It names no folder of a project, so that what was learned of Mathlib in one project serves the next. A package that
    is at no revision counts with the names, sizes and times of its sources. Looks at files: call it in a thread.
    """
    seen = _Seen()
    seen.say("LEAN_PATH", environment.get("LEAN_PATH", ""))
    if toolchain is not None:
        seen.say("version", str(toolchain.version))
        lean = Path(os.path.realpath(toolchain.lean))
        seen.entry(lean)
        # Files alone: the times of folders also change when somebody merely looks for a place to write.
        for file in sorted((lean.parent.parent / "lib" / "lean").glob("*.olean")):
            seen.entry(file)
    for package in sorted(package_folders(project), key=lambda folder: (folder.name, str(folder))):
        seen.say("package", package.name)
        revision = _revision(package)
        if revision is not None:
            seen.say("revision", revision)
        else:
            seen.say("folder", str(package))
            seen.sources(package)
    return seen.key()


def _revision(package: Path) -> str | None:
    """The git revision that a package is checked out at, if it is one of its own."""
    git = package / ".git"
    head = _read(git / "HEAD").strip()
    if head.startswith("ref:"):
        name = head.removeprefix("ref:").strip()
        lines = [line.split(" ", 1) for line in _read(git / "packed-refs").splitlines() if " " in line]
        packed = {reference: revision for revision, reference in lines}
        head = _read(git / name).strip() or packed.get(name, "")
    return head if re.fullmatch(r"[0-9a-f]{40,64}", head) else None


class _TooMany(Exception):
    """More files than anybody should look at before a suggestion."""


@define
class _Seen:
    """What was looked at, in order, as one hash."""

    _hash: "hashlib._Hash" = field(factory=hashlib.sha256, init=False)

    def key(self) -> str:
        return self._hash.hexdigest()

    def say(self, *words: str) -> None:
        self._hash.update(json.dumps(words).encode())

    def content(self, path: Path) -> None:
        self.say(path.name, _read(path))

    def entry(self, path: Path) -> None:
        """Name, size and time of a file."""
        try:
            found = path.stat()
            self.say(str(path), str(found.st_size), str(found.st_mtime_ns))
        except OSError:
            self.say(str(path), "missing")

    def direct_entries(self, folder: Path) -> None:
        """The files in a folder; of folders in it only the names, for their times change with anything in passing."""
        for path in sorted(_entries(folder)):
            if path.is_dir():
                self.say(str(path), "folder")
            else:
                self.entry(path)

    def outputs(self, folder: Path) -> None:
        """All compiled modules in a folder and below."""
        lines: list[str] = []
        waiting = [str(folder)]
        while waiting:
            with suppress(OSError), os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif ".olean" in entry.name and not entry.name.endswith(".hash"):
                        found = entry.stat()
                        lines.append(f"{entry.path} {found.st_size} {found.st_mtime_ns}")
            if len(lines) > _FILE_LIMIT:
                raise _TooMany
        self.say(*sorted(lines))

    def sources(self, folder: Path) -> None:
        """All Lean sources in a folder and below."""
        for place, folders, files in os.walk(folder):
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "build")
            for name in sorted(files):
                if name.endswith(".lean"):
                    self.entry(Path(place) / name)

    def pinned_package(self, folder: Path) -> None:
        """A package at a git revision: where its checkout stands, and the top of what was built there."""
        self.content(folder / ".git" / "HEAD")
        self.entry(folder / ".git" / "logs" / "HEAD")
        for build in (".lake/build/lib", ".lake/build/lib/lean", "build/lib", "build"):
            for path in sorted(_entries(folder / build)):
                if ".olean" in path.name:
                    self.entry(path)


def _path_packages(root: Path) -> Iterator[Path]:
    """The packages that Lake finds in folders of their own, as the manifest says."""
    try:
        manifest = json.loads(_read(root / _MANIFEST) or "{}")
        packages: list[dict[str, Any]] = manifest.get("packages") or []
        for entry in packages:
            nested = entry.get("path")
            found = nested if isinstance(nested, dict) else entry
            if found.get("dir"):
                yield root / str(found["dir"])
    except (ValueError, TypeError, AttributeError):
        return  # the content of the manifest is in the key, and Lake will say what is wrong with it


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _folders(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if path.is_dir()]
