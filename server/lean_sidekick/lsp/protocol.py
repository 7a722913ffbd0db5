"""pygls' protocol, with what is wrong in it kept away from us.

Every request gets one answer, also one that cannot be read, comes after `shutdown`, or is no JSON. JSON objects of
unknown messages stay dicts, and only whole messages count as messages. Notifications that we take ourselves go straight
to their handler, so that keystrokes cost little; commands run as requests that can be cancelled. Positions are
UTF-16, whatever else the client offers. Private names of pygls are used here and nowhere else; its version is pinned to
a minor for that.
"""

import json
import logging
from collections.abc import Callable, Generator, Mapping
from typing import Any

from cattrs import Converter
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    LanguageServerProtocol,
    default_converter,
)

from lean_sidekick.lsp.bootstrap import error_answer, is_message_id
from lean_sidekick.lsp.wire import BadFrame, encode

_INVALID_REQUEST = types.ErrorCodes.InvalidRequest.value
_logger = logging.getLogger(__name__)


class SidekickProtocol(LanguageServerProtocol):
    """The server's end of one connection.

    `notified` holds the notifications that pygls is not asked about, with their handlers. `on_unreadable` is called
    with a notification that cannot be read.
    """

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        self._is_leaving = False  # before pygls looks at every attribute
        super().__init__(server, converter)
        # In pygls a command's task is out of the reach of `$/cancelRequest`.
        del self.fm.builtin_features[types.WORKSPACE_EXECUTE_COMMAND]
        self.fm.add_builtin_feature(types.INITIALIZE, self._initialize)
        self.notified: dict[str, Callable[[Any], None]] = {}
        self.on_unreadable: Callable[[Mapping[str, Any]], None] = lambda _: None

    @property
    def is_initialized(self) -> bool:
        """Whether `initialize` was answered."""
        return self._workspace is not None

    @property
    def is_shut_down(self) -> bool:
        """Whether `shutdown` has come; its answer may still be on its way."""
        return self._is_leaving

    def receive(self, frame: bytes | BadFrame) -> bool:
        """Handles what came on the wire; says whether it is a request, whose task has yet to begin."""
        if isinstance(frame, BadFrame):
            self._refuse(None, types.ErrorCodes.ParseError, f"Not understood: {frame.reason}.")
            return False
        try:
            message = json.loads(frame)
        except (ValueError, RecursionError):
            self._refuse(None, types.ErrorCodes.ParseError, "Not understood: the message is not JSON.")
            return False
        return self.accept(message)

    def accept(self, message: Any) -> bool:
        """Handles one message; says whether it is a request, whose task has yet to begin."""
        if not isinstance(message, dict) or not _is_well_formed(message):
            message_id = message.get("id") if isinstance(message, dict) and "method" in message else None
            self._refuse(message_id, types.ErrorCodes.InvalidRequest, "Not understood: the message is no request.")
            return False
        is_request = "method" in message and "id" in message
        if is_request and self.is_shut_down:
            self._refuse(message["id"], types.ErrorCodes.InvalidRequest, "The server is shutting down.")
            return False
        try:
            typed = self.structure_message(message)
        except JsonRpcException as error:
            _logger.warning("a message (%s) cannot be read: %s", message.get("method", "answer"), error.__cause__)
            if is_request:
                text = f"The params of {message['method']} are not as the protocol has them."
                self._refuse(message["id"], types.ErrorCodes.InvalidParams, text)
            elif "method" in message:
                self.on_unreadable(message)
            return False
        if is_request and message["method"] == types.SHUTDOWN:
            self._is_leaving = True
        self._handle(message, typed)
        return is_request

    def _handle(self, message: Mapping[str, Any], typed: Any) -> None:
        handler = None if "id" in message else self.notified.get(message["method"])
        if handler is not None and self.is_shut_down and message["method"] != types.EXIT:
            return
        try:
            if handler is not None:
                handler(typed.params)
            else:
                self.handle_message(typed)
        except Exception:
            # Requests have their answer by then: pygls' own handling of them raises nothing.
            _logger.exception("the message %s failed", message.get("method", "(answer)"))

    def _initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        if self.is_initialized:
            raise JsonRpcException(message="The server is initialized already.", code=_INVALID_REQUEST)
        if params.capabilities.general is not None:
            params.capabilities.general.position_encodings = None
        return (yield from self.lsp_initialize(params))

    def _refuse(self, message_id: object, code: types.ErrorCodes, text: str) -> None:
        if self.writer is not None:  # not through pygls, which leaves out an id that is null
            self.writer.write(encode(error_answer(message_id, code.value, text)))


def make_converter() -> Converter:
    """pygls' converter, but objects of unknown messages stay dicts; pygls makes tuples of them and renames keys."""
    make: Callable[[], Converter] = default_converter  # pygls gives it no types
    converter = make()
    converter.register_structure_hook(
        JsonRPCRequestMessage,
        lambda m, _: JsonRPCRequestMessage(m["id"], m["method"], m["jsonrpc"], m.get("params")),
    )
    converter.register_structure_hook(
        JsonRPCNotification, lambda m, _: JsonRPCNotification(m["method"], m["jsonrpc"], m.get("params"))
    )
    converter.register_structure_hook(
        JsonRPCResponseMessage, lambda m, _: JsonRPCResponseMessage(m["id"], m["jsonrpc"], m.get("result"))
    )
    return converter


def _is_well_formed(message: Mapping[str, Any]) -> bool:
    if message.get("jsonrpc") != "2.0":
        return False
    if "method" in message and not isinstance(message["method"], str):
        return False
    if "id" in message:
        return is_message_id(message["id"])
    return "method" in message
