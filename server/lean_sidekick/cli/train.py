"""`train`: training of models, one module a kind.

A new kind is a row in `KINDS` and a module `cli/train_NAME.py` that holds one click command named `command`; it imports
what needs the model libraries only when it runs.
"""

import click

from lean_sidekick.cli.kinds import KindGroup

KINDS = ("tactics", "retriever", "value")


@click.group("train", cls=KindGroup, kinds=KINDS, short_help="Train a model.")
def command() -> None:
    """Train a model on your own data."""
