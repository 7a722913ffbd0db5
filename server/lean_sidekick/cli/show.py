"""`show`: the trace of a search as one page of HTML, to see why the search failed."""

from pathlib import Path

import click

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.output import note
from lean_sidekick.cli.trace_page import render_page
from lean_sidekick.core.errors import InputError
from lean_sidekick.engine.trace_files import read_trace


@click.command("show", short_help="Show the trace of a search as a page.")
@click.argument("trace", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="The page; TRACE with the ending .html if not given.")
def command(trace: Path, out: Path | None) -> int:
    """Render TRACE, which `prove --trace` wrote, as one page of HTML that needs no network."""
    logs = read_trace(trace)
    page = out or trace.with_suffix(".html")
    if page.absolute() == trace.absolute():
        raise InputError(f"The page would replace the trace {trace}: name another file with --out.")
    try:
        page.write_text(render_page(logs), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{page} cannot be written: {error.strerror}.") from None
    searches = "1 search" if len(logs) == 1 else f"{len(logs)} searches"
    note(f"{page}: {searches}; open it in a browser.")
    return ExitStatus.DONE
