"""32 candidates in one edit against one edit each, on the same site, in one run.

    python benchmarks/batch_against_single.py [--lean PATH] [--rounds N] [--out FILE]

The site stands after a prefix of five tactics; the candidates are the first 32 of `data/tactics.txt`. `batch` is
`Session.check` as the program uses it; `single` is the plainest one-by-one check: the candidate in the hole, one
`didChange`, one barrier. A comment makes candidates new in every round, so that no answer comes from memory. On Lean
4.9 and later single checks reuse the prefix, so a ratio taken on an older Lean does not carry over. Prints a table and
writes JSON.
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
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.engine.session import find_lean, start_verifier
from lean_sidekick.settings.settings import Settings
from lean_sidekick.verify.packing import errors_in, has_sentinel, shadow_text

COUNT = 32
TEXT = """theorem site (a b c d : Nat) (p q : Prop) (hp : p) (hab : a = b) (hcd : c = d) : p ∧ (q → a + c = b + d) := by
  have h1 := hp
  have h2 := hab
  apply And.intro hp
  intro hq
  rw [hab]
  sorry
"""


def candidates(number: int) -> list[str]:
    """32 candidates of the committed list, made new by a comment in every round."""
    lines = (Path(__file__).parent / "data" / "tactics.txt").read_text(encoding="utf-8").split("\n")
    return [f"{text} /- {number} -/" for text in lines[:COUNT]]


async def measure(lean: str | None, rounds: int) -> dict[str, object]:
    """The figures of one run."""
    folder = Path(tempfile.mkdtemp(prefix="sidekick-bench-"))
    settings = Settings(lean_path=lean or os.environ.get("LEAN_SIDEKICK_LEAN", ""))
    toolchain = await find_lean(folder, settings)
    verifier = await start_verifier(folder, settings)
    try:
        (site,) = find_holes(TEXT, (folder / "Site.lean").as_uri(), 1)
        session = await verifier.open(site)
        budget = Budget(seconds=600, checks=1_000_000)
        if len((await session.site_state(budget)).state.goals) != 1:
            raise SystemExit("the site does not have its one goal")
        batch, single, closed = [], [], [0, 0]
        for number in range(rounds):
            texts = candidates(number)
            start = time.perf_counter()
            found = {
                c.candidate.text: c.outcome.kind
                async for c in session.check(
                    (), [Candidate(text=t, source=Source.PORTFOLIO, score=0.0) for t in texts], budget
                )
            }
            batch.append(time.perf_counter() - start)
            closed[0] += sum(kind is OutcomeKind.CLOSED for kind in found.values())
            start = time.perf_counter()
            for text in texts:
                packed = shadow_text(site, text, base=TEXT)
                _, diagnostics = await verifier.elaborate(site.uri, packed.text, 10.0, above="")
                clean = has_sentinel(packed, diagnostics) and not errors_in(packed.declaration_lines, diagnostics)
                closed[1] += clean
                if clean != (found[text] is OutcomeKind.CLOSED):
                    raise SystemExit(f"batch and single disagree on {text!r}: {found[text]}")
            single.append(time.perf_counter() - start)
    finally:
        await verifier.close()
    return {
        "candidates": COUNT,
        "prefix_tactics": 5,
        "rounds": rounds,
        "batch_ms_p50": round(1000 * statistics.median(batch), 1),
        "single_ms_p50": round(1000 * statistics.median(single), 1),
        "ratio_p50": round(statistics.median(s / b for s, b in zip(single, batch, strict=True)), 2),
        "outcomes_per_second_batch": round(COUNT / statistics.median(batch)),
        "outcomes_per_second_single": round(COUNT / statistics.median(single)),
        "closed": closed[0],
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
