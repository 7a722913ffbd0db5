"""The language server that the editor tests start where there is no Lean: it answers from a recording.

`python -m editors.server serve`. The texts of `texts.json` are among the recorded scenarios; for every other text the
answer is an error that says it was never recorded. Checks in the declaration `never_ends` do not end: a recording has
no clock, and a search must last if it is to be cancelled.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from lean_sidekick.cli.serve import run
from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.outcomes import CheckedCandidate
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.engine import ProjectEngine
from lean_sidekick.engine.session import engine_on
from lean_sidekick.engine.site_finder import find_site
from lean_sidekick.lsp.projects import Backend
from lean_sidekick.settings import Settings
from lean_sidekick.verify.api import Priority, Session, Verifier
from lean_sidekick.verify.recorded import RecordedVerifier
from lean_sidekick.verify.recording import read_recording
from support.scenarios import ENDLESS

START_S = 0.5
"""A real Lean takes a while to start, and what is done meanwhile is tested too."""
RECORDING = Path(__file__).resolve().parents[1] / "recordings" / "scenarios.jsonl"


class _Endless:
    """A session whose checks do not end."""

    def __init__(self, inner: Session) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    async def check(
        self, steps: Sequence[str], candidates: Sequence[Candidate], budget: Budget
    ) -> AsyncGenerator[CheckedCandidate, None]:
        await asyncio.Event().wait()
        async for checked in self._inner.check(steps, candidates, budget):
            yield checked


class _Verifier(RecordedVerifier):
    async def open(self, site: ProofSite, priority: Priority = Priority.CURSOR) -> Session:
        session = await super().open(site, priority)
        # Its other members come by __getattr__, which types do not see.
        return _Endless(session) if site.declaration.label == ENDLESS else session  # type: ignore[return-value]


def _load_backend() -> Backend:
    recording = read_recording(RECORDING)

    def open_engine(root: Path, settings: Settings) -> ProjectEngine:
        async def start() -> Verifier:
            await asyncio.sleep(START_S)
            return _Verifier(recording)

        return engine_on(start, settings)

    return Backend(
        open_engine=open_engine,
        find_root=lambda path: None,
        find_site=lambda document, position: find_site(document.text, document.uri, document.version, position),
        forget_learned=_nothing_to_forget,
    )


async def _nothing_to_forget() -> bool:
    return True


if __name__ == "__main__":
    sys.exit(run(sys.argv[2:], _load_backend))
