"""The indexes of one project: one that projects with the same dependencies share, and one of its own modules.

The shared one is keyed by the toolchain and the revisions of all packages: what it holds never changes, modules are
only added. A module of the project's own is read again when its source or its object file changed. A refresh that is
interrupted goes on where it was; an index that is damaged is thrown away and made anew.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.errors import IndexDamaged, InputError
from lean_sidekick.core.premises import CorpusFile
from lean_sidekick.lean.api import DocumentServer
from lean_sidekick.lean.fingerprint import dependencies_key
from lean_sidekick.lean.project import Project
from lean_sidekick.lean.toolchain import Toolchain
from lean_sidekick.premises.corpus import OnSkipped
from lean_sidekick.premises.index import IndexWriter, PremiseIndex
from lean_sidekick.premises.project_corpus import CorpusProgress, ProjectCorpus
from lean_sidekick.premises.segment import Segment
from lean_sidekick.premises.sources import Sources

logger = logging.getLogger(__name__)

FOLDER = "premises"
_KEY_LENGTH = 24
_FIXED = "by revision"


@frozen(kw_only=True)
class ProjectIndex:
    """Where the premises of one project are indexed."""

    shared: PremiseIndex
    own: PremiseIndex

    def segments(self, encoder: str | None = None) -> tuple[Segment, ...]:
        """What is indexed now, with vectors by an encoder; a damaged index is thrown away, with one line in the log."""

        def read(index: PremiseIndex) -> tuple[Segment, ...]:
            return index.segments(encoder)

        return (*_or_nothing(self.shared, read), *_or_nothing(self.own, read))

    def size(self) -> int:
        """How many premises are indexed now."""
        return sum(len(segment) for segment in self.segments())

    def imports(self) -> dict[str, tuple[str, ...]]:
        """The imports of every module that is indexed. Raises IndexDamaged."""
        return {file.module: file.imports for one in (self.shared, self.own) for file in one.files().values()}

    def list_names(self) -> list[tuple[str, str]]:
        """The name and the module of every premise, in an order that stays; slow. Raises IndexDamaged."""
        return [
            (segment.records[number].full_name, segment.modules[int(segment.module_of[number])])
            for segment in self.segments()
            for number in range(len(segment))
            if segment.is_live is None or segment.is_live[number]
        ]


@frozen(kw_only=True)
class Refreshed:
    """What a refresh did, in modules and premises."""

    added: int
    kept: int
    removed: int
    premises: int


def project_index(
    cache: Path, project: Project, toolchain: Toolchain | None, environment: Mapping[str, str]
) -> ProjectIndex:
    """The indexes of a project in the user's cache folder. Looks at files: call it in a thread."""
    key = dependencies_key(project, toolchain, environment)
    own = hashlib.sha256(f"{key}\0{project.root}".encode()).hexdigest()
    return ProjectIndex(
        shared=PremiseIndex(cache / FOLDER / f"packages-{key[:_KEY_LENGTH]}"),
        own=PremiseIndex(cache / FOLDER / f"project-{own[:_KEY_LENGTH]}"),
    )


async def refresh(
    index: ProjectIndex,
    sources: Sources,
    server: DocumentServer | None,
    on_progress: Callable[[CorpusProgress], None],
    on_skipped: OnSkipped,
) -> Refreshed:
    """Adds what is missing or has changed, takes out what is gone. Without a `server` all comes from sources.

    Raises InputError where the cache folder cannot be written.
    """
    for one in (index.shared, index.own):
        await asyncio.to_thread(_or_nothing, one, _verified)
    stamps = await asyncio.to_thread(lambda: {source.module: sources.stamp(source) for source in sources.own()})
    known_own, known_shared = await asyncio.to_thread(lambda: (index.own.files(), index.shared.files()))
    kept = {module for module, stamp in stamps.items() if module in known_own and known_own[module].stamp == stamp}
    gone = known_own.keys() - stamps.keys()
    own, shared = index.own.writer(), index.shared.writer()
    corpus = ProjectCorpus(sources=sources, server=server, on_skipped=on_skipped, on_progress=on_progress)
    added = premises = 0
    try:
        async for file in corpus.read(kept | known_shared.keys()):
            stamp = stamps.get(file.module)
            await asyncio.to_thread(_add, own if stamp is not None else shared, file, stamp or _FIXED)
            added += 1
            premises += len(file.premises)
        await asyncio.to_thread(_finish, index, own, shared, frozenset(gone))
    except OSError as error:
        raise InputError(f"The premise index cannot be written ({error}).") from None
    return Refreshed(added=added, kept=len(kept) + len(known_shared), removed=len(gone), premises=premises)


def _add(writer: IndexWriter, file: CorpusFile, stamp: str) -> None:
    writer.add(file, stamp)


def _finish(index: ProjectIndex, own: IndexWriter, shared: IndexWriter, gone: frozenset[str]) -> None:
    shared.finish()
    own.finish()
    if gone:
        index.own.remove(gone)


def _verified(index: PremiseIndex) -> tuple[Segment, ...]:
    index.verify()
    return ()


def _or_nothing(index: PremiseIndex, read: Callable[[PremiseIndex], tuple[Segment, ...]]) -> tuple[Segment, ...]:
    try:
        return read(index)
    except IndexDamaged as error:
        logger.warning("%s It is thrown away; the next refresh builds it anew.", error)
        index.discard()
        return ()
