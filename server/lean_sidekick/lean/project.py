"""The Lean project a file belongs to, as Lean's own tools see it.

Reads file names and Lake's manifest, starts nothing, and never resolves symbolic links: a document's
URI must name the file as the editor does.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import frozen

from lean_sidekick.core.errors import ConfigError

LAKEFILES = ("lakefile.lean", "lakefile.toml")
TOOLCHAIN_FILE = "lean-toolchain"
LEANPKG_FILE = "leanpkg.toml"
MANIFEST_FILE = "lake-manifest.json"
_PACKAGE_FOLDERS = ((".lake", "packages"), ("lake-packages",))


@frozen(kw_only=True)
class Project:
    """A project root and the files that say how Lean is run in it.

    `toolchain_file` is the nearest `lean-toolchain` at the root or above it; `leanpkg_file` is the
    package file of Lean's package manager of 2021.
    """

    root: Path
    lakefile: Path | None = None
    toolchain_file: Path | None = None
    leanpkg_file: Path | None = None

    @property
    def is_loose(self) -> bool:
        """Whether it is only the folder of a file that belongs to no project."""
        return not _is_root(self.root)


def find_project(path: Path) -> Project:
    """The project of a file or folder: the nearest parent with a toolchain file or a lakefile, else the file's folder.

    A file under `.lake/packages` belongs to the project that uses the package. The path need not exist.
    """
    path = path.absolute()
    start = _outer_project(path if path.is_dir() else path.parent)
    root = next((folder for folder in _upwards(start) if _is_root(folder)), start)
    return Project(
        root=root,
        lakefile=next((root / name for name in LAKEFILES if (root / name).is_file()), None),
        toolchain_file=next((f / TOOLCHAIN_FILE for f in _upwards(root) if (f / TOOLCHAIN_FILE).is_file()), None),
        leanpkg_file=root / LEANPKG_FILE if (root / LEANPKG_FILE).is_file() else None,
    )


def find_missing_packages(project: Project) -> tuple[str, ...]:
    """The packages that Lake would have to download before it can serve the project, by name.

    Raises:
        ConfigError: the manifest cannot be read.
    """
    try:
        folder, entries = _read_manifest(project)
        packages = [_GitPackage.read(entry) for entry in entries]
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        manifest_file = project.root / MANIFEST_FILE
        raise ConfigError(f"{manifest_file} cannot be read ({error}); run `lake update` in the project.") from error
    return tuple(p.name for p in packages if p is not None and not p.is_in(folder))


def package_folders(project: Project) -> tuple[Path, ...]:
    """The folders of the packages that are there, local ones included; those of a manifest nobody can read are not."""
    folders = {project.root.joinpath(*names) for names in _PACKAGE_FOLDERS}
    local: list[Path] = []
    try:
        folder, entries = _read_manifest(project)
        folders.add(folder)
        for entry in entries:
            described = entry["path"] if isinstance(entry.get("path"), dict) else entry
            if "dir" in described:
                local.append(Path(os.path.normpath(project.root / described["dir"])))
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        pass  # whoever needs the manifest reports it
    inside = [package for folder in sorted(folders) if folder.is_dir() for package in sorted(folder.iterdir())]
    return tuple(package for package in (*inside, *local) if package.is_dir())


def _read_manifest(project: Project) -> tuple[Path, list[Any]]:
    """The folder of the packages and the entries of Lake's manifest; none without a manifest."""
    manifest_file = project.root / MANIFEST_FILE
    if not manifest_file.is_file():
        return project.root / "lake-packages", []
    manifest = json.loads(manifest_file.read_text("utf-8"))
    return project.root / (manifest.get("packagesDir") or "lake-packages"), manifest.get("packages") or []


@frozen
class _GitPackage:
    """A package that the manifest pins to a git revision."""

    name: str
    revision: str | None

    @classmethod
    def read(cls, entry: dict[str, object]) -> "_GitPackage | None":
        """Reads an entry, flat as today or under the key of its kind as before; None for a local package."""
        git = entry.get("git")
        if isinstance(git, dict):
            entry = git
        elif entry.get("type") != "git":
            return None
        revision = entry.get("rev")
        return cls(str(entry["name"]).strip("«»"), revision if isinstance(revision, str) else None)

    def is_in(self, folder: Path) -> bool:
        """Whether the package is there, at its revision as far as files tell."""
        package = folder / self.name
        if not package.is_dir():
            return False
        try:
            head = (package / ".git" / "HEAD").read_text("utf-8").strip()
        except (OSError, ValueError):
            return True
        return self.revision is None or head.startswith("ref:") or head == self.revision


def _upwards(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.parents


def _is_root(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (TOOLCHAIN_FILE, *LAKEFILES, LEANPKG_FILE))


def _outer_project(folder: Path) -> Path:
    """The folder that holds the outermost packages folder on the way to `folder`, else `folder` itself."""
    for index in range(1, len(folder.parts)):
        if any(folder.parts[index : index + len(names)] == names for names in _PACKAGE_FOLDERS):
            return Path(*folder.parts[:index])
    return folder
