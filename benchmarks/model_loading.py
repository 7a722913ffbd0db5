"""Whether the editor notices that a model of one gigabyte is being loaded.

    python benchmarks/model_loading.py [--shape byt5-small] [--out FILE]

Writes random weights (ByT5-small in fp32: 1.2 GB), names them in the settings of a real server with a real Lean, and
asks for code actions over and over: before the model process is there, while it imports its libraries and loads, and
when it is loaded. Requests do not wait for checks (`suggest.codeActionWaitS` is 0), so that the time is the server's
own. Prints milliseconds, p50 and the worst, and the time to the answer to `initialize`.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from lean_sidekick.evaluation.configuration import machine_fields
from support.editor import Editor, ServerProcess

WORKER = "lean_sidekick.model_worker.main"
# No source of tactics closes it, so that the round is still there when the model has something to say.
THEOREM = "theorem t (f : Nat → Nat) (h : ∀ x, f x = 0 ∨ f (f x) = x) : f (f (f 1)) = 7 := by\n  sorry\n"
LOADED = "was loaded in"
"""What the server logs when the model process said so."""
LIMIT_S = 600.0
PHASE_S = 5.0


def worker_of(server: int) -> psutil.Process | None:
    """The model process of a server."""
    for child in psutil.Process(server).children(recursive=True):
        try:
            if WORKER in child.cmdline():
                return child
        except psutil.Error:
            continue
    return None


async def ask(editor: Editor) -> float:
    """Seconds of one request for code actions."""
    began = time.perf_counter()
    await editor.code_actions("sorry")
    return time.perf_counter() - began


def figures(times: Sequence[float]) -> dict[str, float]:
    return {
        "requests": len(times),
        "p50_ms": round(1000 * statistics.median(times), 1),
        "p99_ms": round(1000 * sorted(times)[int(0.99 * (len(times) - 1))], 1),
        "over_200_ms": sum(seconds > 0.2 for seconds in times),
        "worst_ms": round(1000 * max(times), 1),
    }


async def write_weights(shape: str, folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "lean_sidekick.model_worker.backends.shapes", shape, str(folder))
    )
    if await process.wait() != 0:
        raise SystemExit("the weights cannot be written")


async def measure(folder: Path) -> dict[str, object]:
    """The times of requests before, while and after the model is loaded."""
    (folder / "big.toml").write_text(
        'adapter = "reprover"\narchitecture = "encoder-decoder"\nfolder = "weights"\nlicence = "none"\n'
        'precision = "fp32"\n[decoding]\nstrategy = "sample"\ncandidate_count = 4\nmax_new_tokens = 16\n',
        encoding="utf-8",
    )
    server = await ServerProcess.start("serve", "--log-level", "warning", module="lean_sidekick")
    editor = Editor(server)
    began = time.perf_counter()
    await editor.initialize(
        options={
            "models": {"local": "big", "cards": str(folder), "device": "cpu"},
            "suggest": {"codeActionWaitS": 0, "timeoutS": LIMIT_S, "delayMs": 0},
        }
    )
    initialize_s = time.perf_counter() - began
    editor.open(THEOREM)
    before: list[float] = []
    while (worker := worker_of(server.process.pid)) is None:
        before.append(await ask(editor))
    loading: list[float] = []
    found = time.perf_counter()
    while not any(LOADED in line for line in editor.log):
        loading.append(await ask(editor))
        if time.perf_counter() > found + LIMIT_S or not worker.is_running():
            raise SystemExit("the model was not loaded:\n" + "\n".join(editor.log[-20:]))
    load_s = time.perf_counter() - found
    after: list[float] = []
    end = time.perf_counter() + PHASE_S
    while time.perf_counter() < end:
        after.append(await ask(editor))
    worker_mb = worker.memory_info().rss / 2**20
    libraries = {Path(mapped.path).name for mapped in psutil.Process(server.process.pid).memory_maps()}
    await editor.kill()
    return {
        "initialize_ms": round(1000 * initialize_s, 1),
        "loading_s": round(load_s, 1),
        "worker_mb": round(worker_mb),
        "torch_in_server": any("torch" in name for name in libraries),
        "before": figures(before),
        "while_loading": figures(loading),
        "loaded_and_generating": figures(after),
    }


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--shape", default="byt5-small")
    arguments.add_argument("--out", type=Path)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await write_weights(given.shape, folder / "weights")
        size_mb = sum(path.stat().st_size for path in (folder / "weights").glob("*.safetensors")) / 2**20
        found = {**await measure(folder), "weights_mb": round(size_mb), "machine": machine_fields()}
    text = json.dumps(found, indent=1)
    print(text)
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
