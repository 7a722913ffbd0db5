"""`train`: training of models, one module a kind.

A new kind is a row in `KINDS` and a module `cli/train_NAME.py` that holds one click command named `command`; it imports
what needs the model libraries only when it runs.
"""

import importlib

import click

KINDS = ("tactics", "value")


class _Kinds(click.Group):
    """Imports the module of a kind only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(KINDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in KINDS:
            return None
        command: click.Command = importlib.import_module(f"lean_sidekick.cli.train_{cmd_name}").command
        return command


@click.group("train", cls=_Kinds, short_help="Train a model.")
def command() -> None:
    """Train a model on your own data."""
