"""A Lean in this process that answers the questions of the environment dump from a table of modules."""

import json
import re
from collections.abc import Mapping, Sequence

from attrs import define, field

from lean_sidekick.core.errors import ImportsOutOfDate, TimedOut
from lean_sidekick.core.scanner import words
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.premises.environment_lean import MODULES_KEYWORD, PREMISES_KEYWORD
from support.fake_documents import at, information

Row = Sequence[object]


def row(name: str, statement: str | None, line: int | None = 1, **more: object) -> Row:
    """A declaration as the Lean text prints it, without its module."""
    place = None if line is None else [line, 0, line, 9]
    kind, attributes = more.get("kind", "theorem"), more.get("attributes", [])
    return [
        name,
        kind,
        statement,
        more.get("doc"),
        place,
        attributes,
        more.get("deprecated"),
        more.get("constants", []),
        [],
    ]


@define
class PremiseLean:
    """Answers as the definitions of `environment_lean` would; `limit` is how many declarations one answer holds.

    `refused` are texts that do not elaborate where they stand in the document; `hanging` are modules about which no
    answer comes; imports of `unknown` modules fail.
    """

    modules: Mapping[str, tuple[Sequence[str], Sequence[Row]]]
    limit: int = 2
    refused: Sequence[str] = ()
    hanging: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    asked: list[str] = field(factory=list)

    def __call__(self, text: str) -> list[Diagnostic]:
        imports = re.findall(r"^import (\S+)$", text, re.MULTILINE)
        for name in imports:
            if name in self.unknown:
                raise ImportsOutOfDate(f"`{name}` cannot be imported.")
        for refused in self.refused:
            if refused in text:
                return [at(text[: text.index(refused)].count("\n"), "unknown identifier")]
        last = text.rstrip().rpartition("\n")[2]
        if last.startswith(MODULES_KEYWORD):
            return [information(0, self._list(last))]
        if last.startswith(PREMISES_KEYWORD):
            self.asked.append(last)
            return [information(0, self._tell(last))]
        return []

    def _list(self, line: str) -> str:
        _, nonce, first, _ = words(line)
        rows = [[name, list(imports)] for name, (imports, _) in self.modules.items()]
        end = min(int(first) + self.limit, len(rows))
        return json.dumps([json.loads(nonce), end, rows[int(first) : end]], separators=(",", ":"))

    def _tell(self, line: str) -> str:
        match = re.fullmatch(rf'{PREMISES_KEYWORD} (".*?") (".*?") (\d+) \d+ \d+', line)
        assert match is not None, line
        nonce, wanted, following = json.loads(match[1]), json.loads(json.loads(match[2])), int(match[3])
        rows: list[list[object]] = []
        done = 0
        for index in wanted:
            if len(rows) >= self.limit:
                break
            name = list(self.modules)[index]
            if name in self.hanging:
                raise TimedOut("Lean did not answer.")
            own = self.modules[name][1]
            taken = own[following : following + self.limit - len(rows)]
            rows += [[index, *one] for one in taken]
            following += len(taken)
            if following >= len(own):
                done, following = done + 1, 0
        return json.dumps([nonce, done, following, rows], ensure_ascii=False, separators=(",", ":"))
