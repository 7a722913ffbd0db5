"""Commands with kinds, one module a kind: `lean-sidekick bench prove` is `command` of `cli/bench_prove.py`."""

import importlib
from collections.abc import Sequence
from typing import Any

import click


class KindGroup(click.Group):
    """A group that imports the module of a kind only to run it, or to say what it is for in `--help`."""

    def __init__(self, *, kinds: Sequence[str], **attributes: Any) -> None:
        super().__init__(**attributes)
        self.kinds = kinds

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.kinds)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.kinds:
            return None
        command: click.Command = importlib.import_module(f"lean_sidekick.cli.{self.name}_{cmd_name}").command
        return command
