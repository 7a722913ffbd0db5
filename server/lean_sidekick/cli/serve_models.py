"""`serve-models`: our models for LeanCopilot, on localhost, until it is interrupted."""

import asyncio
import os
from pathlib import Path

import click

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.engines import settings_for
from lean_sidekick.cli.output import note, write_line
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.errors import ConfigError
from lean_sidekick.engine.models import open_models, precision_of
from lean_sidekick.model_worker.client import WorkerClient, WorkerLimits
from lean_sidekick.model_worker.messages import Device
from lean_sidekick.serving.local_http import LocalServer
from lean_sidekick.serving.models import ANSWER_S, PORT, Encoder, ModelService
from lean_sidekick.tactics.card_files import cards_folders, find_card
from lean_sidekick.tactics.cards import Architecture
from lean_sidekick.tactics.transformer import spec_of


@click.command("serve-models", short_help="Serve our models to LeanCopilot.")
@click.option("--port", type=click.IntRange(0, 65_535), default=PORT, show_default=True, help="The port; 0 takes any.")
@click.option("--encoder", "encoder_name", metavar="NAME", help="The card of a model that makes vectors.")
def command(port: int, encoder_name: str | None) -> int:
    """Serve the models that the settings name to programs on this machine, by LeanCopilot's protocol."""
    return run_async(_serve(port, encoder_name))


async def _serve(port: int, encoder_name: str | None) -> int:
    settings = await settings_for(Path.cwd(), None)
    models = open_models(settings, os.environ)
    if models.problem:
        raise ConfigError(models.problem)
    worker = models.worker or WorkerClient(note, WorkerLimits())
    encoders = []
    if encoder_name is not None:
        card = find_card(encoder_name, cards_folders(settings.models_cards))
        if card.architecture is not Architecture.ENCODER:
            raise ConfigError(f"The model {card.name} makes no vectors: name the card of an encoder.")
        spec = spec_of(card, Device(settings.models_device), precision_of(settings))
        encoders.append(Encoder(card=card, client=worker, spec=spec))
    if not models.models and not encoders:
        raise ConfigError("There is nothing to serve: set models.local or models.remote.endpoints, or give --encoder.")
    server = LocalServer(ModelService(models=models.models, encoders=encoders).answer, ANSWER_S)
    try:
        server.start(port)
        try:
            names = ", ".join([*(named.card.name for named in models.models), *(one.card.name for one in encoders)])
            write_line(f"{names} at {server.url}")
            note("LeanCopilot's external generators ask this address by default. Interrupt to end.")
            await asyncio.get_running_loop().create_future()
        finally:
            await server.close()
    finally:
        await models.close()
        await worker.close()
    return ExitStatus.DONE
