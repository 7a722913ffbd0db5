"""Whether the editor's own Lean is slowed while ours is at work.

    python benchmarks/editors_lean.py [--repeats N] [--out FILE]

A plain `lean --server` stands for the editor's: it elaborates one file of definitions and proofs anew, again and again.
Between two of its runs without us stands one while a `lean-sidekick serve` works on another file: it begins a round at
the site of the last edit, anew as soon as one is over. Medians and their ratio; the runs alternate, so that whatever
else the machine does falls on both. Milliseconds.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from lean_sidekick.core.positions import TextEdit
from lean_sidekick.engine.session import find_lean
from lean_sidekick.settings.resolve import resolve_settings
from support.editor import Editor, ServerProcess, frame

DEFINITIONS = 60
URI = "file:///project/Editor.lean"
SIDECAR_URI = "file:///project/Sidecar.lean"
SITE = (
    "theorem busy (p q r s : Prop) (h : (p → q) ∧ (q → r)) (k : r → s) (m : s → p) : (p ↔ s) ∧ (q ↔ r) := by\n  sorry\n"
)


def file_text(seed: int) -> str:
    """A file that takes Lean a second or so; each seed is another text, so that nothing of the last one is kept."""
    lines = [f"def start{seed} : Nat := {seed}"]
    for number in range(DEFINITIONS):
        lines.append(f"theorem sum{number} (a b c d : Nat) : (a + b) + (c + d) = (a + c) + (b + d) := by")
        lines.append(
            "  simp [Nat.add_assoc, Nat.add_comm, Nat.add_left_comm, Nat.addAssoc, Nat.addComm, Nat.addLeftComm]"
        )
    return "\n".join(lines).replace("Nat.add_assoc, Nat.add_comm, Nat.add_left_comm, ", "") + "\n"


class PlainServer:
    """The Lean that stands for the editor's, spoken to with nothing of ours but the frame."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._next = 0

    @classmethod
    async def start(cls, lean: Path) -> "PlainServer":
        server = cls(
            await asyncio.create_subprocess_exec(
                str(lean),
                "--server",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        )
        await server.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        server.notify("initialized", {})
        return server

    def notify(self, method: str, params: Any) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    async def request(self, method: str, params: Any) -> Any:
        self._next += 1
        self._send({"jsonrpc": "2.0", "id": self._next, "method": method, "params": params})
        while (message := await self._read()).get("id") != self._next or "method" in message:
            pass
        return message

    async def elaborate(self, text: str, version: int) -> float:
        """Seconds from opening a text to the end of its elaboration."""
        began = time.perf_counter()
        item = {"uri": URI, "languageId": "lean4", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        await self.request("textDocument/waitForDiagnostics", {"uri": URI, "version": version})
        seconds = time.perf_counter() - began
        self.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
        return seconds

    async def end(self) -> None:
        self._process.kill()
        await self._process.wait()

    def _send(self, message: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(frame(message))

    async def _read(self) -> Any:
        assert self._process.stdout is not None
        length = 0
        while (line := (await self._process.stdout.readline()).strip()) or not length:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return json.loads(await self._process.stdout.readexactly(length))


async def keep_busy(editor: Editor) -> None:
    """Begins a round anew as soon as the last is over, for ever."""
    while True:
        end = len(editor.texts[SIDECAR_URI])
        editor.change([TextEdit(start=end, end=end, new_text="-")], SIDECAR_URI)
        editor.change([TextEdit(start=end, end=end + 1, new_text="")], SIDECAR_URI)
        await editor.code_actions("sorry", SIDECAR_URI)
        await asyncio.sleep(0.05)


async def measure(repeats: int) -> dict[str, list[float]]:
    """Seconds of the plain server with and without the sidecar at work."""
    settings, _ = resolve_settings()
    lean = (await find_lean(ROOT, settings)).lean
    plain = await PlainServer.start(lean)
    editor = Editor(await ServerProcess.start("serve", module="lean_sidekick"))
    await editor.initialize(options={"suggest": {"delayMs": 0}, "check": {"cache": False}})
    editor.open(SITE, SIDECAR_URI)
    times: dict[str, list[float]] = {"alone": [], "beside": []}
    version = 0
    for number in range(repeats + 1):
        for name in times:
            busy = asyncio.create_task(keep_busy(editor)) if name == "beside" else None
            if busy is not None:
                await asyncio.sleep(1.0)
            version += 1
            seconds = await plain.elaborate(file_text(version), version)
            if busy is not None:
                busy.cancel()
                with suppress(asyncio.CancelledError):
                    await busy
                editor.change([TextEdit(start=0, end=0, new_text="\n")], SIDECAR_URI)
                await asyncio.sleep(1.0)
            if number:  # the first run of each only warms up
                times[name].append(seconds)
    await plain.end()
    await editor.kill()
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    times = asyncio.run(measure(arguments.repeats))
    medians = {name: statistics.median(values) for name, values in times.items()}
    report = {
        "alone_p50_ms": round(1000 * medians["alone"]),
        "beside_p50_ms": round(1000 * medians["beside"]),
        "ratio": round(medians["beside"] / medians["alone"], 3),
        "runs": arguments.repeats,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }
    print(f"alone {report['alone_p50_ms']} ms, beside ours {report['beside_p50_ms']} ms: ratio {report['ratio']}")
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
