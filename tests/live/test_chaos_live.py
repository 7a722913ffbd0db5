"""Lean's processes killed at random moments: every check gets an outcome, none a wrong one, and no process is left.

SIDEKICK_CHAOS says how many checks; the moments come from a seeded generator, so far as clocks let them.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.session import start_verifier
from lean_sidekick.lean import server as server_module
from lean_sidekick.lean.sandbox import probe
from lean_sidekick.lean.server import Patience
from lean_sidekick.settings.settings import Settings
from lean_sidekick.verify.api import Verifier
from support.scripted_servers import wait_until_gone
from support.sites import sorry_site

CHECKS = int(os.environ.get("SIDEKICK_CHAOS", "150"))
pytestmark = [pytest.mark.live, pytest.mark.timeout(60 + 3 * CHECKS)]

LIMIT_S = 60.0
NO_VERDICT = (OutcomeKind.CRASHED, OutcomeKind.TIMED_OUT)
TEXTS = (
    "theorem a (p q : Prop) (hp : p) (hq : q) : p ∧ q := by\n  sorry\n",
    "theorem b (m n : Nat) (h : m = n) : n + 0 = m := by\n  sorry\n",
    "import Lean\ntheorem c (p q : Prop) (h : p ∨ q) : q ∨ p := by\n  sorry\n",
)
CANDIDATES = (
    *(
        "exact ⟨hp, hq⟩",
        "constructor",
        "apply And.intro",
        "exact hp",
        "intro h",
        "exact nothing",
        "simp [h]",
        "exact h.symm",
    ),
    *(
        "rw [h]",
        "cases h",
        "exact h.elim Or.inr Or.inl",
        "skip",
        "exact fun",
        "assumption",
        "rfl",
        "first | rfl | skip",
    ),
)

Verdict = tuple[OutcomeKind, tuple[str, ...]]


@pytest.fixture(params=[True, False], ids=["in the sandbox", "without it"])
async def is_boxed(request: pytest.FixtureRequest) -> bool:
    is_boxed: bool = request.param
    if is_boxed and (answer := await probe(os.environ)).sandbox is None:
        pytest.skip(answer.found)
    return is_boxed


async def test_killings_cost_time_and_nothing_else(
    real_lean: Path, tmp_path: Path, is_boxed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A Lean that is killed again and again is left alone for a while: then all would be `crashed`, and nothing tested.
    monkeypatch.setattr(server_module, "Patience", partial(Patience, healthy_s=0.0))
    settings = Settings(lean_path=str(real_lean), lean_sandbox=is_boxed, candidate_time_limit_s=20.0)
    chance = random.Random(2021)
    sites = [sorry_site(text, uri=(tmp_path / f"F{i}.lean").as_uri()) for i, text in enumerate(TEXTS)]
    killer = Killer(chance)
    verifier = await start_verifier(tmp_path, settings)
    try:
        calm = [await check(verifier, site, CANDIDATES) for site in sites]
        assert {kind for verdicts in calm for kind, _ in verdicts.values()} >= {
            OutcomeKind.CLOSED,
            OutcomeKind.PROGRESS,
            OutcomeKind.FAILED,
            OutcomeKind.PARSE_ERROR,
        }
        assert not [kind for verdicts in calm for kind, _ in verdicts.values() if kind in NO_VERDICT]
        checks, lost, wrong = 0, 0, []
        started = time.monotonic()
        while checks < CHECKS:
            number = chance.randrange(len(sites))
            texts = chance.sample(CANDIDATES, chance.randint(1, 8))
            async with killer.at_work(within_s=1.0):
                verdicts = await check(verifier, sites[number], texts)
            checks += len(texts)
            lost += sum(kind in NO_VERDICT for kind, _ in verdicts.values())
            wrong += [
                f"{text}: {calm[number][text]} calmly, {verdict} under fire"
                for text, verdict in verdicts.items()
                if verdict[0] not in NO_VERDICT and verdict != calm[number][text]
            ]
        print(f"{checks} checks in {time.monotonic() - started:.0f} s, {killer.killed} killed, {lost} without verdict")
        assert wrong == []
        assert sum(killer.killed.values()) >= checks // 30
        assert lost < checks / 2, "with most verdicts lost, little was tested"
        assert [await check(verifier, site, CANDIDATES) for site in sites] == calm
    finally:
        await verifier.close()
    assert await asyncio.to_thread(wait_until_gone, sorted(killer.seen), LIMIT_S) == []


async def check(verifier: Verifier, site: ProofSite, texts: list[str] | tuple[str, ...]) -> dict[str, Verdict]:
    """One verdict each; a check that gives none, or two, fails the test."""
    session = await verifier.open(site)
    candidates = [Candidate(text=text, source=Source.PORTFOLIO, score=0.0) for text in texts]
    async with asyncio.timeout(2 * LIMIT_S):
        found = [c async for c in session.check((), candidates, Budget(seconds=LIMIT_S, checks=1000))]
    await session.close()
    assert sorted(c.candidate.text for c in found) == sorted(texts)
    return {c.candidate.text: verdict(c.outcome) for c in found}


def verdict(outcome: Outcome) -> Verdict:
    return outcome.kind, tuple(goal.normal_form() for goal in outcome.goals)


class Killer:
    """Kills a process of Lean's, or one that keeps it, while a block runs; remembers all that it saw."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.killed: dict[str, int] = {}
        self.seen: set[int] = set()

    @asynccontextmanager
    async def at_work(self, within_s: float) -> AsyncIterator[None]:
        # Short delays are likelier: most checks take some milliseconds.
        moments = sorted(within_s * self._chance.random() ** 4 for _ in range(self._chance.randint(1, 2)))
        choices = [self._chance.random() for _ in moments]
        task = asyncio.create_task(self._kill(moments, choices))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _kill(self, moments: list[float], choices: list[float]) -> None:
        begin = time.monotonic()
        for moment, choice in zip(moments, choices, strict=True):
            await asyncio.sleep(moment - (time.monotonic() - begin))
            victims = _roles()
            self.seen |= {process.pid for process in victims.values()}
            if victims:
                role = sorted(victims)[int(choice * len(victims))]
                self.killed[role] = self.killed.get(role, 0) + 1
                victims[role].kill()


def _roles() -> dict[str, psutil.Process]:
    """The processes below this one by what they are for."""
    found = {}
    for process in psutil.Process().children(recursive=True):
        try:
            arguments = process.cmdline()
        except psutil.Error:
            continue
        if "--worker" in arguments:
            found["worker"] = process
        elif process.name() == "bwrap":
            found["sandbox" if "sandbox" not in found else "sandbox's first process"] = process
        elif any(argument.endswith("guard.py") for argument in arguments):
            found["guard"] = process
        elif process.name() == "lean" and "--server" in arguments:
            found["watchdog"] = process
    return found


def test_nothing_outlives_a_killed_sidecar_that_proves(real_lean: Path, tmp_path: Path, is_boxed: bool) -> None:
    """An engine in the middle of a proof search, whose process is gone without a word."""
    program = f"""
import asyncio, psutil
from pathlib import Path
from lean_sidekick.core.budget import Budget
from lean_sidekick.core.positions import Position
from lean_sidekick.engine.api import DocumentText
from lean_sidekick.engine.session import open_engine
from lean_sidekick.settings.settings import Settings
shown = False
def show(progress):
    global shown
    if not shown:
        shown = True
        print(*(p.pid for p in psutil.Process().children(recursive=True)), flush=True)
async def main():
    folder = Path({str(tmp_path)!r})
    engine = open_engine(folder, Settings(lean_path={str(real_lean)!r}, lean_sandbox={is_boxed}))
    text = "theorem a (f : Nat → Nat) (h : ∀ x, f (f x) = x) (n : Nat) : f n + n = n + f n + 1 := by\\n  sorry\\n"
    document = DocumentText(uri=(folder / "A.lean").as_uri(), version=1, text=text)
    while True:
        await engine.prove_at(document, Position(1, 2), Budget(seconds=600, checks=10**6), show)
asyncio.run(main())
"""
    sidecar = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert sidecar.stdout is not None
        pids = [int(pid) for pid in sidecar.stdout.readline().split()]
        assert len(pids) >= 3
        assert all(psutil.pid_exists(pid) for pid in pids)
    finally:
        sidecar.send_signal(signal.SIGKILL)
        sidecar.wait(LIMIT_S)
    assert wait_until_gone(pids, LIMIT_S) == []
