"""`report`: finished runs of benchmarks as one page, with Markdown and JSON beside it."""

import json
from pathlib import Path

import click

from lean_sidekick.cli.output import write_line
from lean_sidekick.cli.trace_page import render_page
from lean_sidekick.core.errors import InputError
from lean_sidekick.engine.trace_files import read_trace
from lean_sidekick.evaluation.report import make_report, report_fields
from lean_sidekick.evaluation.report_html import render_html
from lean_sidekick.evaluation.report_markdown import render_markdown
from lean_sidekick.evaluation.report_runs import Run, read_runs


@click.command("report", short_help="Show runs of benchmarks as one page.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("report"), show_default=True, help="Folder for the pages."
)
def command(runs: tuple[Path, ...], out: Path) -> None:
    """Make one page of RUNS, the folders that `bench prove` and `bench effort` wrote.

    The first run is the one that the others are compared with.
    """
    found = read_runs(runs)
    for run in found:
        _draw_traces(run)
    try:
        out.mkdir(parents=True, exist_ok=True)
        report = make_report(found, out)
        pages = {
            "report.html": render_html(report),
            "report.md": render_markdown(report),
            "report.json": json.dumps(report_fields(report), ensure_ascii=False, indent=1) + "\n",
        }
        for name, text in pages.items():
            (out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out} cannot be written ({error.strerror}): name another folder with --out.") from None
    write_line(str(out / "report.html"))


def _draw_traces(run: Run) -> None:
    """Renders the traces of a run that have no page yet, so that the report can link to them."""
    for trace in sorted(run.path.glob("traces/*.jsonl")):
        page = trace.with_suffix(".html")
        if not page.is_file():
            page.write_text(render_page(read_trace(trace)), encoding="utf-8")
