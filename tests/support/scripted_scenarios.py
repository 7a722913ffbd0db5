"""What can go wrong with a Lean server, by name; each scenario says which behaviour it guards.

Run through `scripted_lean.py`. Standard library only.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

from scripted_lean import ALL, Document, Json, ScriptedLean, diagnostic
from trace_rows import answer, failure, question

MUST_BE_REBUILT = 'Imports are out of date and must be rebuilt; use the "Restart File" command in your editor.'
SHOULD_BE_REBUILT = 'Imports are out of date and should be rebuilt; use the "Restart File" command in your editor.'
LATE_S = 0.05
LONG_S = 600.0


class Healthy(ScriptedLean):
    """The rule: everything is said in order. Guards the main path."""


class ProgressBeforeDiagnostics(ScriptedLean):
    """Lean 4.22: end of progress and answer first, diagnostics after. Guards: those two alone mean nothing."""

    def elaborate(self, document: Document) -> None:
        self.progress(document, [])

    def on_wait(self, message: Json) -> None:
        self.answer(message, {})
        time.sleep(LATE_S)
        self.publish(self.document_of(message), self.messages(self.document_of(message)))


class EmptyListFirst(ScriptedLean):
    """An empty list for the newest version, the answer, then the true list (4.22). Guards: empty is not success."""

    def elaborate(self, document: Document) -> None:
        self.publish(document, [])
        self.progress(document, [])

    def on_wait(self, message: Json) -> None:
        self.answer(message, {})
        time.sleep(LATE_S)
        self.publish(self.document_of(message), self.messages(self.document_of(message)))


class SetupLinesFirst(ScriptedLean):
    """Lake's output as information, an empty list, then the true one. Guards: later lists replace earlier ones."""

    def elaborate(self, document: Document) -> None:
        self.publish(document, [diagnostic(0, 3, "building something")])
        self.publish(document, [])
        super().elaborate(document)


class IncrementalDiagnostics(ScriptedLean):
    """One diagnostic a notification, to be appended. Guards: pieces are joined, a full list replaces them."""

    def elaborate(self, document: Document) -> None:
        self.publish(document, [diagnostic(0, 1, "to be replaced")])
        self.publish(document, [], isIncremental=False)
        for item in self.messages(document):
            self.publish(document, [item], isIncremental=True)
        self.progress(document, [])


class OutOfOrderDiagnostics(ScriptedLean):
    """Theorems done in parallel, last first. Guards: the caller gets messages by place, and all of them."""

    def elaborate(self, document: Document) -> None:
        items = list(reversed(self.messages(document)))
        for count in range(len(items) + 1):
            self.publish(document, items[:count])
        self.progress(document, [])


class OldVersionAnswer(ScriptedLean):
    """A wait answered only after the next edit, and old lists afterwards. Guards: only the newest version counts."""

    def __init__(self) -> None:
        super().__init__()
        self.held: Json | None = None

    def on_wait(self, message: Json) -> None:
        if self.held is None:
            self.held = message
            return
        document = self.document_of(message)
        self.answer(self.held, {})
        self.publish(document, [diagnostic(0, 1, "from the old version")], version=document.version - 1)
        self.progress(document, [{"range": ALL, "kind": 2}], version=document.version - 1)
        self.answer(message, {})


class HeaderRestart(ScriptedLean):
    """A Lean of 2021 that starts a new worker refuses what is asked meanwhile. Guards: the wait is sent again."""

    refusals = 1

    def on_wait(self, message: Json) -> None:
        if self.refusals:
            self.refusals -= 1
            self.refuse(message, -32801, "The file worker has been terminated. Either the header has changed, …")
        else:
            super().on_wait(message)


class HeaderRestartForEver(HeaderRestart):
    """Refuses every wait. Guards: asking again ends."""

    refusals = 1_000_000


class WorkerCrash32901(ScriptedLean):
    """The worker of a text with `crash` in it exits. Guards: LeanCrashed, and the next text works."""

    code, reason = -32901, "The file worker has exited."

    def on_change(self, message: Json) -> None:
        uri = message["params"]["textDocument"]["uri"]
        # A crashed worker must get its text by didOpen: not every Lean revives it at didChange.
        assert not self.is_crashed(self.documents[uri]), "didChange to a crashed worker"
        super().on_change(message)

    def elaborate(self, document: Document) -> None:
        if self.is_crashed(document):
            self.publish(document, self.messages(document))
            self.progress(document, [{"range": ALL, "kind": 2}])
        else:
            super().elaborate(document)

    def on_wait(self, message: Json) -> None:
        if self.is_crashed(self.document_of(message)):
            self.refuse(message, self.code, self.reason)
        else:
            super().on_wait(message)

    def is_crashed(self, document: Document) -> bool:
        return "crash" in document.text


class WorkerCrash32902(WorkerCrash32901):
    """The same with a stack overflow."""

    code, reason = -32902, "The file worker has crashed, likely due to a stack overflow or a bug."


class WorkerCrash2021(WorkerCrash32901):
    """The same as a Lean of 2021 says it: no code of its own, no fatal progress."""

    code, reason = -32603, "Server process for file:///x crashed, likely due to a stack overflow in user code."

    def elaborate(self, document: Document) -> None:
        if not self.is_crashed(document):
            super().elaborate(document)


class WorkerCrashUnanswered(WorkerCrash32901):
    """The worker dies and what was asked is queued for ever. Guards: fatal progress ends the wait."""

    def on_wait(self, message: Json) -> None:
        if not self.is_crashed(self.document_of(message)):
            super().on_wait(message)


class WatchdogDeath(ScriptedLean):
    """The server process dies when asked about a text with `die` in it. Guards: LeanCrashed, then a new server."""

    def on_wait(self, message: Json) -> None:
        if "die" in self.document_of(message).text:
            sys.stderr.write("out of something\n")
            sys.stderr.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        super().on_wait(message)


class DiesAtStart(ScriptedLean):
    """Ends before it answers `initialize`. Guards: the reason is shown, and starts are not tried in a tight loop."""

    def at_start(self) -> None:
        sys.stderr.write("invalid -D parameter, unknown configuration option 'server.reportDelayMs'\n")
        sys.exit(1)


class NeverInitializes(ScriptedLean):
    """Never answers `initialize`. Guards: the start has a limit and leaves nothing behind."""

    def on_initialize(self, message: Json) -> None:
        sys.stderr.write("still loading\n")
        sys.stderr.flush()


class SlowStart(ScriptedLean):
    """Takes a moment to start. Guards: whoever opens documents meanwhile shares the one start."""

    def on_initialize(self, message: Json) -> None:
        time.sleep(LATE_S)
        super().on_initialize(message)


class HangIgnoresCancel(ScriptedLean):
    """A text with `hang` in it is never done, cancelled or not, until the document is closed. Guards: limits hold."""

    def elaborate(self, document: Document) -> None:
        if "hang" in document.text:
            self.progress(document, [{"range": ALL, "kind": 1}])
        else:
            super().elaborate(document)

    def on_wait(self, message: Json) -> None:
        if "hang" not in self.document_of(message).text:
            super().on_wait(message)


class WaitNeverAnswers(ScriptedLean):
    """Says everything but the answer. Guards: notifications alone are no barrier."""

    def on_wait(self, message: Json) -> None:
        pass


class SilentEnd(ScriptedLean):
    """Answers the wait without a word about the version. Guards: silence is not success."""

    def elaborate(self, document: Document) -> None:
        pass


class EndlessProgress(ScriptedLean):
    """Publishes an empty list and answers, but progress never ends. Guards: as SilentEnd, for half a word."""

    def elaborate(self, document: Document) -> None:
        self.progress(document, [{"range": ALL, "kind": 1}])
        self.publish(document, [])


class IgnoresExit(ScriptedLean):
    """Goes on after `shutdown`, `exit`, the end of its input and SIGTERM. Guards: it is killed."""

    def at_start(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def run(self) -> None:
        super().run()
        time.sleep(LONG_S)


class StrayWorker(ScriptedLean):
    """Has a worker in a session of its own that ignores everything. Guards: the whole tree is ended."""

    def at_start(self) -> None:
        code = f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep({LONG_S})"
        worker = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=subprocess.DEVNULL)
        self.log({"worker": worker.pid})


class GarbageOnWire(ScriptedLean):
    """Writes something else into the output when it elaborates `garbage`. Guards: it fails at once, never hangs."""

    def elaborate(self, document: Document) -> None:
        if "garbage" in document.text:
            self.write(b"Segmentation fault, I think\n\x00\xff\xfe{]\r\n\r\n")
        super().elaborate(document)


class NoiseBeforeStart(ScriptedLean):
    """A wrapper prints a line before the first message. Guards: that is no reason to fail."""

    def at_start(self) -> None:
        self.write(b"info: using toolchain\n\n")


class HugeMessage(ScriptedLean):
    """Diagnostics of 50 MB. Guards: messages have no small limit."""

    def messages(self, document: Document) -> list[Json]:
        return [diagnostic(0, 1, "∀" * 16_000_000)]


class StderrFlood(ScriptedLean):
    """Writes megabytes to standard error at every edit. Guards: it is drained, and its end is kept."""

    def elaborate(self, document: Document) -> None:
        for _ in range(4):
            sys.stderr.write("x" * 1_000_000)
        sys.stderr.write("\nthe end\n")
        sys.stderr.flush()
        super().elaborate(document)


class StopsReading(ScriptedLean):
    """Reads no more after the first document. Guards: a write has a limit too."""

    def on_open(self, message: Json) -> None:
        super().on_open(message)
        time.sleep(LONG_S)


class ServerRequests(ScriptedLean):
    """Asks the client, with ids of both kinds, and does nothing until it has answers. Guards: all are answered."""

    asked = ("register_lean_watcher", 1, "refresh")

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Json] = []

    def on_open(self, message: Json) -> None:
        self.held = [message]
        self.ask("register_lean_watcher", "client/registerCapability", {"registrations": []})
        self.ask(1, "workspace/semanticTokens/refresh", {})
        self.ask("refresh", "workspace/somethingNew", {"a": 1})

    def on_wait(self, message: Json) -> None:
        if self.held:
            self.held.append(message)
        else:
            super().on_wait(message)

    def on_answer(self, message: Json) -> None:
        if {answer["id"] for answer in self.answers} == set(self.asked):
            assert all(answer["result"] is None for answer in self.answers)
            (opening, *waits), self.held = self.held, []
            super().on_open(opening)
            for wait in waits:
                super().on_wait(wait)


class BrokenHeader(ScriptedLean):
    """Nothing but a header error; the subclasses have its wordings. Guards: never an empty success."""

    item: ClassVar[Json]

    def elaborate(self, document: Document) -> None:
        self.publish(document, [self.item])
        self.progress(document, [{"range": ALL, "kind": 2}])


class MustBeRebuilt(BrokenHeader):
    """`lake setup-file --no-build` ended with code 3. Guards: ImportsOutOfDate."""

    item: ClassVar[Json] = diagnostic(0, 1, MUST_BE_REBUILT)


class MissingImport(BrokenHeader):
    """An import that is nowhere. Guards: one sentence that names it."""

    item: ClassVar[Json] = diagnostic(
        0, 1, "unknown module prefix 'No'\n\nNo directory 'No' or file 'No.olean' in the search path"
    )


class UnbuiltImport(BrokenHeader):
    """An import whose object file is not there. Guards: one sentence that names it."""

    item: ClassVar[Json] = diagnostic(
        0, 1, "object file '/p/.lake/build/lib/No/Such.olean' of module No.Such does not exist"
    )


class BadHeader(BrokenHeader):
    """A header that does not parse. Guards: InputError."""

    item: ClassVar[Json] = diagnostic(0, 1, "unexpected token 'import'; expected identifier\nmore")


class GoesOnAfterMissingImport(ScriptedLean):
    """Some Leans elaborate on in an empty environment. Guards: it is still an import failure."""

    def messages(self, document: Document) -> list[Json]:
        return [diagnostic(0, 1, "unknown package 'No'"), diagnostic(1, 1, "unknown identifier 'True'")]


class SilentAfterHeader2021(ScriptedLean):
    """A Lean of 2021: a header error, no end of progress. Guards: the same without fatal progress."""

    def elaborate(self, document: Document) -> None:
        self.publish(document, [diagnostic(0, 1, "expected identifier")])


class ShouldBeRebuilt(ScriptedLean):
    """An import changed since it was loaded. Guards: only an information, elaboration went on."""

    def messages(self, document: Document) -> list[Json]:
        return [diagnostic(0, 3, SHOULD_BE_REBUILT), *super().messages(document)]


class SilentTags(ScriptedLean):
    """Lean 4.19 and later to a client that takes silent diagnostics. Guards: tags and silence are read."""

    def messages(self, document: Document) -> list[Json]:
        done = diagnostic(0, 3, "Goals accomplished!", leanTags=[2], isSilent=True)
        return [done, diagnostic(1, 1, "unsolved goals\n⊢ q", leanTags=[1])]


class UnreadableDiagnostic(ScriptedLean):
    """A diagnostic without a range. Guards: it is not skipped, it could be the error."""

    def messages(self, document: Document) -> list[Json]:
        return [{"message": "where?"}]


class LakeWorker(ScriptedLean):
    """Asks Lake about the file as a worker does (`lake setup-file`). Guards: we never let Lake build."""

    def on_open(self, message: Json) -> None:
        self.mode = message["params"].get("dependencyBuildMode", "always")
        super().on_open(message)

    def elaborate(self, document: Document) -> None:
        arguments = [os.environ["LAKE"], "setup-file", document.uri.removeprefix("file://"), "-"]
        if self.mode == "never":
            arguments.append("--no-build")
        lake = subprocess.run(arguments, input="{}", capture_output=True, text=True, check=False)
        for line in lake.stderr.splitlines():
            self.publish(document, [diagnostic(0, 3, line)])
        self.publish(document, [])
        if lake.returncode in (0, 2):
            super().elaborate(document)
            return
        reason = MUST_BE_REBUILT if lake.returncode == 3 else f"`lake setup-file` failed:\n{lake.stderr}"
        self.publish(document, [diagnostic(0, 1, reason)])
        self.progress(document, [{"range": ALL, "kind": 2}])


class Extraction(ScriptedLean):
    """Answers the questions of an extraction from made-up rows. At the first file with `hold` it writes a file and
    waits: guards that a run that is killed there goes on later. `crash` ends the server: guards the files after it.

    As a Lean of SCRIPTED_LEAN_VERSION: what SCRIPTED_LEAN_REFUSED lists (JSON) does not elaborate, a sorry and an
    import that is missing are said in its words, and a Lean with modules loads no imports unless that was allowed."""

    def messages(self, document: Document) -> list[Json]:
        known, _, _ = document.text.partition('lean_sidekick_trace "')
        refused = [known.find(text) for text in json.loads(os.environ.get("SCRIPTED_LEAN_REFUSED", "[]"))]
        unknown = [diagnostic(known.count("\n", 0, at), 1, "unknown identifier") for at in refused if at >= 0]
        asked = question(document.text)
        if unknown or asked is None:
            return unknown
        nonce, source = asked
        if "crash" in source:
            sys.exit(1)
        mark = Path(os.environ.get("SCRIPTED_LEAN_HELD", os.devnull))
        if "hold" in source and not mark.exists():
            mark.write_text("held", encoding="utf-8")
            time.sleep(LONG_S)
        return [diagnostic(0, 3, self.said(nonce, source, known))]

    def said(self, nonce: str, source: str, known: str) -> str:
        version = tuple(int(part) for part in os.environ.get("SCRIPTED_LEAN_VERSION", "4.24.0").split(".")[:2])
        if version >= (4, 22) and "enableInitializersExecution" not in known:
            return failure(nonce, "`enableInitializersExecution` must be run before calling `importModules`")
        if "import Missing" in source:
            is_old = version < (4, 9)
            where = "No directory 'Missing' or file 'Missing.olean' in the search path entries:\n/nowhere"
            return failure(
                nonce, "unknown package 'Missing'" if is_old else f"unknown module prefix 'Missing'\n\n{where}"
            )
        if "import Unbuilt" in source:
            return failure(nonce, "object file '/nowhere/Unbuilt.olean' of module Unbuilt does not exist")
        word = "`sorry`" if version >= (4, 28) else "'sorry'"
        return answer(nonce, source, sorry=f"declaration uses {word}")


class ExtractionLate(ProgressBeforeDiagnostics, Extraction):
    """The same, with the end of progress first (4.22). Guards: that alone is no answer about a file."""


class ExtractionInPieces(IncrementalDiagnostics, Extraction):
    """The same, one diagnostic a notification (4.31). Guards: an answer is read whole."""


class ExtractionByLake(LakeWorker, Extraction):
    """The same behind `lake serve`. Guards: nothing is built, and Lake's lines are no answer."""


SCENARIOS: dict[str, type[ScriptedLean]] = {
    scenario.__name__: scenario
    for scenario in list(globals().values())
    if isinstance(scenario, type) and issubclass(scenario, ScriptedLean) and scenario is not ScriptedLean
}
