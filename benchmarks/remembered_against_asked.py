"""128 candidates checked by Lean against the same candidates out of the outcome cache, in one run.

    python benchmarks/remembered_against_asked.py [--lean PATH] [--rounds N] [--out FILE]

The site stands after a prefix of two tactics, in a file without imports. `asked` is `Session.check` of the plain
verifier; `stored` the same through a `CachedVerifier` that knows nothing yet, and `remembered` through one that knows
all of it, in a new session, from the time before it is opened. Candidates are new in every round; in the first one
Lean is asked again whether what is remembered is what it says. Prints a table and writes JSON.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.holes import find_holes
from lean_sidekick.core.outcomes import Outcome
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.session import find_lean, start_verifier
from lean_sidekick.settings.settings import Settings
from lean_sidekick.storage.outcomes import OutcomeStore
from lean_sidekick.verify.api import Verifier
from lean_sidekick.verify.cached import CachedVerifier, Circumstances

COUNT = 128
TEXT = """theorem site (a b c d : Nat) (p q : Prop) (hp : p) (hab : a = b) (hcd : c = d) : q → a + c = b + d := by
  intro hq
  rw [hab]
  sorry
"""


def candidates(number: int) -> list[Candidate]:
    """Candidates that nobody has seen in an earlier round; one in four closes the goal."""
    forms = (
        "first | rw [hcd] | exact h{0}",
        "exact h{0}",
        "rw [Nat.add_comm b (c + {0} - {0})]",
        "apply Eq.trans (b := b + {0})",
    )
    texts = [forms[i % 4].format(number * COUNT + i + 100) for i in range(COUNT)]
    return [Candidate(text=text, source=Source.PORTFOLIO, score=0.0) for text in texts]


async def check(verifier: Verifier, site: ProofSite, texts: list[Candidate]) -> tuple[float, dict[str, Outcome]]:
    """Seconds and outcomes of one session."""
    start = time.perf_counter()
    session = await verifier.open(site)
    budget = Budget(seconds=600, checks=1_000_000)
    found = {c.candidate.text: c.outcome async for c in session.check((), texts, budget)}
    await session.close()
    return time.perf_counter() - start, found


async def measure(lean: str | None, rounds: int) -> dict[str, object]:
    """The figures of one run."""
    folder = Path(tempfile.mkdtemp(prefix="sidekick-bench-"))
    settings = Settings(lean_path=lean or os.environ.get("LEAN_SIDEKICK_LEAN", ""))
    toolchain = await find_lean(folder, settings)
    plain = await start_verifier(folder, settings)
    cached = CachedVerifier(
        inner=plain,
        store=OutcomeStore(path=folder / "outcomes.sqlite3"),
        circumstances=Circumstances(toolchain="of this run", policy=plain.policy, limits=plain.limits),
        imports_key=lambda: "",
    )
    asked, stored, remembered = [], [], []
    try:
        (site,) = find_holes(TEXT, (folder / "Site.lean").as_uri(), 1)
        await check(plain, site, candidates(10_000))  # the worker's start belongs to nobody
        for number in range(rounds):
            seconds, _ = await check(cached, site, candidates(2 * number))
            stored.append(seconds)
            seconds, known = await check(cached, site, candidates(2 * number))
            remembered.append(seconds)
            if number == 0 and known != (await check(plain, site, candidates(0)))[1]:
                raise SystemExit("what is remembered is not what Lean says")
            seconds, _ = await check(plain, site, candidates(2 * number + 1))
            asked.append(seconds)
    finally:
        await cached.close()
    return {
        "candidates": COUNT,
        "prefix_tactics": 2,
        "rounds": rounds,
        "asked_ms_p50": round(1000 * statistics.median(asked), 1),
        "stored_ms_p50": round(1000 * statistics.median(stored), 1),
        "remembered_ms_p50": round(1000 * statistics.median(remembered), 1),
        "ratio_p50": round(statistics.median(a / r for a, r in zip(asked, remembered, strict=True)), 1),
        "lean": f"Lean {toolchain.version}",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lean")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    figures = asyncio.run(measure(arguments.lean, arguments.rounds))
    for name, value in figures.items():
        print(f"{name:28} {value}")
    if arguments.out:
        arguments.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
