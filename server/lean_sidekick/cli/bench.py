"""`bench`: benchmarks, one module a kind, and where their figures go.

A new kind is a row in `KINDS` and a module `cli/bench_NAME.py` that holds one click command named `command`.
"""

import importlib

import click

KINDS = ("effort", "generate", "premises", "prove", "recheck", "verify")


class _Kinds(click.Group):
    """Imports the module of a kind only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(KINDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in KINDS:
            return None
        command: click.Command = importlib.import_module(f"lean_sidekick.cli.bench_{cmd_name}").command
        return command


@click.group("bench", cls=_Kinds, short_help="Run a benchmark.")
def command() -> None:
    """Run a benchmark and write its figures."""
