"""Options that several commands have, written once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

lean_option = click.option(
    "--lean", "lean_path", metavar="PATH", help="The Lean to use: a program, a toolchain's folder or its name."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line on standard output.")
every_option = click.option(
    "--every", type=click.IntRange(1), default=1, show_default=True, help="Only every Nth theorem."
)
project_option = click.option(
    "--project",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The Lean project whose imports the theorems use; without it, the project that DATA lies in.",
)
setting_option = click.option(
    "--setting",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting for this run (models.local=…, search.valueFile=…); may be repeated.",
)
restart_option = click.option("--restart", is_flag=True, help="Delete the run that --out holds and begin anew.")


def out_option(default: str) -> Callable[[Any], Any]:
    """Where a benchmark writes its files."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path),
        default=Path(default),
        show_default=True,
        help="Folder for the results.",
    )
