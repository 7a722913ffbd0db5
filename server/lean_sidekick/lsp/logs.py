"""Logging of the server: to standard error, each line with the request it belongs to. Standard output is not ours."""

import logging

from pygls.exceptions import JsonRpcException

from lean_sidekick.lsp.requests import current_request


def configure_logging(level: str) -> None:
    """Sets up logging for the whole process; `level` is for our own loggers, others speak from WARNING on."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s [%(request)s] %(message)s"))
    handler.addFilter(_add_request)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("lean_sidekick").setLevel(level.upper())


def quiet_pygls() -> None:
    """Keeps pygls from writing every message that it sends into its log, and every error that is an answer."""
    logging.getLogger("pygls").setLevel(logging.WARNING)
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_news)


def _add_request(record: logging.LogRecord) -> bool:
    record.request = current_request.get()
    return True


def _is_news(record: logging.LogRecord) -> bool:
    """Leaves out the traces for answers that are errors by intent and for messages that we refuse: we log both."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, JsonRpcException) and not str(record.msg).startswith("Unable to deserialize message")
