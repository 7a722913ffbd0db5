"""How fast the language server answers: its start, a flood of keystrokes, code actions, and cancels.

    python benchmarks/server_latency.py [--repeats N] [--out FILE]

`start` is the time from the start of the process to the whole answer to `initialize`, beside a bare `python -c pass`
of the same run. The other figures are taken through the front door of a server on fake engines (tests/support), so
they are the server's own share and need no Lean. `request_behind_1000_changes`: 1,000 `didChange` and a request right
behind them, all sent at once, from then to the answer, in a short text and in one of 2,000 lines, beside the same
request alone. `code_action`: the answer at a site whose round does not end, which includes the wait that the settings
ask for. `cancel`: "Complete the proof" half way, from the cancel to the answer.

Prints a table and writes JSON; all figures are milliseconds, p50 and the worst.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from lean_sidekick.settings.settings import Settings
from support.editor import FULL, URI, Answered, Editor, ServerProcess, frame

STARTS = 10
CHANGES = 1000
LONG = 2000
THEOREM = "theorem t : p := by\n  sorry\n"
Times = list[float]


def command() -> list[str]:
    """The program as users start it, else the module."""
    script = Path(sys.executable).with_name("lean-sidekick")
    return [str(script), "serve"] if script.exists() else [sys.executable, "-m", "lean_sidekick", "serve"]


def time_start() -> float:
    """From the start of the process to the last byte of the answer to `initialize`."""
    params = {"processId": None, "rootUri": None, "capabilities": FULL}
    request = frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
    began = time.perf_counter()
    with subprocess.Popen(
        command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
    ) as server:
        assert server.stdin is not None and server.stdout is not None
        server.stdin.write(request)
        answer = b""
        while not answer.endswith(b"}") or b"serverInfo" not in answer:
            answer += server.stdout.read(65536) or sys.exit("the server ended before it answered")
        seconds = time.perf_counter() - began
        server.kill()
    return seconds


def time_bare_python() -> float:
    """A Python that does nothing, from its start to its end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - began


async def ready_editor(text: str, options: dict[str, Any] | None = None) -> Editor:
    """An editor with a text open in a server that has loaded everything."""
    editor = Editor(await ServerProcess.start("--log-level", "warning"))
    await editor.initialize(options=options or {})
    editor.open(text)
    await editor.settled()
    return editor


async def time_floods(lines: int, repeats: int) -> tuple[Times, Times]:
    """A request behind 1,000 keystrokes, and the same request alone."""
    editor = await ready_editor("-- 𝔽 ∀ x\n" * lines + THEOREM)
    behind: Times = []
    alone: Times = []
    place = {"line": lines, "character": 11}
    params = {"textDocument": {"uri": URI}, "range": {"start": place, "end": place}, "context": {"diagnostics": []}}
    for _ in range(repeats):
        flood = b""
        for _ in range(CHANGES):
            editor.versions[URI] += 1
            change = {"range": {"start": place, "end": place}, "text": "p"}
            flood_params = {"textDocument": editor.identify(), "contentChanges": [change]}
            flood += frame({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": flood_params})
        editor.send_bytes(flood)
        for times in (behind, alone):
            began = time.perf_counter()
            await editor.request("textDocument/codeAction", params)
            times.append(time.perf_counter() - began)
    await leave(editor)
    return behind, alone


async def time_code_actions(repeats: int) -> Times:
    """Code actions at a site whose round has something and goes on."""
    editor = await ready_editor("-- suggest: simp => closes the goal\n-- hold\n" + THEOREM)
    times: Times = []
    for _ in range(repeats):
        began = time.perf_counter()
        actions = await editor.code_actions("sorry")
        times.append(time.perf_counter() - began)
        assert any("simp" in action["title"] for action in actions), "the suggestion that is there is not offered"
    await leave(editor)
    return times


async def time_cancels(repeats: int, *, from_bar: bool) -> Times:
    """From the cancel of a search that is under way to the answer to its request."""
    editor = await ready_editor("-- prove: hold\n" + THEOREM)
    times: Times = []
    for number in range(repeats):
        seen = len(editor.said("$/progress"))
        asked = editor.complete_proof("sorry", workDoneToken=number)
        await editor.hears("$/progress", seen + 3)  # begin and two signs of life
        began = time.perf_counter()
        if from_bar:
            editor.notify("window/workDoneProgress/cancel", {"token": number})
        else:
            editor.notify("$/cancelRequest", {"id": asked.id})
        try:
            result = await asked.answer()
        except Answered as error:
            assert error.code == -32800
        else:
            assert result["status"] == "cancelled"
        times.append(time.perf_counter() - began)
    assert editor.said("workspace/applyEdit") == []
    await leave(editor)
    return times


async def leave(editor: Editor) -> None:
    await editor.finish()
    await editor.kill()


async def measure(repeats: int) -> dict[str, Times]:
    """All figures of one run, in seconds."""
    starts, bare = [], []
    for _ in range(STARTS):
        bare.append(time_bare_python())
        starts.append(time_start())
    floods = max(3, repeats // 4)
    short, short_alone = await time_floods(2, floods)
    long, long_alone = await time_floods(LONG, floods)
    return {
        "start_to_initialize": starts,
        "bare_python": bare,
        "request_behind_1000_changes": short,
        "request_alone": short_alone,
        "request_behind_1000_changes_2000_lines": long,
        "request_alone_2000_lines": long_alone,
        "code_action_while_a_round_runs": await time_code_actions(repeats),
        "cancel_from_progress_bar": await time_cancels(repeats, from_bar=True),
        "cancel_of_request": await time_cancels(repeats, from_bar=False),
    }


def summarize(times: Sequence[float]) -> dict[str, float | int]:
    return {
        "p50_ms": round(1000 * statistics.median(times), 1),
        "max_ms": round(1000 * max(times), 1),
        "count": len(times),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    figures = {name: summarize(times) for name, times in asyncio.run(measure(arguments.repeats)).items()}
    print(f"{'':42}{'p50 ms':>10}{'max ms':>10}{'runs':>6}")
    for name, figure in figures.items():
        print(f"{name:42}{figure['p50_ms']:10}{figure['max_ms']:10}{figure['count']:6}")
    report = {
        "figures": figures,
        "code_action_wait_ms": 1000 * Settings().code_action_wait_s,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
