"""`suggest`: the ranked, checked suggestions at a place in a file."""

import click
from attrs import evolve

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import json_option, lean_option
from lean_sidekick.cli.engines import engine_for, settings_for
from lean_sidekick.cli.output import StatusLine, note, write_line, write_object
from lean_sidekick.cli.places import Place, parse_place, place_position, read_lean_file
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.budget import Budget
from lean_sidekick.engine.api import Suggestion, SuggestionRound

CHECK_LIMIT = 2_000


@click.command("suggest", short_help="Show the checked suggestions at a place.")
@click.argument("place", metavar="FILE:LINE:COL")
@click.option("-n", "count", type=click.IntRange(1, 100), help="The most to show (the setting suggest.maxItems).")
@click.option("--timeout", type=click.FloatRange(0.1, 3600), help="Seconds (the setting suggest.timeoutS).")
@lean_option
@json_option
def command(place: str, count: int | None, timeout: float | None, lean_path: str | None, as_json: bool) -> int:
    """Show the suggestions that Lean checked at a place; lines and columns count from 1."""
    return run_async(_suggest(parse_place(place), count, timeout, lean_path, as_json))


async def _suggest(place: Place, count: int | None, timeout: float | None, lean: str | None, as_json: bool) -> int:
    document = read_lean_file(place.path)
    position = place_position(place, document.text)
    settings = await settings_for(place.path, lean)
    if count is not None:
        settings = evolve(settings, suggest_max_items=count)
    status = StatusLine()
    last: SuggestionRound | None = None
    async with engine_for(place.path, settings) as engine:
        await engine.open_premises()
        budget = Budget(seconds=timeout or settings.suggest_timeout_s, checks=CHECK_LIMIT)
        async for last in engine.suggest(document, position, budget):
            status.show(f"{last.checks} checks, {len(last.suggestions)} suggestions")
    status.clear()
    if last is None:
        note("Nothing was found in the time given.")
        return ExitStatus.INCOMPLETE
    for sentence in filter(None, (last.warning, last.model_trouble)):
        note(sentence)
    for suggestion in last.suggestions:
        if as_json:
            write_object(_fields(suggestion))
        else:
            write_line(f"{suggestion.candidate.text}    -- {suggestion.effect}")
            if "\n" in suggestion.candidate.text:
                write_line()  # so that its last line is not read as one with the next suggestion
    if not last.suggestions:
        note(f"No suggestion: {last.checks} candidates were checked, and none closes the goal or gets further.")
    return ExitStatus.DONE if last.suggestions else ExitStatus.INCOMPLETE


def _fields(suggestion: Suggestion) -> dict[str, object]:
    return {
        "tactic": suggestion.candidate.text,
        "outcome": suggestion.outcome.kind.value,
        "effect": suggestion.effect,
        "goals": [goal.text for goal in suggestion.goals_left],
        "source": suggestion.candidate.source.value,
        "confirmed": suggestion.is_confirmed,
    }
