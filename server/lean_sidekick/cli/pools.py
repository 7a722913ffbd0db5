"""Where the tasks of a benchmark are done: on this machine, or on a Ray cluster."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from attrs import frozen

from lean_sidekick.core.errors import ImportsOutOfDate
from lean_sidekick.evaluation.pool import LocalPool, Pool, ResultT, TaskT, Workers, workers_for_memory

CHUNK = 8

_Command = TypeVar("_Command", bound=Callable[..., Any])


@frozen(kw_only=True)
class Place:
    """`workers` on this machine, None for as many as fit; or chunks of tasks on the cluster at `cluster`."""

    workers: int | None
    cluster: str
    chunk: int


def pool_options(command: _Command) -> _Command:
    """Adds the options `--workers`, `--cluster` and `--chunk`."""
    options = (
        workers_option("Theorems"),
        click.option(
            "--cluster", default="", metavar="ADDRESS", help="Work on this Ray cluster; auto: the one we are on."
        ),
        click.option(
            "--chunk",
            type=click.IntRange(1, 10_000),
            default=CHUNK,
            show_default=True,
            help="Tasks that share one start of Lean on a cluster.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def workers_option(what: str) -> Callable[[Any], Any]:
    """The option `--workers`: how many of something are done at once on this machine; None for as many as fit."""
    return click.option(
        "--workers",
        default="1",
        metavar="N|auto",
        callback=_worker_count,
        help=f"{what} at once, each with a Lean of its own; auto: as many as memory and cores allow. Default: 1.",
    )


def open_pool(
    place: Place, workers: Workers[TaskT, ResultT], text: str, cap_mb: int
) -> tuple[Pool[TaskT, ResultT], dict[str, object]]:
    """The pool, and what the record of a run says of it.

    `text` is one of the items and `cap_mb` the setting that caps Lean, for the number of workers. Raises ConfigError.
    """
    if place.cluster:
        from lean_sidekick.evaluation.ray_pool import RayPool, cluster_size

        size = cluster_size(place.cluster)
        return RayPool(workers=workers, address=place.cluster, chunk=place.chunk), {"cluster": size}
    count = place.workers or workers_for_memory(text, cap_mb)
    return LocalPool(workers=workers, count=count), {"workers": count}


@contextmanager
def imports_of(project: Path | None) -> Iterator[None]:
    """Around work on theorems of a set: where imports are missing and no project was named, says how to name one."""
    try:
        yield
    except ImportsOutOfDate as error:
        if project is not None:
            raise
        raise ImportsOutOfDate(
            f"{error} Name the Lean project that has the imports of the theorems with --project."
        ) from None


def _worker_count(_context: click.Context, _parameter: click.Parameter, text: str) -> int | None:
    """The number of workers, None for as many as fit."""
    if text == "auto":
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise click.BadParameter(f"a number from 1 to 1024, or auto, not {text}.")
    return int(text)
