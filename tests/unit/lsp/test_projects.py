"""Projects: one engine for each root, made late and ended surely."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from attrs import evolve

from lean_sidekick.core.errors import ConfigError, InputError, LeanUnavailable
from lean_sidekick.engine.api import Engine
from lean_sidekick.lsp.projects import Backend, EditorOptions, Projects
from lean_sidekick.settings import Settings
from support.fake_engine import FakeEngine, fake_backend

URI = "file:///project/A.lean"


class World:
    """Projects on fake engines, with what they did and warned of."""

    def __init__(self, change: Callable[[Backend], Backend] = lambda backend: backend) -> None:
        self.events: list[str] = []
        self.warnings: list[str] = []
        backend = change(fake_backend(self.events.append))
        self.projects = Projects(lambda: backend, self.warnings.append)


async def test_an_engine_is_made_once_and_ended_by_close() -> None:
    world = World()
    assert await world.projects.engine(URI) is await world.projects.engine("file:///project/B.lean")
    await world.projects.close()
    assert world.events == ["open project", "close"]


async def test_no_engine_is_made_after_close() -> None:
    """Work that is still under way at the end would leave a Lean behind."""
    world = World()
    await world.projects.close()
    with pytest.raises(InputError):
        await world.projects.engine(URI)
    assert world.events == []


async def test_no_engine_is_made_without_trust() -> None:
    world = World()
    world.projects.configure(EditorOptions(is_trusted=False))
    with pytest.raises(LeanUnavailable, match="not trusted"):
        await world.projects.engine(URI)
    assert world.events == []


async def test_an_engine_that_fails_to_close_keeps_no_other_from_closing(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeEngine):
        async def close(self) -> None:
            await super().close()
            raise OSError("no")

    def open_engine(root: Path, settings: Settings) -> Engine:
        made = Broken if root.name == "one" else FakeEngine
        return made(root, world.events.append)

    world = World(lambda backend: evolve(backend, open_engine=open_engine))
    for name in ("one", "two"):
        await world.projects.engine(f"file:///{name}/A.lean")
    await world.projects.close()
    assert world.events[2:] == ["close", "close"]
    assert "the engine of /one failed to close" in caplog.text


async def test_only_new_settings_of_the_engine_end_it() -> None:
    world = World()
    await world.projects.engine(URI)
    for settings, ended in (({"suggest": {"delayMs": 1}}, 0), ({"lean": {"threads": 3}}, 1), ({}, 0)):
        world.projects.configure(EditorOptions(settings=settings))
        assert await world.projects.reconfigure() == ended
    assert world.projects.settings(URI) == Settings()


async def test_settings_are_known_before_the_project_is() -> None:
    world = World()
    world.projects.configure(EditorOptions(settings={"suggest": {"delayMs": 7, "maxItems": "many"}}))
    assert world.projects.settings(URI).suggest_delay_ms == 7
    assert len(world.warnings) == 1


async def test_a_folder_that_cannot_be_read_is_an_error_of_ours() -> None:
    def find_root(path: Path) -> Path | None:
        raise PermissionError(13, "Permission denied", str(path))

    world = World(lambda backend: evolve(backend, find_root=find_root))
    with pytest.raises(ConfigError, match=r"cannot be read: .*Permission denied"):
        await world.projects.engine(URI)


async def test_restart_makes_engines_afresh() -> None:
    world = World()
    first = await world.projects.engine(URI)
    assert await world.projects.restart() == 1
    assert await world.projects.restart() == 0
    assert await world.projects.engine(URI) is not cast(Any, first)
    assert world.events == ["open project", "close", "open project"]
