"""`demo`: the main job on the example files. Without a Lean it answers from a recording and says so."""

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import click

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import lean_option
from lean_sidekick.cli.engines import settings_for
from lean_sidekick.cli.output import StatusLine, note, write_line
from lean_sidekick.cli.prove import print_result
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.budget import Budget
from lean_sidekick.core.positions import TextMap
from lean_sidekick.engine.api import DocumentText, Engine, ProofStatus, SuggestionRound
from lean_sidekick.engine.demonstration import examples_folder, open_demonstration

SECONDS = 10.0
CHECK_LIMIT = 100_000
SUGGESTIONS = 4


@click.command("demo", short_help="Do the main job on the example files.")
@lean_option
def command(lean_path: str | None) -> int:
    """Show suggestions in the example files, then prove what is unproved in them. Nothing is written."""
    return run_async(_demo(lean_path))


async def _demo(lean: str | None) -> int:
    settings = await settings_for(examples_folder(), lean)
    demonstration = await open_demonstration(settings)
    write_line(demonstration.answers)
    status = StatusLine()
    proved = total = 0
    try:
        first = next(document for document in demonstration.documents if "sorry" in document.text)
        await _suggest(demonstration.engine, first)
        for document in demonstration.documents:
            write_line(f"\n{_name(document)}")
            results = demonstration.engine.prove_all(
                document,
                None,
                lambda: Budget(seconds=SECONDS, checks=CHECK_LIMIT),
                lambda progress: status.show(f"{progress.checks} checks: {progress.trying}"),
            )
            async for result in results:
                status.clear()
                total += 1
                proved += result.status is ProofStatus.PROVED
                print_result(result)
    finally:
        await demonstration.engine.close()
    write_line(f"\n{proved} of {total} proved, each checked once more as a whole.")
    return ExitStatus.DONE if proved == total else ExitStatus.INCOMPLETE


async def _suggest(engine: Engine, document: DocumentText) -> None:
    """Shows what a person would see at the first hole of a file."""
    offset = document.text.index("sorry")
    text_map = TextMap(document.text)
    position = text_map.position(offset)
    last: SuggestionRound | None = None
    async for round_ in engine.suggest(document, position, Budget(seconds=SECONDS, checks=CHECK_LIMIT)):
        last = round_
    if last is None:
        note(f"Nothing was found at {_name(document)}:{position.line + 1}.")
        return
    write_line(f"\nWith the cursor at {_name(document)}:{position.line + 1}, the goal is")
    for line in last.state.goals[0].text.split("\n"):
        write_line(f"    {line}")
    write_line("and the first suggestions are")
    for suggestion in last.suggestions[:SUGGESTIONS]:
        write_line(f"    {suggestion.candidate.text}    -- {suggestion.effect}")


def _name(document: DocumentText) -> str:
    return PurePosixPath(unquote(urlsplit(document.uri).path)).name
