"""How far the loading of a model is, told by a thread while another one loads it.

Libraries say nothing of it that can be relied on, so it is an estimate: what the process has gained in memory since its
libraries were there, against the size of the weights on the disk. It never says 100; that is for the model itself.
"""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from lean_sidekick.core.errors import SidekickError
from lean_sidekick.model_worker.messages import Loading, ModelSpec

_EVERY_S = 0.5
_LOADER = "lean_sidekick.model_worker.backends.loading"
_logger = logging.getLogger(__name__)


@contextmanager
def told_of_loading(model: ModelSpec, send: Callable[[Loading], None]) -> Iterator[None]:
    """Sends how far the loading is while the block runs, at its begin and whenever there is more."""
    ended = threading.Event()
    send(Loading(source=model.source, percent=0))
    watch = threading.Thread(target=_watch, args=(model, send, ended), name="loading", daemon=True)
    watch.start()
    try:
        yield
    finally:
        ended.set()


def percent_of(gained: int, size: int) -> int:
    """Bytes gained of bytes to come, as a whole number from 0 to 99."""
    return max(0, min(99, 100 * gained // max(1, size)))


def _watch(model: ModelSpec, send: Callable[[Loading], None], ended: threading.Event) -> None:
    size, before, told = 0, 0, 0
    while not ended.wait(_EVERY_S):
        resident = _resident_bytes()
        if size:
            percent = percent_of(resident - before, size)
            if percent > told:
                told = percent
                send(Loading(source=model.source, percent=percent))
            continue
        try:
            folder = _find_folder(model)
            # Importing the libraries is the first that a loading does; what they take is not the model's.
            size, before = (0 if folder is None else weights_size(folder)), resident
        except (SidekickError, OSError) as error:
            _logger.debug("nothing is told of the loading: %s", error)
            return


def _find_folder(model: ModelSpec) -> Path | None:
    """Where the model's files are; None before the libraries are there. Raises what the loader's own raises."""
    found: Path | None = None
    if (find_folder := getattr(sys.modules.get(_LOADER), "find_folder", None)) is not None:
        found = find_folder(model)
    return found


def _resident_bytes() -> int:
    return psutil.Process().memory_info().rss


def weights_size(folder: Path) -> int:
    """Bytes of the weights in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
