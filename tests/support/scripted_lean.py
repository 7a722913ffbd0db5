"""A stand-in for `lean --server`: speaks the server's side of the protocol as its scenario says.

    python scripted_lean.py SCENARIO [ARGUMENT…]     as a server; the arguments are those Lean would get
    python scripted_lean.py SCENARIO --version       prints SCRIPTED_LEAN_VERSION (default 4.24.0) as Lean does

Environment:
    SCRIPTED_LEAN_LOG         a file that gets one JSON line for the start and for each message that came in
    SCRIPTED_LEAN_TRANSCRIPT  recorded documents (JSON lines): a text that is in there is answered as recorded
    SCRIPTED_LEAN_PROTOCOL    the protocol version in `serverInfo` (default 0.3.0)

A text that is not recorded is "elaborated" line by line: `error TEXT` is an error, `sorry` a warning, `info TEXT` an
information; a line with `by` has one goal that names the line, a line with `done` none.

Standard library only; the scenarios are in `scripted_scenarios.py`. Every scenario ends the process with code 3
when it reads an escaped character (`\\u1234`): Leans of old misread them, so nobody may send them.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Json = dict[str, Any]
ESCAPED_CHARACTER_EXIT = 3
ALL = {"start": {"line": 0, "character": 0}, "end": {"line": 9999, "character": 0}}


class Document:
    """A document as the client left it."""

    def __init__(self, uri: str, version: int, text: str) -> None:
        self.uri, self.version, self.text = uri, version, text

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def change(self, version: int, changes: list[Json]) -> None:
        """Applies edits as Lean does: UTF-16 columns, lines that end at LF."""
        self.version = version
        for change in changes:
            if "range" not in change:
                self.text = change["text"]
                continue
            start, end = (self._offset(change["range"][side]) for side in ("start", "end"))
            self.text = self.text[:start] + change["text"] + self.text[end:]

    def _offset(self, position: Json) -> int:
        before = sum(len(line) + 1 for line in self.lines[: position["line"]])
        line = self.lines[position["line"]]
        column = line.encode("utf-16-le")[: 2 * position["character"]].decode("utf-16-le")
        return before + len(column)


class ScriptedLean:
    """The healthy server; scenarios override what they do otherwise."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.recorded = _read_transcript(os.environ.get("SCRIPTED_LEAN_TRANSCRIPT"))
        self.answers: list[Json] = []
        self._log_file = os.environ.get("SCRIPTED_LEAN_LOG")

    # -- the session

    def run(self) -> None:
        """Reads and answers until `exit` or the end of the input."""
        environment = {name: value for name, value in os.environ.items() if name.startswith(("LEAN", "LAKE", "GIT"))}
        folder = str(Path.cwd())
        self.log({"started": sys.argv[1:], "folder": folder, "environment": environment, "pid": os.getpid()})
        self.at_start()
        while (message := self.read()) is not None:
            self.log(message)
            if "method" not in message:
                self.answers.append(message)
                self.on_answer(message)
                continue
            handlers: dict[str, Callable[[Json], None]] = {
                "initialize": self.on_initialize,
                "textDocument/didOpen": self.on_open,
                "textDocument/didChange": self.on_change,
                "textDocument/didClose": self.on_close,
                "textDocument/waitForDiagnostics": self.on_wait,
                "$/lean/plainGoal": self.on_goal,
                "$/lean/plainTermGoal": self.on_term_goal,
                "shutdown": self.on_shutdown,
            }
            if message["method"] == "exit":
                return
            handler = handlers.get(message["method"])
            if handler is not None:
                handler(message)

    def at_start(self) -> None:
        """Before anything is read."""

    def on_answer(self, message: Json) -> None:
        """An answer of the client to a request of ours."""

    def on_initialize(self, message: Json) -> None:
        protocol = os.environ.get("SCRIPTED_LEAN_PROTOCOL", "0.3.0")
        server = {"name": "Lean 4 Server", "version": protocol}
        self.answer(message, {"capabilities": {"textDocumentSync": {"change": 2}}, "serverInfo": server})

    def on_shutdown(self, message: Json) -> None:
        self.answer(message, None)

    def on_open(self, message: Json) -> None:
        item = message["params"]["textDocument"]
        document = Document(item["uri"], item["version"], item["text"])
        self.documents[document.uri] = document
        self.elaborate(document)

    def on_change(self, message: Json) -> None:
        item = message["params"]["textDocument"]
        document = self.documents[item["uri"]]
        assert item["version"] > document.version, "Got outdated version number"
        document.change(item["version"], message["params"]["contentChanges"])
        self.elaborate(document)

    def on_close(self, message: Json) -> None:
        document = self.documents.pop(message["params"]["textDocument"]["uri"])
        self.publish(document, [])  # as today's Leans do, for the old version

    def on_wait(self, message: Json) -> None:
        self.answer(message, {})

    def on_goal(self, message: Json) -> None:
        position = message["params"]["position"]
        document = self.documents[message["params"]["textDocument"]["uri"]]
        if document.text in self.recorded:
            self.answer(message, self._recorded_answer(document, position, term=False))
            return
        line = document.lines[position["line"]]
        if "done" in line:
            self.answer(message, {"rendered": "no goals", "goals": []})
        elif "by" in line:
            goal = f"h : P\n⊢ line {position['line']}"
            self.answer(message, {"rendered": f"```lean\n{goal}\n```", "goals": [goal]})
        else:
            self.answer(message, None)

    def on_term_goal(self, message: Json) -> None:
        position = message["params"]["position"]
        document = self.documents[message["params"]["textDocument"]["uri"]]
        self.answer(message, self._recorded_answer(document, position, term=True))

    def elaborate(self, document: Document) -> None:
        """Everything that a healthy server says about a version before it answers `waitForDiagnostics`."""
        if document.text in self.recorded:
            for notification in self.recorded[document.text]["notifications"]:
                self._replay(notification, document)
            return
        self.progress(document, [{"range": ALL, "kind": 1}])
        self.publish(document, self.messages(document))
        self.progress(document, [])

    def messages(self, document: Document) -> list[Json]:
        """What the toy rules say of a text."""
        found = []
        for number, line in enumerate(document.lines):
            word, _, rest = line.strip().partition(" ")
            if word == "error":
                found.append(diagnostic(number, 1, rest))
            elif word == "info":
                found.append(diagnostic(number, 3, rest))
            elif word == "sorry":
                found.append(diagnostic(number, 2, "declaration uses `sorry`"))
        return found

    # -- what a scenario needs

    def publish(self, document: Document, diagnostics: list[Json], **more: Any) -> None:
        """Sends diagnostics for the document's version, unless `version` says otherwise."""
        params = {"uri": document.uri, "version": document.version, "diagnostics": diagnostics} | more
        self.notify("textDocument/publishDiagnostics", params)

    def progress(self, document: Document, processing: list[Json], **more: Any) -> None:
        item = {"uri": document.uri, "version": document.version} | more
        self.notify("$/lean/fileProgress", {"textDocument": item, "processing": processing})

    def document_of(self, message: Json) -> Document:
        return self.documents[message["params"]["uri"]]

    def notify(self, method: str, params: Json) -> None:
        self.send({"method": method, "params": params})

    def ask(self, message_id: int | str, method: str, params: Json) -> None:
        self.send({"id": message_id, "method": method, "params": params})

    def answer(self, message: Json, result: Any) -> None:
        self.send({"id": message["id"], "result": result})

    def refuse(self, message: Json, code: int, reason: str) -> None:
        self.send({"id": message["id"], "error": {"code": code, "message": reason}})

    def send(self, message: Json) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode()
        self.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def write(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def read(self) -> Json | None:
        length = 0
        while line := sys.stdin.buffer.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            return None
        body = sys.stdin.buffer.read(length)
        if b"\\u" in body:
            sys.stderr.write(f"an escaped character was sent: {body[:200]!r}\n")
            sys.exit(ESCAPED_CHARACTER_EXIT)
        message: Json = json.loads(body)
        return message

    def log(self, entry: Json) -> None:
        if self._log_file:
            with Path(self._log_file).open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")

    def _replay(self, notification: Json, document: Document) -> None:
        params = json.loads(json.dumps(notification["params"]))
        if "textDocument" in params:
            params["textDocument"] |= {"uri": document.uri, "version": document.version}
        else:
            params |= {"uri": document.uri, "version": document.version}
        self.notify(notification["method"], params)

    def _recorded_answer(self, document: Document, position: Json, term: bool) -> Any:
        for entry in self.recorded.get(document.text, {}).get("goals", []):
            place = {"line": entry["line"], "character": entry["character"]}
            if place == position and entry.get("term", False) is term:
                return entry["result"]
        return None


def diagnostic(line: int, severity: int, message: str, **more: Any) -> Json:
    """A diagnostic on the first columns of a line; `fullRange` reaches one line further."""
    start = {"line": line, "character": 0}
    return {
        "range": {"start": start, "end": {"line": line, "character": 5}},
        "fullRange": {"start": start, "end": {"line": line + 1, "character": 0}},
        "severity": severity,
        "message": message,
        "source": "Lean 4",
    } | more


def _read_transcript(file: str | None) -> dict[str, Json]:
    if not file:
        return {}
    with Path(file).open(encoding="utf-8") as lines:
        return {entry["text"]: entry for entry in map(json.loads, lines)}


def main() -> None:
    scenario, *arguments = sys.argv[1:]
    if "--version" in arguments:
        version = os.environ.get("SCRIPTED_LEAN_VERSION", "4.24.0")
        print(f"Lean (version {version}, x86_64-unknown-linux-gnu, commit 0000000000, Release)")
        return
    from scripted_scenarios import SCENARIOS

    SCENARIOS[scenario]().run()


if __name__ == "__main__":
    # So that the scenarios inherit from the very class that runs here.
    sys.modules["scripted_lean"] = sys.modules["__main__"]
    main()
