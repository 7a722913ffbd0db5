"""First steps of proofs in the files that an open one imports, read from their texts alone.

Of a proof in a file that no Lean has open, only the goal that it begins with is known, and that only as its statement
reads. So a file gives what stands at that goal: a theorem's first tactic and its proof as a whole, or its term. Files
are taken nearest first: direct imports, then theirs, of the project and of its packages; not those of Lean itself.
Everything here may block: it is for threads. What cannot be read is passed over.
"""

import logging
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import define, field

from lean_sidekick.core.declarations import Outline, statement_text
from lean_sidekick.core.finished_proofs import finished_proofs
from lean_sidekick.core.statement_goals import statement_goal
from lean_sidekick.core.steps import StepOrigin, TakenStep
from lean_sidekick.lean.header import find_header
from lean_sidekick.lean.project import find_project
from lean_sidekick.premises.sources import Sources, read_imports
from lean_sidekick.tactics.scripts import script_of

logger = logging.getLogger(__name__)

FILES = 200
"""Files that are read for one open document."""
FILE_SIZE = 400_000
"""Bytes of a source file; larger ones are passed over."""
STATEMENT = 1_000
TACTIC = 300
_THEOREMS = frozenset({"theorem", "lemma"})


@define(kw_only=True)
class SourceSteps:
    """The files behind the documents of one project, each read once while it stays the same."""

    root: Path
    environment: Mapping[str, str]
    _read: dict[Path, int] = field(factory=dict, init=False)

    def unread(self, text: str) -> list[Path]:
        """The files that a document's text imports and that were not read as they are now, nearest first."""
        sources = Sources(project=find_project(self.root), toolchain=None, environment=self.environment)
        waiting = deque(find_header(text).imports)
        seen = set(waiting)
        found: list[Path] = []
        count = 0
        while waiting and count < FILES:
            source = sources.find(waiting.popleft())
            if source is None:
                continue
            count += 1
            try:
                new = [module for module in read_imports(source.file) if module not in seen]
                stamp = source.file.stat().st_mtime_ns
            except OSError as error:
                logger.debug("passed over: %s", error)
                continue
            seen.update(new)
            waiting.extend(new)
            if self._read.get(source.file) != stamp:
                found.append(source.file)
        return found

    def forget(self) -> None:
        """Every file counts as never read."""
        self._read.clear()

    def steps(self, file: Path) -> list[TakenStep]:
        """The steps of a file, oldest first."""
        try:
            stat = file.stat()
            self._read[file] = stat.st_mtime_ns
            if stat.st_size > FILE_SIZE:
                return []
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            logger.debug("passed over: %s", error)
            return []
        return list(first_steps(text, file.as_uri()))


def first_steps(text: str, uri: str) -> Iterator[TakenStep]:
    """The first step of each proof of a theorem in a text, and the proof as a whole."""
    outline = Outline(text)
    by_tactics = {
        proof.declaration.start: [step.text for step in proof.steps] for proof in finished_proofs(text, len(text))
    }
    for declaration in outline.declarations():
        if declaration.keyword not in _THEOREMS or declaration.body_start is None:
            continue
        statement = statement_text(outline.scan, declaration)
        goal = statement_goal(statement) if len(statement) <= STATEMENT else None
        body = outline.scan.without_comments(declaration.body_start, declaration.end).strip()
        steps = by_tactics.get(declaration.start)
        if steps is not None and body.startswith("by"):
            tactics = [steps[0], script_of(steps) or ""]
        elif body and "\n" not in body and "sorry" not in body and not body.startswith(("by", "|")):
            tactics = [f"exact {body}"]
        else:
            continue
        if goal is not None:
            name = f"{uri}#{declaration.label}"
            for tactic in tactics:
                if 0 < len(tactic) <= TACTIC:
                    yield TakenStep(goal=goal, tactic=tactic, declaration=name, origin=StepOrigin.SOURCE)
