"""How soon the first checked suggestion is there, over the places of proofs, with a real Lean and no model.

    python benchmarks/first_suggestion.py [--places N] [--out FILE]

Places: in the files of `examples/` each `sorry`, the blank line in its stead, and the end of every line but the last
of each proof that the program finds for it; in exercises of `tests/data/core_exercises` the end of `:= by` and of each
line of the reference proof behind which the next tactic of the block stands, what follows being cut, until there are
N places in all (default 64). Exercises stand in files of six, finished but for the one at hand.

At each place one letter is typed in a file that was open before; the pause is set to zero, so a time begins where the
pause would have ended. `first`: until an inlay hint can be had, which stands for the first suggestion that Lean has
run; `best`: until the one that the round ends with can be had. `closed`: at how many places the first one closed the
goal, at how many a later one did, and at how many none. The outcome cache is off. `cold` is the first place of each
file of `examples/`, Lean's start and the opening of the file included. A place without a suggestion (where no goal is
left, or nothing was found in five seconds) has no time; such places are counted apart.

Prints a table and writes JSON; milliseconds.
"""

import argparse
import asyncio
import json
import os
import platform
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from textwrap import indent
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from attrs import field, frozen

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
STATUS = "leanSidekick/statusChanged"
POLL_S = 0.005
EXERCISES = ROOT / "tests/data/core_exercises/core_dev.jsonl"
EXERCISES_A_FILE = 6
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


def exercise_places(path: Path) -> Iterator[tuple[str, list[Place]]]:
    """The places of files of some exercises each: a URI, and the places."""
    lines = path.read_text(encoding="utf-8").splitlines()
    exercises = [(item["statement"], item["reference_proof"]) for item in map(json.loads, lines)]
    for number in range(0, len(exercises), EXERCISES_A_FILE):
        group = exercises[number : number + EXERCISES_A_FILE]
        places = [place for at in range(len(group)) for place in _inside(group, at)]
        yield f"file:///exercises/Exercises{number // EXERCISES_A_FILE}.lean", places


def _inside(group: Sequence[tuple[str, str]], at: int) -> list[Place]:
    """The places in the proof of one exercise of a file."""
    statement, proof = group[at]
    above = "".join(f"{one}\n{indent(block, '  ')}\n\n" for one, block in group[:at])
    below = "".join(f"\n{one}\n{indent(block, '  ')}\n" for one, block in group[at + 1 :])
    lines = proof.split("\n")
    found = []
    for count, following in enumerate(lines):
        if not re.match(r"[^\s|·]", following):
            continue  # an alternative, or inside a block of its own
        begun = above + statement + "".join(f"\n  {line}" for line in lines[:count])
        found.append(Place(f"{begun}\n{below}", len(begun)))
    return found


@frozen
class Times:
    """Seconds by kind, and the places without any suggestion."""

    first: list[float] = field(factory=list)
    best: list[float] = field(factory=list)
    cold: list[float] = field(factory=list)
    closed: Counter[str] = field(factory=Counter)
    without: list[str] = field(factory=list)


async def measure(folder: Path, wanted: int) -> Times:
    """The times at so many places, cold ones included."""
    times = Times()
    for document in example_documents(folder):
        editor = Editor(await ServerProcess.start("serve", module="lean_sidekick"))
        await editor.initialize(options=OPTIONS)
        places = await places_of(document.text, document.uri, folder)
        editor.open(document.text, document.uri)
        await time_places(editor, document.uri, places, times, is_cold=True)
        await editor.kill()
    editor = Editor(await ServerProcess.start("serve", module="lean_sidekick"))
    await editor.initialize(options=OPTIONS)
    for uri, places in exercise_places(EXERCISES):
        left = wanted - len(times.first) - len(times.cold)
        if left <= 0:
            break
        editor.open(places[0].text, uri)
        await editor.code_actions(places[0].text[:40].splitlines()[0], uri)
        await time_places(editor, uri, places[:left], times, is_cold=False)
        editor.close(uri)
    await editor.kill()
    return times


async def time_places(editor: Editor, uri: str, places: Sequence[Place], times: Times, *, is_cold: bool) -> None:
    """Types one letter at each place of an open file; the first place may be a cold one."""
    for number, place in enumerate(places):
        typed = TextEdit(start=place.cursor - 1, end=place.cursor, new_text="")
        statuses = len(editor.said(STATUS))
        current = editor.texts[uri]
        editor.change([TextEdit(start=0, end=len(current), new_text=apply_edits(place.text, [typed]))], uri)
        await quiet(editor, statuses)
        times_here = await time_place(editor, uri, place)
        if times_here is None:
            times.without.append(f"{uri.rsplit('/', 1)[-1]}:{place.text.count(chr(10), 0, place.cursor) + 1}")
            continue
        times.closed[times_here.closed] += 1
        if is_cold and number == 0:
            times.cold.append(times_here.first_s)
        else:
            times.first.append(times_here.first_s)
            times.best.append(times_here.best_s)


async def quiet(editor: Editor, statuses: int) -> None:
    """Waits until the round of the text before is over, so that it does not stand in the way."""
    with suppress(TimeoutError):
        async with asyncio.timeout(QUIET_S):
            await editor.hears(STATUS, statuses + 1)
            await editor.until(lambda: editor.said(STATUS)[-1]["state"] != "thinking", "the end of the round")


@frozen(kw_only=True)
class TimesHere:
    """Of one place: seconds from the letter, and which hint closed the goal ("first", "later", "none")."""

    first_s: float
    best_s: float
    closed: str


async def time_place(editor: Editor, uri: str, place: Place) -> TimesHere | None:
    """Types the letter and asks for hints until the round is over; None if none came in time."""
    statuses = len(editor.said(STATUS))
    began = time.perf_counter()
    letter = TextEdit(start=place.cursor - 1, end=place.cursor - 1, new_text=place.text[place.cursor - 1])
    editor.change([letter], uri)
    seen: list[tuple[str, float]] = []
    while time.perf_counter() < began + HINT_LIMIT_S or seen:
        is_over = len(editor.said(STATUS)) > statuses and editor.said(STATUS)[-1]["state"] != "thinking"
        for hint in await editor.inlay_hints(uri):
            if not seen or seen[-1][0] != hint["tooltip"]:
                seen.append((hint["tooltip"], time.perf_counter() - began))
        if is_over and seen:
            break
        await asyncio.sleep(POLL_S)
    if not seen:
        return None
    closing = ["— closes" in tooltip for tooltip, _ in seen]
    closed = "first" if closing[0] else "later" if closing[-1] else "none"
    return TimesHere(first_s=seen[0][1], best_s=seen[-1][1], closed=closed)


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
    parser.add_argument("--places", type=int, default=64)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    times = asyncio.run(measure(ROOT / "examples", arguments.places))
    figures = {name: summarize(getattr(times, name)) for name in ("first", "best", "cold")}
    print(f"{'':12}{'p50 ms':>10}{'p95 ms':>10}{'max ms':>10}{'places':>8}")
    for name, figure in figures.items():
        print(f"{name:12}{figure['p50_ms']:10}{figure['p95_ms']:10}{figure['max_ms']:10}{figure['count']:8}")
    print(f"places without a suggestion: {len(times.without)}")
    print("closes the goal: " + ", ".join(f"{which} {count}" for which, count in times.closed.items()))
    report = {
        "figures": figures,
        "closed": dict(times.closed),
        "places_without_a_suggestion": times.without,
        "first_ms": [round(1000 * seconds) for seconds in times.first],
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
