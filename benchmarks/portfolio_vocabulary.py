"""Which tactics and lemma names of the portfolio a real Lean has.

    python benchmarks/portfolio_vocabulary.py [--lean PATH] [--out FILE]

Asks the Lean at hand, under an empty header, for every text that the tactic sources want to know about. For a Lean
that has no server, as one in WebAssembly, the questions go through a file:

    python benchmarks/portfolio_vocabulary.py --write Questions.lean
    lean --json -DmaxErrors=10000 Questions.lean > answers.json
    python benchmarks/portfolio_vocabulary.py --read answers.json --lean NAME --out FILE
"""

import argparse
import asyncio
import json
import os
import re
import tempfile
from collections.abc import Collection
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
    return report(f"Lean {toolchain.version}", known)


def report(lean: str, known: Collection[str]) -> dict[str, object]:
    """What a Lean knows and does not know, by kind of text."""
    tactics = [text for text in vocabulary_probes() if not text.startswith("have := ")]
    names = [text.removeprefix("have := ") for text in vocabulary_probes() if text.startswith("have := ")]
    return {
        "lean": lean,
        "tactics_known": [text for text in tactics if text in known],
        "tactics_not_known": [text for text in tactics if text not in known],
        "lemma_names_known": sum(f"have := {name}" in known for name in names),
        "lemma_names_not_known": [name for name in names if f"have := {name}" not in known],
    }


def write_questions() -> str:
    """A Lean file with one declaration for each text, which a plain `lean --json -DmaxErrors=10000` reads."""
    lines = [f"example (a b : Nat) (p : Prop) : a + b = b + a ∧ p := by\n  {text}\n" for text in vocabulary_probes()]
    return "".join(lines)


def read_answers(output: str) -> set[str]:
    """The texts that Lean knows, by its messages about `write_questions`; raises ValueError if it stopped early."""
    unknown: set[int] = set()
    answered: set[int] = set()
    for line in filter(lambda line: line.startswith("{"), output.splitlines()):
        message = json.loads(line)
        number = message["pos"]["line"]
        answered.add((number - 1) // 2)
        if re.match(r"unknown (?:tactic|constant)\b", message["data"], re.IGNORECASE):
            unknown.add((number - 1) // 2)
    probes = vocabulary_probes()
    # No text proves `p`, so Lean has something to say of each.
    if answered != set(range(len(probes))):
        raise ValueError(f"Lean said something of {len(answered)} of {len(probes)} texts: it did not read them all.")
    return {text for index, text in enumerate(probes) if index not in unknown}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lean")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--write", type=Path, help="write the questions as a file for a plain `lean` and end")
    parser.add_argument("--read", type=Path, help="read what a plain `lean --json` said of that file")
    arguments = parser.parse_args()
    if arguments.write:
        arguments.write.write_text(write_questions(), encoding="utf-8")
        return
    if arguments.read:
        found = report(arguments.lean or "?", read_answers(arguments.read.read_text(encoding="utf-8")))
    else:
        found = asyncio.run(ask(arguments.lean))
    for name, value in found.items():
        print(f"{name}: {len(value) if isinstance(value, list) else value}")
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
