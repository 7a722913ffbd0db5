"""A Lean in this process that answers the questions of an extraction: every line `theorem NAME : … := by TACTIC` of a
text is a proof of one step, which closes `⊢ NAME`; a line with `sorry` or `error` is one with a message."""

import json
import re
from collections.abc import Sequence

from attrs import define, field

from lean_sidekick.core.errors import LeanCrashed, TimedOut
from lean_sidekick.evaluation.extraction.lean_text import KEYWORD
from lean_sidekick.lean.diagnostics import Diagnostic
from support.fake_documents import at, information

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_THEOREM = re.compile(r"^theorem (\S+)(.*?):= by (.*)$", re.MULTILINE)


@define
class TraceLean:
    """Answers as the definitions of `lean_text` would.

    `refused` are texts that do not elaborate where they stand in the document. A text with `hang` times out, one with
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
        last = text.rstrip("\n").rpartition("\n")[2]
        if not last.startswith(KEYWORD):
            self.is_fresh = True
            return []
        nonce, name, module, source = (json.loads(found) for found in _STRING.findall(last))
        self.asked.append(source)
        was_fresh, self.is_fresh = self.is_fresh, False
        if "hang" in source:
            raise TimedOut("Lean did not answer.")
        if "crash" in source or ("again" in source and not was_fresh):
            raise LeanCrashed("The Lean worker died.")
        if "silent" in source:
            return [at(3, "maximum recursion depth has been reached\nmore")]
        if "import Missing" in source:
            return [information(0, self._failure(nonce, "unknown package 'Missing'"))]
        if "import Twice" in source and not was_fresh:
            return [information(0, self._failure(nonce, "an extension is there already"))]
        return [information(0, json.dumps([nonce, "", *self._rows(name, module, source)], separators=(",", ":")))]

    def _failure(self, nonce: str, text: str) -> str:
        return json.dumps([nonce, text, *([] for _ in range(9))], separators=(",", ":"))

    def _rows(self, name: str, module: str, source: str) -> list[object]:
        def offset(place: int) -> int:
            return len(source[:place].encode())

        proofs, steps, mentions, named, messages = [], [], [], [], []
        for match in _THEOREM.finditer(source):
            line = source.count("\n", 0, match.start()) + 1
            start, end = offset(match.start(3)), offset(match.end(3))
            proofs.append([offset(match.start()), offset(match.start(3)) - len(":= by "), end])
            steps.append([start, end, [f"n : Nat\n⊢ {match[1]}"], []])
            mentions += [[0, start, start + 3], [0, start, start + 3]] if match[3].startswith("rfl") else []
            named.append([f"N.{match[1]}", True, line, len("theorem ")])
            if "sorry" in match[3]:
                messages.append([False, line, 8, "declaration uses 'sorry'"])
            if "error" in match[3]:
                messages.append([True, line, 8, "type mismatch\nlong"])
        premises = [
            [0, row[0], "theorem", ": p", None, [row[2], 0, row[2], 9], [], None, [], ["used"]] for row in named
        ]
        imports = ["Init", *re.findall(r"^import (\S+)$", source, re.MULTILINE)]
        constants = [["Eq.refl", "Init.Core", [7, 2, 7, 9]]]
        return [imports, proofs, steps, [], mentions, constants, named, premises, messages]
