"""The example files, and an engine that answers for them on any machine.

Without a Lean the answers come from a recording that lies beside the examples: what a real Lean said when it was made.
"""

from pathlib import Path

from attrs import evolve, frozen

from lean_sidekick.core.errors import InputError, LeanUnavailable
from lean_sidekick.engine.api import DocumentText
from lean_sidekick.engine.engine import ProjectEngine
from lean_sidekick.engine.session import engine_on, find_lean, open_engine
from lean_sidekick.settings.settings import Settings
from lean_sidekick.verify.api import Verifier
from lean_sidekick.verify.recorded import RecordedVerifier
from lean_sidekick.verify.recording import read_recording

RECORDING = "recording.jsonl"
_PACKAGE = Path(__file__).resolve().parents[1]


@frozen(kw_only=True)
class Demonstration:
    """The documents, the engine, and where its answers come from in words."""

    documents: tuple[DocumentText, ...]
    engine: ProjectEngine
    answers: str


def examples_folder() -> Path:
    """Where the examples lie: in the installed package, or in the checkout. Raises InputError."""
    for folder in (_PACKAGE / "examples", _PACKAGE.parents[1] / "examples"):
        if (folder / RECORDING).is_file():
            return folder
    raise InputError("The example files are missing: install the package again.")


def example_documents(folder: Path) -> tuple[DocumentText, ...]:
    """The example files, by name."""
    return tuple(
        DocumentText(uri=path.absolute().as_uri(), version=1, text=path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.lean"))
    )


async def open_demonstration(settings: Settings) -> Demonstration:
    """The examples with a real Lean if there is one, else with the recording."""
    folder = examples_folder()
    try:
        toolchain = await find_lean(folder, settings)
    except LeanUnavailable:
        recording = read_recording(folder / RECORDING)

        async def start() -> Verifier:
            return RecordedVerifier(recording)

        return Demonstration(
            documents=example_documents(folder),
            engine=engine_on(start, evolve(settings, lean_idle_close_minutes=60.0)),
            answers=f"No Lean was found: the answers are those that {recording.lean} gave when they were recorded.",
        )
    return Demonstration(
        documents=example_documents(folder),
        engine=open_engine(folder, settings),
        answers=f"Every answer comes from Lean {toolchain.version} ({toolchain.origin}), running now.",
    )
