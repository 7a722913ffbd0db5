"""The command line: which commands there are, and how their ends become exit statuses.

A command's module is imported when the command is called, never before; `--help` reads the table here. Each module
`cli/NAME.py` (with `_` for `-`) holds one click command named `command` whose return value, if it is a number, is the
exit status. What is raised as `SidekickError` becomes one sentence on standard error.
"""

import asyncio
import importlib
import os
import sys
from collections.abc import Sequence
from enum import IntEnum

import click
from attrs import frozen

from lean_sidekick import __version__
from lean_sidekick.core.errors import (
    ConfigError,
    ImportsOutOfDate,
    InputError,
    LeanUnavailable,
    NotRecorded,
    SidekickError,
)

PROGRAM = "lean-sidekick"


class ExitStatus(IntEnum):
    """How the program ends; docs/command-line.md says it to users."""

    DONE = 0
    INCOMPLETE = 1
    WRONG_USE = 2
    NO_LEAN = 3
    INTERRUPTED = 130


@frozen
class CommandEntry:
    """One command: its name, which is also its module's (`-` as `_`), and its line in `--help`."""

    name: str
    summary: str


COMMANDS = (
    CommandEntry("serve", "Run the language server on standard input and output."),
    CommandEntry("suggest", "Show the ranked, checked suggestions at a place in a file."),
    CommandEntry("prove", "Try to prove every declaration with a sorry or empty proof."),
    CommandEntry("premises", "Find lemmas by words, a name or a pattern, or for a goal."),
    CommandEntry("show", "Show what a proof search tried, as a page."),
    CommandEntry("index", "Build or refresh the premise index of a project."),
    CommandEntry("extract", "Write down the steps of every tactic proof of a project."),
    CommandEntry("bench", "Run a benchmark and write its figures and plots."),
    CommandEntry("report", "Show runs of benchmarks as one page."),
    CommandEntry("serve-premises", "Answer LeanPremise's protocol on this machine."),
    CommandEntry("train", "Train a model on your own data."),
    CommandEntry("models", "Show model cards, get a model, show what would be sent."),
    CommandEntry("serve-models", "Serve our models to LeanCopilot, on this machine."),
    CommandEntry("doctor", "Say what was found, what is missing and how to get it."),
    CommandEntry("demo", "Do the main job on the example files."),
)


class _LazyGroup(click.Group):
    """A group that imports a command's module only to run that command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [entry.name for entry in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        if cmd_name == "serve":
            return _serve
        command: click.Command = importlib.import_module(f"lean_sidekick.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.summary) for entry in COMMANDS])


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 1 not everything was proved or found, 2 wrong use, 3 no usable Lean, 130 interrupted.",
)
@click.version_option(__version__, prog_name=PROGRAM)
def program() -> None:
    """Checked tactic suggestions and proof completion for Lean 4."""


@click.command(
    "serve",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def _serve(arguments: tuple[str, ...]) -> int:
    """The server's own parser reads its arguments, since it starts without click (see `cli.main`)."""
    from lean_sidekick.cli.serve import main as serve

    return serve(arguments)


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and gives the exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A goal must not end the program because the terminal cannot show its symbols.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    try:
        result = program.main(args=list(arguments), prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return ExitStatus.WRONG_USE
    except SidekickError as error:
        click.echo(f"{PROGRAM}: {error}", err=True)
        return exit_status_of(error)
    except (KeyboardInterrupt, asyncio.CancelledError, click.exceptions.Abort):
        click.echo("Interrupted.", err=True)
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone. Python flushes once more at its end: into nothing, then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.INCOMPLETE
    return result if isinstance(result, int) else ExitStatus.DONE


def exit_status_of(error: SidekickError) -> ExitStatus:
    """The exit status that tells a script what kind of error ended the program."""
    match error:
        case LeanUnavailable() | NotRecorded():
            return ExitStatus.NO_LEAN
        case ConfigError() | InputError() | ImportsOutOfDate():
            return ExitStatus.WRONG_USE
        case _:
            return ExitStatus.INCOMPLETE
