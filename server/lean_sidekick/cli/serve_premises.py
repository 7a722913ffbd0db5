"""`serve-premises`: LeanPremise's protocol on localhost, from the premises of a project."""

import asyncio
from pathlib import Path

import click

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import lean_option
from lean_sidekick.cli.engines import settings_for
from lean_sidekick.cli.output import StatusLine, note, write_line
from lean_sidekick.cli.running import run_async
from lean_sidekick.engine.session import open_premises
from lean_sidekick.serving.local_http import LocalServer
from lean_sidekick.serving.premises import PremiseService

DEFAULT_PORT = 23338


@click.command("serve-premises", short_help="Answer LeanPremise's protocol on this machine.")
@click.argument("project", type=click.Path(path_type=Path, exists=True, file_okay=False), default=".")
@click.option("--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0: a free one.")
@lean_option
def command(project: Path, port: int, lean_path: str | None) -> int:
    """Answer premise requests of other tools from the premises of PROJECT, until interrupted.

    Only programs of this machine are answered.
    """
    return run_async(_serve(project.absolute(), port, lean_path))


async def _serve(project: Path, port: int, lean: str | None) -> int:
    settings = await settings_for(project, lean)
    premises = open_premises(project, settings)
    status = StatusLine()
    try:
        status.show("loading the premises of the project")
        library = await premises.library()
        names = await asyncio.to_thread(library.list_names)
        server = LocalServer(PremiseService(library.retriever, names).answer)
        server.start(port)
        status.clear()
        try:
            write_line(f"{len(names)} premises at {server.url}")
            note(f'In Lean: set_option premiseSelection.apiBaseUrl "{server.url}". Interrupt to end.')
            await asyncio.get_running_loop().create_future()
        finally:
            await server.close()
    finally:
        status.clear()
        await premises.close()
    return ExitStatus.DONE
