"""`premises`: lemmas by words, a part of a name or a pattern, or for the goal at a place."""

from pathlib import Path

import click

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import json_option, lean_option
from lean_sidekick.cli.engines import engine_for, settings_for
from lean_sidekick.cli.output import StatusLine, note, write_line, write_object
from lean_sidekick.cli.places import Place, parse_place, place_position, read_lean_file
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import InputError
from lean_sidekick.engine.api import OPENING_S, PremiseAnswer, PremiseFinding
from lean_sidekick.engine.premise_reasons import describe_reasons


@click.command("premises", short_help="Find lemmas by words, or for a goal.")
@click.argument("text", required=False, default="")
@click.option("--at", "place", metavar="FILE:LINE:COL", help="For the goal here; with TEXT, what may be used here.")
@click.option("-k", "count", type=click.IntRange(1, 1000), default=16, show_default=True, help="The most to show.")
@lean_option
@json_option
def command(text: str, place: str | None, count: int, lean_path: str | None, as_json: bool) -> int:
    """Find lemmas that TEXT is about, or that may help the goal at a place.

    TEXT is words, a part of a name, a pattern with holes such as `_ * (_ + _) = _`, or Lean text. Lines and columns
    count from 1. Without a place, the project of the current folder is searched.
    """
    if not text.strip() and place is None:
        raise InputError("Give TEXT, for example 'add comm' or '_ + _ = _ + _', or a place with --at FILE:LINE:COL.")
    return run_async(_find(text, None if place is None else parse_place(place), count, lean_path, as_json))


async def _find(text: str, place: Place | None, count: int, lean: str | None, as_json: bool) -> int:
    # A name inside the folder stands for the folder, whose project is looked for.
    path = Path.cwd() / "any.lean" if place is None else place.path
    document = None if place is None else read_lean_file(place.path)
    position = None if place is None or document is None else place_position(place, document.text)
    settings = await settings_for(path, lean)
    status = StatusLine()
    async with engine_for(path, settings) as engine:
        status.show("loading the premises of the project")
        is_words = bool(text.strip()) or document is None or position is None
        await engine.prepare(for_words=is_words)
        if is_words or document is None or position is None:
            answer = await engine.find_lemmas(text, document, position, count)
        else:
            status.show("asking Lean for the goal")
            answer = await engine.find_premises(document, position, Budget(seconds=OPENING_S, checks=1), count)
    status.clear()
    _show(answer, as_json=as_json)
    return ExitStatus.DONE if answer.findings else ExitStatus.INCOMPLETE


def _show(answer: PremiseAnswer, *, as_json: bool) -> None:
    if answer.note:
        note(answer.note)
    if answer.goal is not None and not as_json:
        write_line(answer.goal.text)
        write_line("")
    for finding in answer.findings:
        if as_json:
            write_object(_fields(finding))
        else:
            _write(finding)
    if not answer.findings:
        note("Nothing was found.")


def _write(finding: PremiseFinding) -> None:
    premise = finding.premise
    write_line(f"{premise.full_name} {premise.statement}".rstrip())
    facts = [premise.kind, premise.module or "this file", *premise.attributes]
    if premise.deprecated is not None:
        facts.append(f"deprecated: {premise.deprecated}" if premise.deprecated else "deprecated")
    write_line(f"    {', '.join(filter(None, facts))}; {describe_reasons(finding)}")
    if premise.doc:
        write_line(f"    {' '.join(premise.doc.split())}")


def _fields(finding: PremiseFinding) -> dict[str, object]:
    premise = finding.premise
    start = premise.start
    return {
        "name": premise.full_name,
        "kind": premise.kind,
        "statement": premise.statement,
        "arguments": [{"name": a.name, "type": a.type, "binder": a.kind.value} for a in premise.arguments],
        "module": premise.module,
        "doc": premise.doc,
        "attributes": list(premise.attributes),
        "deprecated": premise.deprecated,
        "uri": finding.uri,
        "line": None if start is None else start.line + 1,
        "reasons": [
            {"ranker": reason.ranker, "rank": reason.rank, "shared": list(reason.shared)} for reason in finding.reasons
        ],
    }
