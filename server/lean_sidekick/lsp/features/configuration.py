"""What the editor says of the settings: at the start, and whenever they change.

The section is replaced whole. A wrong value is shown once and its default holds.
"""

from collections.abc import Mapping
from typing import Any

from attrs import evolve
from lsprotocol import types

from lean_sidekick.lsp.messages import ServerState
from lean_sidekick.lsp.projects import UNTRUSTED, EditorOptions
from lean_sidekick.lsp.requests import Parts
from lean_sidekick.settings.options import SECTION

_TRUSTED = "trusted"
_SETTINGS = "settings"


def initialize(parts: Parts, lean_path: str | None, params: types.InitializeParams) -> None:
    """Takes over `initializationOptions`: `trusted`, and the settings, under `settings` or beside it."""
    options = EditorOptions(lean_path=lean_path)
    _configure(parts, _read(parts, options, params.initialization_options))


def did_change(parts: Parts, params: types.DidChangeConfigurationParams) -> None:
    """Takes over a changed section; settings without our section are meant for others."""
    if not isinstance(params.settings, Mapping) or SECTION not in params.settings:
        return
    _configure(parts, _read(parts, parts.projects.options, params.settings[SECTION]))
    parts.tasks.start(_apply(parts), "new settings")


def _configure(parts: Parts, options: EditorOptions) -> None:
    was_trusted = parts.projects.options.is_trusted
    parts.projects.configure(options)
    if not options.is_trusted:
        parts.rounds.stop_all()
        parts.status.settle(ServerState.NO_LEAN, UNTRUSTED)
    elif not was_trusted:
        parts.status.forget()


async def _apply(parts: Parts) -> None:
    """What was found by engines that are ended is not shown any more; what is shown is asked for again."""
    if await parts.projects.reconfigure():
        parts.rounds.stop_all()
        parts.panel.look_again()
    parts.client.refresh_inlay_hints()


def _read(parts: Parts, before: EditorOptions, raw: Any) -> EditorOptions:
    """The options that hold now; trust lasts until something else is said of it."""
    if not isinstance(raw, Mapping):
        return evolve(before, settings=raw)
    settings = raw.get(_SETTINGS, {name: value for name, value in raw.items() if name != _TRUSTED})
    is_trusted = raw.get(_TRUSTED, before.is_trusted)
    if not isinstance(is_trusted, bool):
        parts.status.warn_once(f"{_TRUSTED} must be true or false; the workspace counts as not trusted.")
        is_trusted = False
    return evolve(before, settings=settings, is_trusted=is_trusted)
