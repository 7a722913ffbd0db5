"""A Lean in this process that answers the questions of an extraction with the rows of `trace_rows`."""

from collections.abc import Sequence

from attrs import define, field

from lean_sidekick.core.errors import LeanCrashed, TimedOut
from lean_sidekick.lean.diagnostics import Diagnostic
from support.fake_documents import at, information
from support.trace_rows import answer, failure, question


@define
class TraceLean:
    """Answers as the definitions of `lean_text` would.

    `refused` are texts that do not elaborate where they stand in the document. A file with `hang` times out, one with
    `crash` kills the worker, one with `again` too, but not as the first file of a worker; one that imports `Missing`
    cannot be loaded, nor, in a worker that had another file, one that imports `Twice`. `asked` are the texts of files.
    """

    refused: Sequence[str] = ()
    asked: list[str] = field(factory=list)
    is_fresh: bool = True

    def __call__(self, text: str) -> list[Diagnostic]:
        for refused in self.refused:
            if refused in text:
                return [at(text[: text.index(refused)].count("\n"), "unknown identifier")]
        asked = question(text)
        if asked is None:
            self.is_fresh = True
            return []
        nonce, source = asked
        self.asked.append(source)
        was_fresh, self.is_fresh = self.is_fresh, False
        if "hang" in source:
            raise TimedOut("Lean did not answer.")
        if "crash" in source or ("again" in source and not was_fresh):
            raise LeanCrashed("The Lean worker died.")
        if "silent" in source:
            return [at(3, "maximum recursion depth has been reached\nmore")]
        if "import Missing" in source:
            return [information(0, failure(nonce, "unknown package 'Missing'"))]
        if "import Twice" in source and not was_fresh:
            return [information(0, failure(nonce, "an extension is there already"))]
        return [information(0, answer(nonce, source))]
