"""Records what a real Lean says of the example files and of the replayed scenarios.

Run by `make record` with a real Lean (LEAN_SIDEKICK_LEAN, or on the PATH). Prints every verdict that changed since
the last recording; one that changed to "closed" belongs into the commit message.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from attrs import evolve

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.positions import TextMap
from lean_sidekick.engine.demonstration import RECORDING, example_documents
from lean_sidekick.engine.engine import ProjectEngine
from lean_sidekick.engine.session import engine_on, find_lean, start_verifier
from lean_sidekick.settings.resolve import resolve_settings
from lean_sidekick.settings.settings import Settings
from lean_sidekick.verify.api import Verifier
from lean_sidekick.verify.recorded import RecordingVerifier
from lean_sidekick.verify.recording import Recording, read_recording
from support.scenarios import SCENARIOS, ask, standing

ROOT = Path(__file__).resolve().parents[2]
SCENARIO_RECORDING = ROOT / "tests" / "recordings" / "scenarios.jsonl"
SECONDS = 60.0


async def record(path: Path, settings: Settings, questions: Callable[[ProjectEngine], Awaitable[None]]) -> list[str]:
    """Makes one recording and returns what changed."""
    toolchain = await find_lean(path, settings)
    recording = Recording(lean=f"Lean {toolchain.version}")

    async def start() -> Verifier:
        return RecordingVerifier(await start_verifier(path.parent, settings), recording)

    engine = engine_on(start, settings)
    try:
        await questions(engine)
    finally:
        await engine.close()
    changes = recording.changes_since(read_recording(path)) if path.exists() else []
    path.parent.mkdir(exist_ok=True)
    recording.write(path)
    return changes


async def ask_examples(engine: ProjectEngine) -> None:
    """Everything that `lean-sidekick demo` asks."""
    documents = example_documents(ROOT / "examples")
    first = next(document for document in documents if "sorry" in document.text)
    before = first.text[: first.text.index("sorry")]
    position = TextMap(first.text).position(len(before))
    async for _ in engine.suggest(first, position, Budget(seconds=SECONDS, checks=100_000, clock=standing)):
        pass
    for document in documents:
        async for result in engine.prove_all(
            document, None, lambda: Budget(seconds=SECONDS, checks=100_000, clock=standing), lambda _: None
        ):
            print(f"{result.status.value:18} {result.declaration} ({result.checks} checks)")


async def ask_scenarios(engine: ProjectEngine) -> None:
    """Everything that the replay tests ask."""
    for scenario in SCENARIOS:
        print(f"{scenario.name}: {await ask(scenario, engine)}")


async def main() -> None:
    """Makes both recordings."""
    settings, _ = resolve_settings()
    # A busy machine must not make a candidate time out that a recording says is good.
    settings = evolve(settings, candidate_time_limit_s=20.0)
    changes = await record(ROOT / "examples" / RECORDING, settings, ask_examples)
    changes += await record(SCENARIO_RECORDING, settings, ask_scenarios)
    print("\n".join(changes) or "No recorded verdict changed.", file=sys.stderr)


if __name__ == "__main__":
    asyncio.run(main())
