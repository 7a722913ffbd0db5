"""`bench`: benchmarks, one module a kind, and where their figures go.

A new kind is a row in `KINDS` and a module `cli/bench_NAME.py` that holds one click command named `command`.
"""

import click

from lean_sidekick.cli.kinds import KindGroup

KINDS = ("check", "effort", "generate", "premises", "prove", "recheck", "verify")


@click.group("bench", cls=KindGroup, kinds=KINDS, short_help="Run a benchmark.")
def command() -> None:
    """Run a benchmark and write its figures."""
