"""What the server is at: one notification for each change, and one message for each thing the user should mend.

The same cause is never shown twice, until `forget`. Decides from the class of an error alone what it means.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from lean_sidekick.core.errors import (
    ImportsOutOfDate,
    InputError,
    LeanUnavailable,
    NotRecorded,
    SidekickError,
    StaleDocument,
    TimedOut,
)
from lean_sidekick.engine.api import ModelLoading
from lean_sidekick.lsp.client import Client
from lean_sidekick.lsp.messages import ServerState, StatusChangedParams

_logger = logging.getLogger(__name__)
_READY = StatusChangedParams(state=ServerState.READY, message="")
_WORKS = (ServerState.READY, ServerState.MODEL_OFF)


class Status:
    """The state of the server, as the editor was last told."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._working = 0
        self._at_rest = _READY
        self._loading: ModelLoading | None = None
        self._sent: StatusChangedParams | None = None
        self._shown: set[str] = set()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Says "thinking" while something in here goes on."""
        self._working += 1
        self._send()
        try:
            yield
        finally:
            self._working -= 1
            self._send()

    def model_loads(self, model: ModelLoading | None) -> None:
        """Takes note of how far a model is loaded; None: none is being loaded any more."""
        self._loading = model
        self._send()

    def report(self, error: SidekickError) -> None:
        """Takes note of background work that failed; what the user should mend is shown, once."""
        self.note(error)
        if isinstance(error, LeanUnavailable | ImportsOutOfDate):
            self.warn_once(str(error))

    def note(self, error: SidekickError) -> None:
        """Takes note of work that failed. What is true of one place, and time-outs, say nothing about the server."""
        if isinstance(error, InputError | TimedOut | StaleDocument | NotRecorded):
            _logger.info("%s", error)
            return
        _logger.warning("%s", error)
        self._at_rest = StatusChangedParams(state=_state_of(error), message=str(error))
        self._send()

    def warn_once(self, text: str) -> None:
        """Shows a sentence that was not shown yet."""
        if text not in self._shown:
            self._shown.add(text)
            self._client.show_warning(text)

    def settle(self, state: ServerState = ServerState.READY, message: str = "") -> None:
        """Takes note that all is well again, or of another state that nobody has to be told of in a message."""
        self._at_rest = StatusChangedParams(state=state, message=message)
        self._send()

    def lose_model(self, trouble: str) -> None:
        """Takes note that a model could not be asked; it is shown, once."""
        self.settle(ServerState.MODEL_OFF, trouble)
        self.warn_once(trouble)

    def forget(self) -> None:
        """Starts afresh, as after a restart of Lean: what is still wrong is said again."""
        self._shown.clear()
        self.settle()

    def _send(self) -> None:
        now = StatusChangedParams(state=ServerState.THINKING, message="") if self._working else self._at_rest
        if self._loading is not None and self._at_rest.state in _WORKS:
            now = _describe(self._loading)
        if now != self._sent:
            self._sent = now
            self._client.send_status(now)


def _describe(model: ModelLoading) -> StatusChangedParams:
    sentence = f"The model {model.name} is being loaded, about {model.percent} %; what needs no model works on."
    return StatusChangedParams(state=ServerState.MODEL_LOADING, message=sentence, percent=model.percent)


def _state_of(error: SidekickError) -> ServerState:
    match error:
        case LeanUnavailable():
            return ServerState.NO_LEAN
        case ImportsOutOfDate():
            return ServerState.IMPORTS_STALE
        case _:
            return ServerState.ERROR
