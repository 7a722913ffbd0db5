"""`lean-sidekick serve`: the language server.

Standard library only up to the answer to `initialize`; pygls and the engine are imported after it. Parses its own
arguments for that reason.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lean_sidekick.lsp.bootstrap import answer_initialize
from lean_sidekick.lsp.wire import Connection, accept_one, stdio_connection

if TYPE_CHECKING:
    from lean_sidekick.lsp.projects import Backend

_LEFT = 1
_WRONG_USE = 2
_INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Runs the server with the arguments after `serve`; gives the exit status."""
    return run(arguments, _load_backend)


def run(arguments: Sequence[str], load_backend: "Callable[[], Backend]") -> int:
    """Runs the server on what `load_backend` gives; it is called on a thread after `initialize` was answered."""
    try:
        options = _make_parser().parse_args(arguments)
    except SystemExit as end:  # argparse has said what is wrong, or has shown its help
        return end.code if isinstance(end.code, int) else _WRONG_USE
    try:
        return _serve(_connect(options.tcp), load_backend, options)
    except KeyboardInterrupt:  # before the server could see to it itself
        return _INTERRUPTED


def _serve(connection: Connection | None, load_backend: "Callable[[], Backend]", options: argparse.Namespace) -> int:
    if connection is None:
        return _WRONG_USE
    handover = answer_initialize(connection)
    if handover is None:
        connection.close()
        return _LEFT

    from lean_sidekick.lsp.server import serve

    return serve(connection, handover, load_backend, lean_path=options.lean, log_level=options.log_level)


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lean-sidekick serve", description="Run the language server on standard input and output."
    )
    parser.add_argument("--stdio", action="store_true", help="use standard input and output (this is the default)")
    parser.add_argument("--tcp", type=int, metavar="PORT", help="wait for one client on this port of this machine")
    parser.add_argument("--lean", metavar="PATH", help="the Lean to use, instead of the project's toolchain")
    parser.add_argument("--log-level", choices=("debug", "info", "warning"), default="info", help="what is logged")
    return parser


def _connect(port: int | None) -> Connection | None:
    """The connection to the client; None, with a word on why, if there cannot be one."""
    try:
        if port is not None:
            return accept_one(port, lambda actual: _say(f"Waiting for a client on 127.0.0.1:{actual}."))
        if sys.stdin is not None and sys.stdin.isatty():
            _say("This is a language server: an editor starts it and speaks to it. Press Ctrl-C to leave.")
        return stdio_connection()
    except (OSError, OverflowError) as error:
        _say(f"lean-sidekick serve: cannot speak to an editor here: {error}.")
        return None


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _load_backend() -> "Backend":
    from pathlib import Path

    from lean_sidekick.engine.session import forget_learned, open_engine
    from lean_sidekick.engine.site_finder import find_site
    from lean_sidekick.lean.project import find_project
    from lean_sidekick.lsp.projects import Backend

    def find_root(path: Path) -> Path | None:
        project = find_project(path)
        is_project = project.lakefile or project.toolchain_file or project.leanpkg_file
        return project.root if is_project else None

    return Backend(
        open_engine=open_engine,
        find_root=find_root,
        find_site=lambda document, position: find_site(document.text, document.uri, document.version, position),
        forget_learned=forget_learned,
    )
