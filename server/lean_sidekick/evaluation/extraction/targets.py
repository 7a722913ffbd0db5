"""What an extraction goes over: the files of a project, one file, or the reference proofs of a set.

A target is a text with the path that the corpus has for it and the module that its private names belong to. Texts are
read when they are asked for, with LF line ends, as Lean counts them. Nothing is asked of Lean here.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from attrs import define, frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.data_sets import DataSet
from lean_sidekick.evaluation.reference import read_reference, read_referenced
from lean_sidekick.premises.sources import SourceFile, Sources


@frozen(kw_only=True)
class Target:
    """A text whose proofs are wanted, under the path and the module that it has in the corpus.

    `lake_file` is where it stands in a project of Lake, whose libraries have options of their own; None elsewhere.
    """

    path: str
    module: str
    text: str
    lake_file: Path | None = None

    @property
    def library(self) -> str:
        """The first part of the module, which what one library holds shares; "" for a file at the top."""
        return self.module.rpartition(".")[0].partition(".")[0]

    @property
    def digest(self) -> str:
        """Changes with the text."""
        return hashlib.sha256(self.text.encode("utf-8", errors="surrogatepass")).hexdigest()


class Targets(Protocol):
    """The texts of one extraction, in an order that stays, and how many there are."""

    @property
    def count(self) -> int:
        """How many targets there are."""

    def read(self) -> Iterator[Target]:
        """The targets, one at a time. Raises InputError where one cannot be read."""


@define
class FileTargets:
    """The files of a project, or some of them; `has_lake` says whether it is a project of Lake."""

    files: tuple[SourceFile, ...]
    has_lake: bool

    @property
    def count(self) -> int:
        """See `Targets.count`."""
        return len(self.files)

    def read(self) -> Iterator[Target]:
        """See `Targets.read`. Bytes that are no text become marks, at which Lean reports an error."""
        for source in self.files:
            try:
                text = source.file.read_bytes().decode("utf-8", errors="replace")
            except OSError as error:
                raise InputError(f"{source.file} cannot be read: {error.strerror or error}.") from None
            yield Target(
                path=source.path,
                module=source.module,
                text=text.replace("\r\n", "\n"),
                lake_file=source.file.absolute() if self.has_lake else None,
            )


@define
class ReferenceTargets:
    """The reference proofs of a set, each with what stands above it as a file of its own."""

    data: DataSet

    @property
    def count(self) -> int:
        """See `Targets.count`."""
        return self.data.count

    def read(self) -> Iterator[Target]:
        """See `Targets.read`."""
        folder = self.data.path.stem
        for referenced in read_referenced(self.data):
            name = referenced.item.name
            yield Target(path=f"{folder}/{name}.lean", module=folder, text=read_reference(referenced).text)


def project_targets(sources: Sources, place: Path) -> FileTargets:
    """The project's own files at or below a file or folder. Raises InputError where there is none."""
    place = place.absolute()
    found = tuple(source for source in sources.own() if source.file == place or place in source.file.parents)
    if not found and place.suffix == ".lean" and place.is_file():
        found = (SourceFile(module=place.stem, file=place, path=place.name),)
    if not found:
        raise InputError(
            f"{place} has no Lean files: name a project, a folder of one, a .lean file or a set of proofs."
        )
    return FileTargets(files=found, has_lake=sources.project.lakefile is not None)
