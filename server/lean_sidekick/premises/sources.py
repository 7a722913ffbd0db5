"""Where the source and object files of a project's modules are: its own, its packages', and Lean's.

Reads names of files, lakefiles and the tops of sources, writes nothing, and asks no Lean. A package's folder for
sources is taken from its lakefile as far as a pattern can tell.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from attrs import define, field, frozen

from lean_sidekick.lean.header import find_header
from lean_sidekick.lean.project import LAKEFILES, Project, package_folders
from lean_sidekick.lean.toolchain import Toolchain
from lean_sidekick.premises.corpus import module_of, module_path

_SOURCE_FOLDER = re.compile(r"srcDir\s*:?=\s*\"([^\"]+)\"")
_OBJECT_FOLDERS = (".lake/build/lib/lean", ".lake/build/lib", "build/lib", "build")
_NOT_SOURCES = frozenset({"build", "lake-packages", "node_modules"})
_TOP = 65_536
"""Characters of a file that its imports are looked for in."""

CORE_FOLDER = ".lake/packages/lean4/src/lean"
"""Where LeanDojo's paths have the sources of Lean itself."""


@frozen(kw_only=True)
class SourceFile:
    """A module's source: where it lies, and what a corpus calls it."""

    module: str
    file: Path
    path: str


@define
class Sources:
    """The modules of one project, found when they are asked for.

    `is_flat` leaves out what lies in folders below the root: a file that belongs to no project may lie in a folder
    that holds everything, such as the home folder.
    """

    project: Project
    toolchain: Toolchain | None
    environment: Mapping[str, str]
    is_flat: bool = False
    _packages: tuple[Path, ...] = field(init=False)

    @_packages.default
    def _find_packages(self) -> tuple[Path, ...]:
        early = self.project.root / "build" / "deps"  # where the package manager of 2021 put them
        return (*package_folders(self.project), *(sorted(early.iterdir()) if early.is_dir() else ()))

    def own(self) -> list[SourceFile]:
        """The project's own modules, by name; those of a project inside it are not."""
        found: dict[str, SourceFile] = {}
        root = self.project.root
        for folder in _source_folders(root):
            for file in _lean_files(folder, is_top=folder == root, is_flat=self.is_flat):
                module = module_of(file.relative_to(folder).as_posix())
                found.setdefault(module, self._source(module, file))
        return [found[module] for module in sorted(found)]

    def find(self, module: str) -> SourceFile | None:
        """The source of a module: the project's, a package's, or Lean's."""
        relative = module_path(module)
        for package in (self.project.root, *self._packages):
            for folder in _source_folders(package):
                if (folder / relative).is_file():
                    return self._source(module, folder / relative)
        for folder in self._core_folders():
            if (folder / relative).is_file():
                return SourceFile(module=module, file=folder / relative, path=f"{CORE_FOLDER}/{relative}")
        return None

    def is_built(self, module: str) -> bool:
        """Whether there is an object file of a module where Lean will look for it."""
        return self._object_file(module) is not None

    def stamp(self, source: SourceFile) -> str:
        """A text that changes when the source or the object file of a module does."""
        found = []
        for file in (source.file, self._object_file(source.module)):
            try:
                entry = file.stat() if file is not None else None
            except OSError:
                entry = None
            found.append("-" if entry is None else f"{entry.st_size}:{entry.st_mtime_ns}")
        return " ".join(found)

    def _object_file(self, module: str) -> Path | None:
        relative = module_path(module).removesuffix(".lean") + ".olean"
        return next((folder / relative for folder in self._object_folders() if (folder / relative).is_file()), None)

    def _source(self, module: str, file: Path) -> SourceFile:
        return SourceFile(module=module, file=file, path=Path(os.path.relpath(file, self.project.root)).as_posix())

    def _object_folders(self) -> Iterator[Path]:
        for place in filter(None, self.environment.get("LEAN_PATH", "").split(os.pathsep)):
            yield Path(place)
        for package in (self.project.root, *self._packages):
            for name in _OBJECT_FOLDERS:
                yield package / name
        if self.toolchain is not None:
            yield self._prefix(self.toolchain) / "lib" / "lean"

    def _core_folders(self) -> Iterator[Path]:
        if self.toolchain is not None:
            prefix = self._prefix(self.toolchain)
            yield prefix / "src" / "lean"
            yield prefix / "lib" / "lean4" / "src"
            # A Lean that lies where it was built: `build/release/stage1` beside `src`.
            yield prefix.parent.parent.parent / "src"

    def _prefix(self, toolchain: Toolchain) -> Path:
        return Path(os.path.realpath(toolchain.lean)).parent.parent


def read_imports(file: Path) -> tuple[str, ...]:
    """The imports in the header of a source file, `Init` where it is not a `prelude`. Raises OSError."""
    with file.open(encoding="utf-8", errors="replace", newline="") as text:
        top = text.read(_TOP)
    header = find_header(top)
    is_prelude = re.search(r"^\s*prelude\b", top[: header.end], re.MULTILINE) is not None
    return tuple(dict.fromkeys(header.imports if is_prelude else ("Init", *header.imports)))


def closure(roots: Iterable[str], imports: Mapping[str, Iterable[str]]) -> list[str]:
    """The roots and all that they import, directly or not, imports before what imports them."""
    done: dict[str, None] = {}
    waiting = [(root, False) for root in reversed(list(roots))]
    seen: set[str] = set()
    while waiting:
        module, is_ready = waiting.pop()
        if is_ready:
            done[module] = None
        elif module not in seen:
            seen.add(module)
            waiting.append((module, True))
            waiting += [(name, False) for name in reversed(list(imports.get(module, ()))) if name not in seen]
    return list(done)


def _source_folders(package: Path) -> list[Path]:
    folders = [package]
    for name in LAKEFILES:
        try:
            text = (package / name).read_text("utf-8", errors="replace")
        except OSError:
            continue
        folders = [*(package / place for place in dict.fromkeys(_SOURCE_FOLDER.findall(text))), package]
    return [folder for folder in folders if folder.is_dir()]


def _lean_files(folder: Path, *, is_top: bool, is_flat: bool) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not is_flat and not f.startswith(".") and f not in _NOT_SOURCES)
        for name in sorted(files):
            if name.endswith(".lean") and not (is_top and Path(place) == folder and name in LAKEFILES):
                yield Path(place) / name
