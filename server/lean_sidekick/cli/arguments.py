"""Options that several commands have, written once."""

import click

lean_option = click.option(
    "--lean", "lean_path", metavar="PATH", help="The Lean to use: a program, a toolchain's folder or its name."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line on standard output.")
