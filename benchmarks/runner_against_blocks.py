"""Candidates through the in-document runner against candidates in blocks, on the same sites, in one run.

    python benchmarks/runner_against_blocks.py [--lean PATH] [--rounds N] [--header TEXT] [--out FILE]

Both ways are `Session.check` as the program uses it, from the question to the last outcome: parse sorting, waiting
for Lean and reading its answer included. Candidates are new in every round, so that no answer comes from memory; both
ways get the same ones, in turn, and a closed candidate of one way that is not closed the other way ends the run.
`--header` is put at the top of the file, for a file that sees `Lean` already (`import Lean`). Prints a table, and
writes JSON.
"""

import argparse
import asyncio
import itertools
import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.holes import find_holes
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.engine.session import find_lean, start_verifier
from lean_sidekick.settings.settings import Settings
from lean_sidekick.verify.api import Session
from lean_sidekick.verify.runner import RunnerVerifier

PREFIXES = (0, 2, 5, 10)
COUNTS = (8, 32, 128)
SIGNATURE = (
    "theorem site (a b c d : Nat) (p q : Prop) (hp : p) (hab : a = b) (hcd : c = d) : p ∧ (q → a + c = b + d) := by"
)
FORMS = (
    "exact ⟨hp, fun _ => hab ▸ hcd ▸ k{0}⟩",
    "exact h{0}",
    "apply And.intro (b := {0} = {0})",
    "refine ⟨hp, fun h{0} => ?_⟩",
    "constructor <;> intro h{0}",
    "have h{0} := hab.symm",
    "rw [hab, hk{0}]",
    "intro h{0}",
)


@frozen(kw_only=True)
class Figure:
    """Medians over the rounds, in milliseconds."""

    prefix: int
    candidates: int
    blocks_ms: float
    runner_ms: float


def site_text(prefix: int, header: str) -> str:
    """The file, with so many tactics before the hole."""
    tactics = [f"  have k{i} : {i} + a = a + {i} := Nat.add_comm _ _" for i in range(prefix)]
    return "\n".join([*([header] if header else []), SIGNATURE, *tactics, "  sorry", ""])


def candidates(number: int, count: int) -> list[Candidate]:
    """Candidates that nobody has seen in an earlier round."""
    texts = [FORMS[i % len(FORMS)].format(number * count + i + 100) for i in range(count)]
    return [Candidate(text=text, source=Source.PORTFOLIO, score=0.0) for text in texts]


async def timed(session: Session, wanted: list[Candidate], budget: Budget) -> tuple[float, dict[str, OutcomeKind]]:
    """Milliseconds until the last outcome, and the outcomes."""
    start = time.perf_counter()
    found = {c.candidate.text: c.outcome.kind async for c in session.check((), wanted, budget)}
    return 1000 * (time.perf_counter() - start), found


async def measure(lean: str | None, header: str, rounds: int) -> tuple[list[Figure], str]:
    """All figures of one run, and the Lean."""
    folder = Path(tempfile.mkdtemp(prefix="sidekick-bench-"))
    settings = Settings(lean_path=lean or os.environ.get("LEAN_SIDEKICK_LEAN", ""))
    toolchain = await find_lean(folder, settings)
    plain = await start_verifier(folder, settings)
    runner = RunnerVerifier(plain)
    budget = Budget(seconds=3600, checks=10_000_000)
    figures, numbers = [], itertools.count()
    try:
        for prefix in PREFIXES:
            (site,) = find_holes(site_text(prefix, header), (folder / "Site.lean").as_uri(), 1)
            blocks_session, runner_session = await plain.open(site), await runner.open(site)
            for count in COUNTS:
                times: tuple[list[float], list[float]] = ([], [])
                for _ in range(1 + rounds):
                    wanted = candidates(next(numbers), count)
                    await runner_session.warm()
                    blocks_ms, by_blocks = await timed(blocks_session, wanted, budget)
                    runner_ms, by_runner = await timed(runner_session, wanted, budget)
                    if by_blocks != by_runner:
                        text = next(t for t in by_blocks if by_blocks[t] is not by_runner[t])
                        raise SystemExit(f"they disagree on {text!r}: {by_blocks[text]}, {by_runner[text]}")
                    times[0].append(blocks_ms)
                    times[1].append(runner_ms)
                # The first round opens documents and loads imports.
                blocks_p50, runner_p50 = (round(statistics.median(t[1:]), 1) for t in times)
                figures.append(Figure(prefix=prefix, candidates=count, blocks_ms=blocks_p50, runner_ms=runner_p50))
                ratio = blocks_p50 / runner_p50
                print(f"{prefix:6} {count:10} {blocks_p50:10} {runner_p50:10} {ratio:8.2f}", flush=True)
    finally:
        await runner.close()
    return figures, f"Lean {toolchain.version}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lean")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--header", default="")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"load before: {load:.1f} on {os.cpu_count()} cores")
    print(f"{'prefix':>6} {'candidates':>10} {'blocks ms':>10} {'runner ms':>10} {'ratio':>8}")
    figures, lean = asyncio.run(measure(arguments.lean, arguments.header, arguments.rounds))
    if arguments.out:
        data = {
            "lean": lean,
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "load_before": round(load, 1),
            "load_after": round(os.getloadavg()[0], 1),
            "rounds": arguments.rounds,
            "header": arguments.header,
            "median_ms": [
                {"prefix": f.prefix, "candidates": f.candidates, "blocks": f.blocks_ms, "runner": f.runner_ms}
                for f in figures
            ],
        }
        arguments.out.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
