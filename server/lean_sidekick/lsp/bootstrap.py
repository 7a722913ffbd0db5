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
from lean_sidekick.lsp.wire import BadFrame, Connection, End, encode

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
    while not isinstance(frame := connection.receive(), End):
        message, problem = _read(frame)
        if problem is not None:
            connection.write(encode(problem))
        elif message["method"] == "exit":
            return None
        elif "id" in message:
            answer = {"id": message["id"], "jsonrpc": "2.0", "result": initialize_result(message["params"])}
            connection.write(encode(answer))
            return Handover(request=message, answer=answer)
    return None


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
            "inlayHintProvider": {"resolveProvider": True},
            "inlineCompletionProvider": {},
            "workspace": {
                "workspaceFolders": {"supported": True, "changeNotifications": True},
                "fileOperations": {},
            },
        },
        "serverInfo": {"name": SERVER_NAME, "version": __version__},
    }


def error_answer(message_id: object, code: int, text: str) -> dict[str, Any]:
    """An error as an answer; what cannot be an id becomes null, as the standard wants it."""
    return {
        "id": message_id if is_message_id(message_id) else None,
        "jsonrpc": "2.0",
        "error": {"code": code, "message": text},
    }


def is_message_id(value: object) -> bool:
    """Whether a value can be the id of a request."""
    return isinstance(value, str | int) and not isinstance(value, bool)


def _read(frame: bytes | BadFrame) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A message that may come before the answer to `initialize`, or the answer that refuses it.

    A message is a notification or a good `initialize`; notifications are for the caller to drop.
    """
    if isinstance(frame, BadFrame):
        return {}, error_answer(None, PARSE_ERROR, f"Not understood: {frame.reason}.")
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError):
        return {}, error_answer(None, PARSE_ERROR, "Not understood: the message is not JSON.")
    if not isinstance(message, dict) or not isinstance(message.get("method"), str):
        return {}, error_answer(None, INVALID_REQUEST, "Not understood: the message is no request.")
    if "id" in message:
        if message["method"] != "initialize":
            return {}, error_answer(message["id"], NOT_INITIALIZED, "Send the request `initialize` first.")
        if not is_message_id(message["id"]) or not isinstance(message.get("params"), dict):
            return {}, error_answer(message["id"], INVALID_PARAMS, "The params of `initialize` must be an object.")
    return message, None
