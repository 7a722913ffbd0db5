"""Answers `initialize` before anything slow is imported.

Importing pygls takes longer than an editor's user should wait, so this module, with the standard library alone,
reads up to `initialize` and answers it with what pygls will answer: `server.py` puts the same request to pygls
afterwards and a test compares the two. What arrives in the meantime stays in the connection's queue, in order.
Knows nothing of features.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from lean_sidekick import __version__
from lean_sidekick.lsp.methods import COMMANDS
from lean_sidekick.lsp.wire import BadFrame, Connection, End

SERVER_NAME = "lean-sidekick"

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INVALID_PARAMS = -32602
NOT_INITIALIZED = -32002


class Handover(NamedTuple):
    """The `initialize` request as it came, and the answer that went out."""

    request: Mapping[str, Any]
    answer: Mapping[str, Any]


def answer_initialize(connection: Connection) -> Handover | None:
    """Reads up to `initialize` and answers it; None if the client left before."""
    while True:
        frame = connection.receive()
        match frame:
            case End():
                return None
            case BadFrame():
                send(connection, _error(None, PARSE_ERROR, f"Not understood: {frame.reason}."))
                continue
        try:
            message = json.loads(frame)
        except (ValueError, RecursionError):
            send(connection, _error(None, PARSE_ERROR, "Not understood: the message is not JSON."))
            continue
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            send(connection, _error(None, INVALID_REQUEST, "Not understood: the message is no request."))
        elif message["method"] == "exit":
            return None
        elif "id" not in message:
            pass  # the standard drops notifications before `initialize`
        elif message["method"] != "initialize":
            send(connection, _error(message["id"], NOT_INITIALIZED, "Send the request `initialize` first."))
        elif not isinstance(message.get("params"), dict) or not _is_id(message["id"]):
            send(connection, _error(message["id"], INVALID_PARAMS, "The params of `initialize` must be an object."))
        else:
            answer = {"id": message["id"], "jsonrpc": "2.0", "result": initialize_result(message["params"])}
            send(connection, answer)
            return Handover(request=message, answer=answer)


def initialize_result(params: Mapping[str, Any]) -> dict[str, Any]:
    """The result of `initialize` (LSP 3.17, `InitializeResult`)."""
    sync: dict[str, Any] = {"openClose": True, "change": 2}
    said = params.get("capabilities")
    for name in ("textDocument", "synchronization"):
        said = said.get(name) if isinstance(said, dict) else None
    for name in ("willSave", "willSaveWaitUntil"):
        # pygls says no only to clients that raised the question.
        if isinstance(said, dict) and said.get(name) is not None:
            sync[name] = False
    sync["save"] = True
    return {
        "capabilities": {
            "positionEncoding": "utf-16",
            "textDocumentSync": sync,
            "codeActionProvider": {"codeActionKinds": ["quickfix"]},
            "executeCommandProvider": {"commands": list(COMMANDS)},
            "inlayHintProvider": {"resolveProvider": False},
            "workspace": {
                "workspaceFolders": {"supported": True, "changeNotifications": True},
                "fileOperations": {},
            },
        },
        "serverInfo": {"name": SERVER_NAME, "version": __version__},
    }


def send(connection: Connection, message: Mapping[str, Any]) -> None:
    """Sends one message."""
    body = json.dumps(message).encode()
    connection.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _error(message_id: object, code: int, text: str) -> dict[str, Any]:
    known_id = message_id if _is_id(message_id) else None
    return {"id": known_id, "jsonrpc": "2.0", "error": {"code": code, "message": text}}
