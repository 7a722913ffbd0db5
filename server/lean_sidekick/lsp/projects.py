"""The projects behind the open documents: for each root its settings and its one engine.

All is made when it is first needed and ended by `close`. In a workspace that the user does not trust no engine is
made, so no Lean runs. Finding a root and reading settings files happen on threads; nothing here blocks the loop.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from attrs import define, evolve, frozen

from lean_sidekick.core.errors import ConfigError, InputError, LeanUnavailable, TimedOut
from lean_sidekick.core.positions import Position
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.api import DocumentText, Engine
from lean_sidekick.engine.file_uris import to_path
from lean_sidekick.settings import Settings, resolve_settings
from lean_sidekick.settings.options import parse_options

UNTRUSTED = "This workspace is not trusted, so Lean Sidekick starts no Lean in it: trust it in the editor first."
_LOAD_LIMIT_S = 10.0
_IMPORT_LIMIT_S = 60.0
_CLOSE_LIMIT_S = 10.0
# Settings that only this side reads: an engine may live on when they change.
_EDITOR_FIELDS = ("inlay_hints_enabled", "ghost_text_enabled", "suggest_delay_ms", "code_action_wait_s")

_T = TypeVar("_T")
_logger = logging.getLogger(__name__)


@frozen(kw_only=True)
class Backend:
    """What the editor's side needs from the engine's.

    `open_engine` makes the engine of a project root and starts nothing yet; `find_root` gives the root of the project
    that a file belongs to, None if it belongs to none; `find_site` finds a proof site by text alone and raises
    InputError where no tactic can stand. These two may be called on any thread. `forget_learned` takes away what the
    user's file of learned steps holds, and says whether that was done.
    """

    open_engine: Callable[[Path, Settings], Engine]
    find_root: Callable[[Path], Path | None]
    find_site: Callable[[DocumentText, Position], ProofSite]
    forget_learned: Callable[[], Awaitable[bool]]


@frozen(kw_only=True)
class EditorOptions:
    """What the editor said of the settings, and whether its user trusts the workspace."""

    settings: object = None
    is_trusted: bool = True
    lean_path: str | None = None


@define(kw_only=True)
class _Project:
    root: Path
    settings: Settings
    engine: Engine | None = None


class Projects:
    """Settings and engines by project root; `warn` is told each thing that is wrong with the settings.

    `load` gives the backend; it is called once, on a thread, since importing the engine takes a while.
    """

    def __init__(self, load: Callable[[], Backend], warn: Callable[[str], None]) -> None:
        self._load_backend = load
        self._backend: asyncio.Future[Backend] | None = None
        self._warn = warn
        self._options = EditorOptions()
        self._base = Settings()
        self._by_root: dict[Path, _Project] = {}
        self._roots: dict[str, Path] = {}
        self._lock = asyncio.Lock()
        self._is_closed = False
        self.folders: tuple[Path, ...] = ()

    @property
    def options(self) -> EditorOptions:
        """What the editor said last."""
        return self._options

    async def load_backend(self) -> Backend:
        """What the engine's side gives, once it is loaded. Raises TimedOut."""
        if self._backend is None:
            self._backend = asyncio.ensure_future(asyncio.to_thread(self._load_backend))
        try:
            async with asyncio.timeout(_IMPORT_LIMIT_S):
                return await asyncio.shield(self._backend)
        except TimeoutError:
            raise TimedOut(f"Lean Sidekick was not loaded within {_IMPORT_LIMIT_S:g} s; try again.") from None

    def settings(self, uri: str) -> Settings:
        """The settings for a document, as far as they are known without waiting."""
        root = self._roots.get(uri)
        project = self._by_root.get(root) if root is not None else None
        return self._base if project is None else project.settings

    def configure(self, options: EditorOptions) -> None:
        """Takes over what the editor says, for projects that are not loaded yet."""
        self._options = options
        said, warnings = parse_options(options.settings, "the editor's settings")
        self._base = said.over(Settings())
        for warning in warnings:
            self._warn(warning)

    async def reconfigure(self) -> int:
        """Gives every loaded project the settings that hold now.

        Engines that were made with other ones are ended; says how many.
        """
        async with self._lock:
            outdated = []
            for project in self._by_root.values():
                before, project.settings = project.settings, await self._resolve(project.root)
                if not self._options.is_trusted or _as_engine_sees(before) != _as_engine_sees(project.settings):
                    outdated.append(project)
            return await _end_all(outdated)

    async def engine(self, uri: str) -> Engine:
        """The engine for a document.

        Raises LeanUnavailable in a workspace that is not trusted, InputError after `close`, and whatever the making
        of an engine raises.
        """
        project = await self._load(uri)
        if self._is_closed:
            raise InputError("Lean Sidekick is being closed.")
        if not self._options.is_trusted:
            raise LeanUnavailable(UNTRUSTED)
        backend = await self.load_backend()
        if project.engine is None:
            project.engine = backend.open_engine(project.root, project.settings)
        return project.engine

    async def find_site(self, document: DocumentText, position: Position) -> ProofSite | None:
        """The proof site at a position, None where no tactic can stand."""
        backend = await self.load_backend()
        try:
            return await _on_thread(lambda: backend.find_site(document, position))
        except InputError:
            return None

    async def load(self, uri: str) -> None:
        """Finds the project of a document that was opened, so that its settings are known."""
        await self._load(uri)

    def forget(self, uri: str) -> None:
        """Lets go of a document; its project stays."""
        self._roots.pop(uri, None)

    async def forget_learned(self) -> bool:
        """Takes back what was learned, on disk and in every engine; says whether all of it is gone."""
        engines = [project.engine for project in self._by_root.values() if project.engine is not None]
        done = [await engine.forget_learned() for engine in engines]
        backend = await self.load_backend()
        return await backend.forget_learned() and all(done)

    async def restart(self) -> int:
        """Ends all engines, to be made afresh when they are needed; says how many there were."""
        async with self._lock:
            return await _end_all(self._by_root.values())

    async def close(self) -> None:
        """Ends all engines and makes no more."""
        self._is_closed = True
        await _end_all(self._by_root.values())

    async def _load(self, uri: str) -> _Project:
        async with self._lock:
            root = self._roots.get(uri)
            if root is None:
                root = self._roots[uri] = await self._find_root(uri)
            project = self._by_root.get(root)
            if project is None:
                project = self._by_root[root] = _Project(root=root, settings=await self._resolve(root))
            return project

    async def _find_root(self, uri: str) -> Path:
        path = to_path(uri)
        if path is None:
            return self.folders[0] if self.folders else Path.cwd()
        backend = await self.load_backend()
        root = await _on_thread(lambda: backend.find_root(path))
        return root or next((folder for folder in self.folders if path.is_relative_to(folder)), path.parent)

    async def _resolve(self, root: Path) -> Settings:
        options = self._options
        settings, warnings = await _on_thread(
            lambda: resolve_settings(lean_path=options.lean_path, editor=options.settings, project_root=root)
        )
        for warning in warnings:
            self._warn(warning)
        return settings


def to_folders(uris: Sequence[str]) -> tuple[Path, ...]:
    """The workspace folders that lie on this machine's disk, the innermost first."""
    folders = [path for uri in uris if (path := to_path(uri)) is not None]
    return tuple(sorted(folders, key=lambda path: len(path.parts), reverse=True))


def _as_engine_sees(settings: Settings) -> Settings:
    defaults = Settings()
    return evolve(settings, **{name: getattr(defaults, name) for name in _EDITOR_FIELDS})


async def _end_all(projects: Iterable[_Project]) -> int:
    """Ends the engines of some projects, at the same time; says how many there were."""
    ending = {}
    for project in projects:
        if project.engine is not None:
            ending[asyncio.create_task(project.engine.close())] = project.root
            project.engine = None
    if ending:
        await asyncio.wait(ending, timeout=_CLOSE_LIMIT_S)
    for task, root in ending.items():
        if not task.done():
            _logger.error("the engine of %s did not close within %s s", root, _CLOSE_LIMIT_S)
            task.cancel()
        elif not task.cancelled() and (error := task.exception()) is not None:
            _logger.error("the engine of %s failed to close", root, exc_info=error)
    return len(ending)


async def _on_thread(work: Callable[[], _T]) -> _T:
    try:
        async with asyncio.timeout(_LOAD_LIMIT_S):
            return await asyncio.to_thread(work)
    except TimeoutError:
        raise TimedOut(f"Reading the file or its project took longer than {_LOAD_LIMIT_S:g} s.") from None
    except OSError as error:
        raise ConfigError(f"The project's files cannot be read: {error}.") from error
