"""Ten minutes of restless typing: no stale suggestion applied, no error in the log, memory flat.

    python benchmarks/soak.py [--minutes N] [--out FILE]

200 edits a minute at random places of the example files, with a real Lean: letters typed and taken back, files put back
as they were. After every fourth edit, and when a file was put back, somebody asks at a hole and takes what is offered
first. A suggestion is taken only if the text still has the version that its edit names, and it
must fit there: what it replaces must be the hole or blank. Memory is the sidecar's own (private bytes), read every
half minute; that of Lean is printed beside it. Growth is the median of the last third to that of the second, since
the first fills caches; more than GROWTH_LIMIT is too much. The last line says whether all of it held.

The extension's own memory is weighed in a real editor by `vscode-extension/test-browser/soak.mjs`.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from lean_sidekick.core.positions import TextEdit
from lean_sidekick.engine.demonstration import example_documents
from support.editor import Answered, Editor, ServerProcess

EDITS_A_MINUTE = 200
WEIGHED_EVERY = 100
GROWTH_LIMIT = 1.1
SEED = 20261122
CONTENT_MODIFIED = -32801


class Soak:
    """One run: what was done, and what was seen."""

    def __init__(self, editor: Editor, process: psutil.Process) -> None:
        self.editor = editor
        self.process = process
        self.random = random.Random(SEED)
        self.taken = self.refused = self.modified = self.edits = 0
        self.wrong: list[str] = []
        self.memory_mb: list[float] = []
        self.lean_mb: list[float] = []

    async def run(self, minutes: float) -> None:
        """Types at a steady rate; what an edit takes is no reason to type less."""
        began = time.monotonic()
        texts = {document.uri: document.text for document in example_documents(ROOT / "examples")}
        for uri, text in texts.items():
            self.editor.open(text, uri)
        total = int(minutes * EDITS_A_MINUTE)
        asking: set[asyncio.Task[None]] = set()
        for number in range(total):
            uri = self.random.choice(list(texts))
            is_restored = self._edit(uri, texts[uri])
            if is_restored or number % 4 == 0:
                asking.add(task := asyncio.create_task(self._take(uri)))
                task.add_done_callback(asking.discard)
            if number % WEIGHED_EVERY == 0 and number:
                self._weigh()
            await asyncio.sleep(max(0.0, began + (number + 1) * 60 / EDITS_A_MINUTE - time.monotonic()))
        await asyncio.gather(*asking)
        self._weigh()

    def _edit(self, uri: str, original: str) -> bool:
        """One edit: a letter, a letter back, or the whole text as it was; says whether it was that."""
        self.edits += 1
        text = self.editor.texts[uri]
        kind = self.random.random()
        if kind < 0.25 or len(text) > len(original) + 200:
            self.editor.change([TextEdit(start=0, end=len(text), new_text=original)], uri)
            return True
        if kind < 0.65:
            at = self.random.randrange(len(text) + 1)
            self.editor.change([TextEdit(start=at, end=at, new_text=self.random.choice("ab (\n∀𝔸·"))], uri)
        else:
            at = self.random.randrange(len(text)) if text else 0
            self.editor.change([TextEdit(start=at, end=min(len(text), at + 1), new_text="")], uri)
        return False

    async def _take(self, uri: str) -> None:
        """Asks at a hole, again while nothing is known and the text stays, and takes what is offered first."""
        text = self.editor.texts[uri]
        edits: list[dict[str, Any]] = []
        while not edits:
            if "sorry" not in text or self.editor.texts[uri] != text:
                return
            try:
                actions = await self.editor.code_actions("sorry", uri)
            except Answered as error:
                self.modified += error.code == CONTENT_MODIFIED
                if error.code != CONTENT_MODIFIED:
                    self.wrong.append(f"answered with {error.code}")
                return
            edits = [action["edit"] for action in actions if "edit" in action]
            await asyncio.sleep(0.05)
        (document,) = edits[0]["documentChanges"]
        if document["textDocument"]["version"] != self.editor.versions[uri]:
            self.refused += 1
            return
        if self.editor.texts[uri] != text:
            self.wrong.append("an edit for an older text names the newest version")
        if not self.editor.apply(edits[0]):
            self.wrong.append("an edit of the newest version does not fit")
        self.taken += 1

    def _weigh(self) -> None:
        self.memory_mb.append(round(self.process.memory_full_info().uss / 2**20, 1))
        children = [child for child in self.process.children(recursive=True) if child.is_running()]
        self.lean_mb.append(round(sum(child.memory_info().rss for child in children) / 2**20, 1))


async def measure(minutes: float) -> dict[str, Any]:
    """The figures of one run."""
    server = await ServerProcess.start("serve", module="lean_sidekick")
    editor = Editor(server)
    await editor.initialize(options={"suggest": {"delayMs": 100, "timeoutS": 2}})
    soak = Soak(editor, psutil.Process(server.process.pid))
    await soak.run(minutes)
    errors = [line for line in editor.log if "ERROR " in line or line.startswith("Traceback")]
    await editor.kill()
    return {
        "edits": soak.edits,
        "suggestions_taken": soak.taken,
        "offered_for_a_text_that_had_moved_on": soak.refused,
        "questions_ended_by_an_edit": soak.modified,
        "wrong": soak.wrong,
        "errors_in_the_log": errors,
        "sidecar_mb_each_half_minute": soak.memory_mb,
        "lean_mb_each_half_minute": soak.lean_mb,
        "sidecar_growth": growth(soak.memory_mb),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


def growth(series: Sequence[float]) -> float | None:
    """The last third to the second one, None for too short a series."""
    third = len(series) // 3
    if not third:
        return None
    return round(statistics.median(series[-third:]) / statistics.median(series[third : 2 * third]), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    report = asyncio.run(measure(arguments.minutes))
    print(json.dumps(report, indent=1))
    is_flat = report["sidecar_growth"] is None or report["sidecar_growth"] <= GROWTH_LIMIT
    holds = not report["wrong"] and not report["errors_in_the_log"] and report["suggestions_taken"] > 0 and is_flat
    print("all of it held" if holds else "it did NOT hold")
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    sys.exit(not holds)


if __name__ == "__main__":
    main()
