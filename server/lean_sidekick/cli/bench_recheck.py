"""`bench recheck`: every proof that a run kept, judged again by a plain run of Lean."""

from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path

import click

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import lean_option, project_option
from lean_sidekick.cli.engines import settings_for
from lean_sidekick.cli.output import StatusLine, note, write_line
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.errors import InputError
from lean_sidekick.engine.session import find_lean
from lean_sidekick.evaluation.data_sets import Selection, open_data_set
from lean_sidekick.evaluation.plain_check import plain_lean
from lean_sidekick.evaluation.recheck import recheck
from lean_sidekick.evaluation.run_folder import RECORD_FILE, read_object
from lean_sidekick.lean.project import find_project


@click.command("recheck", short_help="Judge the proofs of a run again.")
@click.argument("data", type=click.Path(path_type=Path))
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@project_option
@click.option("--workers", type=click.IntRange(1, 1024), default=2, show_default=True, help="Runs of Lean at once.")
@lean_option
def command(data: Path, run: Path, project: Path | None, workers: int, lean_path: str | None) -> int:
    """Judge every proof in RUN, the folder of a run over DATA, by a plain run of Lean."""
    return run_async(_recheck(data, run, project, workers, lean_path))


async def _recheck(path: Path, run: Path, project: Path | None, workers: int, lean: str | None) -> int:
    data = open_data_set(path, Selection(), project)
    if not (run / RECORD_FILE).is_file():
        raise InputError(f"{run} holds no run of `bench prove`: there is no {RECORD_FILE} in it.")
    record = read_object(run / RECORD_FILE)
    if record.get("kind") != "prove":
        raise InputError(f"{run} holds a run of `bench {record.get('kind')}`, which keeps no proofs.")
    recorded = record.get("data")
    if isinstance(recorded, Mapping) and recorded.get("sha256") != data.digest:
        raise InputError(f"{path} is not the file that the run in {run} was made with ({recorded.get('name')}).")
    place = project or path
    settings = await settings_for(place, lean)
    toolchain = await find_lean(place, settings)
    plain = plain_lean(find_project(place), toolchain, frozenset(settings.allowed_axioms))
    status, claimed, false = StatusLine(), 0, 0
    async with aclosing(recheck(run, data, plain, str(toolchain.version), workers)) as verdicts:
        async for verdict in verdicts:
            claimed += 1
            status.show(f"{claimed} proofs")
            if verdict.falsehood:
                false += 1
                note(f"FALSE PROOF of {verdict.name}: {verdict.falsehood}")
    status.clear()
    for key, value in (("claimed", claimed), ("accepted", claimed - false), ("false_proofs", false)):
        write_line(f"{key:24} {value}")
    return ExitStatus.INCOMPLETE if false else ExitStatus.DONE
