"""What commands print: results on standard output, everything else on standard error.

With `--json`, standard output holds one object a line, in UTF-8 whatever the terminal's encoding, and nothing else.
"""

import json
import shutil
import sys
from collections.abc import Mapping

import click


def write_line(text: str = "") -> None:
    """Prints one line of a result for people."""
    click.echo(text)


def write_object(fields: Mapping[str, object]) -> None:
    """Prints one result for scripts, as soon as it is known."""
    click.echo((json.dumps(fields, ensure_ascii=False, allow_nan=False) + "\n").encode(), nl=False)


def note(text: str) -> None:
    """Prints a line that is no result: a warning, a log line."""
    click.echo(text, err=True)


class StatusLine:
    """A line on the terminal that is written over while work goes on; nothing where there is no terminal."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()
        self._width = 0

    def show(self, text: str) -> None:
        """Replaces the line."""
        if not self._is_shown:
            return
        text = text.replace("\n", " ")
        text = text[: shutil.get_terminal_size().columns - 1]
        click.echo(f"\r{text.ljust(self._width)}", err=True, nl=False)
        self._width = len(text)

    def clear(self) -> None:
        """Takes the line away, before a result is printed and at the end."""
        if self._width:
            click.echo(f"\r{' ' * self._width}\r", err=True, nl=False)
            self._width = 0
