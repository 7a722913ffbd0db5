"""The editor's texts: taken up, changed, saved and closed, in the order of the messages.

All of it runs at once, before the next message is read. A change first ends whatever works on the version before.
"""

import logging

from lsprotocol import types

from lean_sidekick.core.errors import InputError, SidekickError
from lean_sidekick.lsp import convert
from lean_sidekick.lsp.requests import Parts, Requests

_logger = logging.getLogger(__name__)


def did_open(parts: Parts, requests: Requests, params: types.DidOpenTextDocumentParams) -> None:
    """Takes a document up and finds its project in the meantime."""
    document = params.text_document
    forget(parts, requests, document.uri)
    parts.texts.open(document.uri, document.version, document.text)
    if parts.projects.options.is_trusted:
        parts.tasks.start(_load(parts, document.uri), f"project of {document.uri}")


def did_change(parts: Parts, requests: Requests, params: types.DidChangeTextDocumentParams) -> None:
    """Changes a document and waits for the next pause."""
    uri = params.text_document.uri
    try:
        edited = parts.texts.change(uri, params.text_document.version, convert.to_changes(params.content_changes))
    except InputError as error:
        _logger.warning("change ignored: %s", error)
        return
    requests.text_changed(uri)
    parts.rounds.text_changed(uri, edited)


def did_save(parts: Parts, requests: Requests, params: types.DidSaveTextDocumentParams) -> None:
    """Who saves pauses."""
    parts.rounds.pause(params.text_document.uri)


def did_close(parts: Parts, requests: Requests, params: types.DidCloseTextDocumentParams) -> None:
    """Forgets a document."""
    forget(parts, requests, params.text_document.uri)


def forget(parts: Parts, requests: Requests, uri: str) -> None:
    """Ends all that works on a document and forgets its text."""
    parts.texts.close(uri)
    requests.text_changed(uri)
    parts.rounds.closed(uri)
    parts.partials.forget(uri)
    parts.projects.forget(uri)


def lose(parts: Parts, requests: Requests, uri: str) -> None:
    """Forgets a document whose changes could not be read: a wrong text is worse than none."""
    forget(parts, requests, uri)
    parts.status.warn_once(f"Lean Sidekick lost track of {uri}: close the file and open it again.")


async def _load(parts: Parts, uri: str) -> None:
    try:
        await parts.projects.load(uri)
    except SidekickError as error:
        parts.status.note(error)
