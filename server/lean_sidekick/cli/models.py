"""`models`: the model cards there are, getting a model, and what exactly a model would be sent.

Nothing is downloaded but by `models get`, which says first how much it is and under which licence.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import click
from attrs import asdict, frozen

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import json_option, lean_option
from lean_sidekick.cli.engines import engine_for, settings_for
from lean_sidekick.cli.output import note, write_line, write_object
from lean_sidekick.cli.places import Place, parse_place, place_position, read_lean_file
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import ConfigError
from lean_sidekick.engine.models import open_models, prompted_card
from lean_sidekick.settings.settings import Settings
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.card_files import all_cards, cards_folders, find_card
from lean_sidekick.tactics.cards import ModelCard
from lean_sidekick.tactics.hub import ask_hub, download, is_here
from lean_sidekick.tactics.models import question_of
from lean_sidekick.tactics.remote import RemoteModel

OPENING_S = 120.0
_FIRST_MODEL = "(the first one that the server has)"


@click.group("models", short_help="Model cards, getting a model, what would be sent.")
def command() -> None:
    """The models that can suggest tactics."""


@command.command("list", short_help="Show the model cards.")
@click.argument("name", required=False)
@json_option
def list_(name: str | None, as_json: bool) -> int:
    """Show all model cards, or all that the card NAME says."""
    settings = run_async(settings_for(Path.cwd(), None))
    folders = cards_folders(settings.models_cards)
    cards, problems = all_cards(folders) if name is None else ((find_card(name, folders),), ())
    for problem in problems:
        note(problem)
    for card in cards:
        if as_json:
            write_object(_fields(card))
        elif name is None:
            write_line(_row(card))
        else:
            for line in _page(card):
                write_line(line)
    return ExitStatus.INCOMPLETE if problems else ExitStatus.DONE


@command.command("get", short_help="Download a model.")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def get(name: str, yes: bool) -> int:
    """Download the model of the card NAME into the hub's cache."""
    settings = run_async(settings_for(Path.cwd(), None))
    card = find_card(name, cards_folders(settings.models_cards))
    if card.folder is not None:
        raise ConfigError(f"The card {card.name} names the folder {card.folder}: there is nothing to get.")
    found = ask_hub(card)
    note(f"{card.hub}, commit {found.commit[:12]}: {found.size_mb:,} MB, licence {found.licence}.")
    note(f"Its card here says: licence {card.licence}.{f' {card.note}' if card.note else ''}")
    if not yes and not click.confirm("Get it?", err=True):
        return ExitStatus.INCOMPLETE
    write_line(str(download(card)))
    return ExitStatus.DONE


@command.command("preview", short_help="Show exactly what models would be sent at a place.")
@click.argument("place", metavar="FILE:LINE:COL")
@click.option("--card", "card_name", help="The prompt of this model card, whether the model is configured or not.")
@lean_option
@json_option
def preview(place: str, card_name: str | None, lean_path: str | None, as_json: bool) -> int:
    """Show exactly what the configured models would be sent for the goal at a place. Nothing is sent."""
    return run_async(_preview(parse_place(place), card_name, lean_path, as_json))


async def _preview(place: Place, card_name: str | None, lean: str | None, as_json: bool) -> int:
    document = read_lean_file(place.path)
    position = place_position(place, document.text)
    settings = await settings_for(place.path, lean)
    named = [_named(card_name, settings)] if card_name is not None else _configured(settings)
    if not named:
        note("No model is configured: nothing would be sent.")
        return ExitStatus.DONE
    async with engine_for(place.path, settings) as engine:
        request = await engine.model_request(document, position, Budget(seconds=OPENING_S, checks=1_000))
    for model in named:
        for sent in _sent(model, request, settings):
            if as_json:
                write_object(asdict(sent))
            else:
                _print(sent)
    return ExitStatus.DONE


@frozen(kw_only=True)
class _Sent:
    """One request; several `urls` are servers of which one is asked. A model on this machine has none."""

    card: str
    method: str = ""
    urls: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    body: str


@frozen(kw_only=True)
class _Model:
    """A model to preview; `remote` is None for one on this machine."""

    card: ModelCard
    remote: RemoteModel | None


def _named(card_name: str, settings: Settings) -> _Model:
    return _Model(card=prompted_card(card_name, settings), remote=None)


def _configured(settings: Settings) -> list[_Model]:
    models = open_models(settings, os.environ)
    if models.problem:
        raise ConfigError(models.problem)
    return [
        _Model(card=named.card, remote=named.at_cursor if isinstance(named.at_cursor, RemoteModel) else None)
        for named in models.models
    ]


def _sent(model: _Model, request: TacticRequest, settings: Settings) -> Iterator[_Sent]:
    """What a model is sent: the requests to a server, or the prompt of a model on this machine."""
    card, remote = model.card, model.remote
    prompt = card.prompts.prompt(question_of(request, card), card.prompt_room)
    if remote is None:
        yield _Sent(card=card.name, body=prompt.text)
        return
    options = remote.options
    headers = (f"Authorization: Bearer (the key in {settings.models_remote_key_variable})",) if options.key else ()
    if not options.model:
        urls = tuple(f"{address}/models" for address in remote.addresses)
        yield _Sent(card=card.name, method="GET", urls=urls, headers=headers, body="")
    for ask in remote.asks(prompt, card.way_to_decode, options.model or _FIRST_MODEL):
        yield _Sent(
            card=card.name,
            method="POST",
            urls=tuple(address + ask.path for address in remote.addresses),
            headers=("Content-Type: application/json", *headers),
            body=ask.body().decode(),
        )


def _print(sent: _Sent) -> None:
    if sent.urls:
        write_line(f"{sent.method} {' or '.join(sent.urls)}")
        for header in sent.headers:
            write_line(header)
        write_line()
    else:
        note(f"The model {sent.card} on this machine reads:")
    write_line(sent.body)


def _row(card: ModelCard) -> str:
    here = "here" if is_here(card) else ""
    size = f"{card.parameters / 1e9:.1f}B" if card.parameters else "?"
    megabytes = f"{card.download_mb:,} MB" if card.download_mb else "?"
    return f"{card.name:24} {size:>6} {megabytes:>11}  {here:5} {card.licence:34} {card.note}".rstrip()


def _page(card: ModelCard) -> Iterator[str]:
    """Everything that a card says."""
    rows = {
        "card": str(card.path),
        "model": card.hub or str(card.folder),
        "revision": card.revision,
        "licence": card.licence,
        "adapter": card.adapter or "none",
        "architecture": card.architecture.value,
        "parameters": f"{card.parameters:,}",
        "download": f"about {card.download_mb:,} MB",
        "precision": card.precision.value,
        "context": f"{card.context_tokens:,} tokens",
        "on this machine": "yes" if is_here(card) else "no",
        "note": card.note,
    }
    yield from (f"{name:16} {value}" for name, value in rows.items() if value)
    for figure in card.figures:
        yield f"{figure.benchmark:16} {figure.value} % ({figure.budget}; {figure.source})"


def _fields(card: ModelCard) -> dict[str, object]:
    return {
        "name": card.name,
        "adapter": card.adapter,
        "architecture": card.architecture.value,
        "source": card.hub or str(card.folder),
        "revision": card.revision,
        "licence": card.licence,
        "parameters": card.parameters,
        "download_mb": card.download_mb,
        "precision": card.precision.value,
        "context_tokens": card.context_tokens,
        "is_here": is_here(card),
        "figures": [asdict(figure) for figure in card.figures],
        "note": card.note,
    }
