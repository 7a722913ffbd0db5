"""How soon the first checked suggestion is there, over all places of the example files, with a real Lean and no model.

    python benchmarks/first_suggestion.py [--out FILE]

Places: each `sorry` of `examples/`, the blank line in its stead, and the end of every line but the last of each proof
that the program finds for it. At each place one letter is typed in a file that was open before; the pause is set to
zero, so a time begins where the pause would have ended. `first`: until an inlay hint can be had, which stands
for the first suggestion that Lean has run; `settled`: until the server says that no better one is to be expected soon.
The outcome cache is off. `cold` is the first place of each file, Lean's start and the opening of the file included.
A place where no goal is left has no suggestion; such places are counted apart.

Prints a table and writes JSON; milliseconds.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from attrs import frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.positions import TextEdit, apply_edits
from lean_sidekick.engine.api import DocumentText
from lean_sidekick.engine.demonstration import example_documents
from lean_sidekick.engine.session import open_engine
from lean_sidekick.settings.resolve import resolve_settings
from support.editor import Editor, ServerProcess

LIMIT_S = 30.0
HINT_LIMIT_S = 5.0
OPTIONS = {"suggest": {"delayMs": 0}, "check": {"cache": False}}
REFRESH = "workspace/inlayHint/refresh"
POLL_S = 0.002
QUIET_S = 2.0


@frozen
class Place:
    """A text and the offset of the cursor in it; the letter before it is what is typed."""

    text: str
    cursor: int


async def places_of(text: str, uri: str, folder: Path) -> list[Place]:
    """The places of one file."""
    engine = open_engine(folder, resolve_settings()[0])
    found: list[Place] = []
    try:
        document = DocumentText(uri=uri, version=1, text=text)
        async for result in engine.prove_all(
            document, None, lambda: Budget(seconds=LIMIT_S, checks=100_000), lambda _: None
        ):
            for edit in result.edits:
                found += _around(text, edit)
    finally:
        await engine.close()
    return found


def _around(text: str, edit: TextEdit) -> list[Place]:
    """The places that the proof of one declaration gives."""
    found = []
    replaced = text[edit.start : edit.end]
    if replaced.endswith("sorry"):
        found.append(Place(text, edit.end))
    proved = apply_edits(text, [edit])
    end = edit.start + len(edit.new_text)
    lines = proved[edit.start : end].split("\n")
    offset = edit.start
    for line in lines[:-1]:
        offset += len(line)
        if line.strip():
            found.append(Place(proved[:offset] + "\n" + proved[end:].lstrip("\n"), offset))
        offset += 1
    return found


async def measure(folder: Path) -> tuple[list[float], list[float], list[float], int]:
    """First suggestions, settled rounds and cold starts in seconds, and the places without any suggestion."""
    first: list[float] = []
    settled: list[float] = []
    cold: list[float] = []
    without = 0
    for document in example_documents(folder):
        editor = Editor(await ServerProcess.start("serve", module="lean_sidekick"))
        await editor.initialize(options=OPTIONS)
        places = await places_of(document.text, document.uri, folder)
        editor.open(document.text, document.uri)
        for number, place in enumerate(places):
            typed = TextEdit(start=place.cursor - 1, end=place.cursor, new_text="")
            refreshes = len(editor.said(REFRESH))
            current = editor.texts[document.uri]
            editor.change(
                [TextEdit(start=0, end=len(current), new_text=apply_edits(place.text, [typed]))], document.uri
            )
            await quiet(editor, refreshes)
            seconds = await time_place(editor, document.uri, place)
            if seconds is None:
                without += 1
            elif number == 0:
                cold.append(seconds[0])
            else:
                first.append(seconds[0])
                settled.append(seconds[1])
        await editor.kill()
    return first, settled, cold, without


async def quiet(editor: Editor, refreshes: int) -> None:
    """Waits until the round of the text before is over, so that it does not stand in the way."""
    with suppress(TimeoutError):
        await asyncio.wait_for(editor.hears(REFRESH, refreshes + 1), QUIET_S)


async def time_place(editor: Editor, uri: str, place: Place) -> tuple[float, float] | None:
    """Seconds from the letter to the first hint and to the refresh; None if nothing came."""
    refreshes = len(editor.said(REFRESH))
    began = time.perf_counter()
    letter = TextEdit(start=place.cursor - 1, end=place.cursor - 1, new_text=place.text[place.cursor - 1])
    editor.change([letter], uri)
    while not await editor.inlay_hints(uri):
        if time.perf_counter() > began + HINT_LIMIT_S:
            return None
        await asyncio.sleep(POLL_S)
    first = time.perf_counter() - began
    await editor.hears(REFRESH, refreshes + 1)
    return first, time.perf_counter() - began


def summarize(times: Sequence[float]) -> dict[str, Any]:
    ordered = sorted(times)
    return {
        "p50_ms": round(1000 * statistics.median(ordered)),
        "p95_ms": round(1000 * ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]),
        "max_ms": round(1000 * ordered[-1]),
        "count": len(ordered),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    first, settled, cold, without = asyncio.run(measure(ROOT / "examples"))
    figures = {"first": summarize(first), "settled": summarize(settled), "cold": summarize(cold)}
    print(f"{'':12}{'p50 ms':>10}{'p95 ms':>10}{'max ms':>10}{'places':>8}")
    for name, figure in figures.items():
        print(f"{name:12}{figure['p50_ms']:10}{figure['p95_ms']:10}{figure['max_ms']:10}{figure['count']:8}")
    print(f"places without a suggestion: {without}")
    report = {
        "figures": figures,
        "places_without_a_suggestion": without,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
