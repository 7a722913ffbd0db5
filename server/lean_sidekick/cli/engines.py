"""An engine for a command: settings resolved, warnings shown, everything closed at the end."""

import asyncio
import tomllib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from lean_sidekick.cli.output import note
from lean_sidekick.core.errors import ConfigError
from lean_sidekick.engine.engine import ProjectEngine
from lean_sidekick.engine.session import open_engine
from lean_sidekick.lean.project import find_project
from lean_sidekick.settings.options import parse_options
from lean_sidekick.settings.resolve import resolve_settings
from lean_sidekick.settings.settings import Settings


async def settings_for(path: Path, lean: str | None) -> Settings:
    """The settings that hold for a file; what was ignored of them is said on standard error."""
    root = find_project(path).root
    settings, warnings = await asyncio.to_thread(resolve_settings, lean_path=lean, project_root=root)
    for warning in warnings:
        note(warning)
    return settings


def with_assignments(settings: Settings, assignments: Sequence[str]) -> Settings:
    """Settings with others in place of some, each given as `name=value` with the value as in a settings file.

    Raises ConfigError for a name that does not exist and a value that cannot be.
    """
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(f"--setting takes NAME=VALUE, not {assignment}.")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except ValueError:
            value = text  # a text without quotes
        options, warnings = parse_options({name: value}, "--setting")
        if warnings:
            raise ConfigError(warnings[0])
        settings = options.over(settings)
    return settings


@asynccontextmanager
async def engine_for(path: Path, settings: Settings) -> AsyncIterator[ProjectEngine]:
    """The engine of the project that a file belongs to."""
    engine = open_engine(path, settings)
    try:
        yield engine
    finally:
        await engine.close()
