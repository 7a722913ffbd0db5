"""Options that several commands have, written once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

lean_option = click.option(
    "--lean", "lean_path", metavar="PATH", help="The Lean to use: a program, a toolchain's folder or its name."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line on standard output.")


def out_option(default: str) -> Callable[[Any], Any]:
    """Where a benchmark writes its files."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path),
        default=Path(default),
        show_default=True,
        help="Folder for the results.",
    )
