"""Which tactics of the portfolio a real Lean has, and so which of them no real Lean has tried yet.

    python benchmarks/portfolio_vocabulary.py [--lean PATH] [--out FILE]

Asks the Lean at hand, under an empty header, for every text that the tactic sources want to know about. A text that
this Lean does not know was never run for this project: newer Leans and Mathlib have most of them.
"""

import argparse
import asyncio
import json
import os
import tempfile
from pathlib import Path

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.holes import find_holes
from lean_sidekick.engine.session import find_lean, start_verifier
from lean_sidekick.settings.settings import Settings
from lean_sidekick.tactics.merge import vocabulary_probes


async def ask(lean: str | None) -> dict[str, object]:
    """The texts, by whether this Lean knows them."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(lean_path=lean or os.environ.get("LEAN_SIDEKICK_LEAN", ""))
        toolchain = await find_lean(Path(folder), settings)
        verifier = await start_verifier(Path(folder), settings)
        try:
            (site,) = find_holes("theorem t : True := by\n  sorry\n", Path(folder, "T.lean").as_uri(), 1)
            session = await verifier.open(site)
            known = await session.known_tactics(vocabulary_probes(), Budget(seconds=120, checks=10_000))
        finally:
            await verifier.close()
    tactics = [text for text in vocabulary_probes() if not text.startswith("have := ")]
    names = [text.removeprefix("have := ") for text in vocabulary_probes() if text.startswith("have := ")]
    return {
        "lean": f"Lean {toolchain.version}",
        "tactics_tried": [text for text in tactics if text in known],
        "tactics_no_real_lean_has_tried": [text for text in tactics if text not in known],
        "lemma_names_known": sum(f"have := {name}" in known for name in names),
        "lemma_names_no_real_lean_has_tried": [name for name in names if f"have := {name}" not in known],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lean")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    found = asyncio.run(ask(arguments.lean))
    for name, value in found.items():
        print(f"{name}: {len(value) if isinstance(value, list) else value}")
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
