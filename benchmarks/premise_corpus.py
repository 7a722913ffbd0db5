"""Reading the corpus of a project: how long, how much memory, and how near a scan of sources comes to what Lean says.

    python benchmarks/premise_corpus.py PROJECT [--lean PATH] [--without-lean] [--out FILE]

Reads every premise of the project and of all that it imports, once through Lean and once from sources alone, in one
run; `--without-lean` leaves the first out. `peak_mb` is the most memory that this process (not Lean) held. The
comparison is over declarations that both have: the share whose constants agree. Prints and writes JSON.
"""

import argparse
import asyncio
import json
import os
import time
from pathlib import Path

import psutil

from lean_sidekick.engine.session import find_lean
from lean_sidekick.lean.launch import Limits
from lean_sidekick.lean.project import find_project
from lean_sidekick.lean.server import LeanServer
from lean_sidekick.premises.corpus import Skipped
from lean_sidekick.premises.project_corpus import ProjectCorpus
from lean_sidekick.premises.sources import Sources
from lean_sidekick.settings.settings import Settings

Constants = dict[str, frozenset[str]]


async def read(root: Path, sources: Sources, server: LeanServer | None) -> tuple[dict[str, object], Constants]:
    """The figures of one reading, and the constants of each premise."""
    skipped: list[Skipped] = []
    corpus = ProjectCorpus(sources=sources, server=server, on_skipped=skipped.append, on_progress=lambda progress: None)
    constants: Constants = {}
    process, began, peak, modules = psutil.Process(), time.monotonic(), 0, 0
    async for file in corpus.read():
        modules += 1
        constants |= {premise.full_name: frozenset(premise.constants or ()) for premise in file.premises}
        peak = max(peak, process.memory_info().rss)
    seconds = time.monotonic() - began
    return {
        "modules": modules,
        "premises": len(constants),
        "seconds": round(seconds, 1),
        "premises_a_second": round(len(constants) / seconds),
        "peak_mb": peak // 2**20,
        "skipped": len(skipped),
    }, constants


def compare(lean: Constants, scanned: Constants) -> dict[str, object]:
    """How a scan compares with Lean: names that both have, and the constants of their statements."""
    both = lean.keys() & scanned.keys()
    pairs = [(lean[name] & scanned.keys(), scanned[name]) for name in both]
    found = sum(len(true & said) for true, said in pairs)
    return {
        "in_both": len(both),
        "only_scanned": len(scanned.keys() - lean.keys()),
        "constants_recall": round(found / max(1, sum(len(true) for true, _ in pairs)), 3),
        "constants_precision": round(found / max(1, sum(len(said) for _, said in pairs)), 3),
    }


async def measure(root: Path, lean: str | None, *, with_lean: bool) -> dict[str, object]:
    """All figures for a project."""
    project = find_project(root)
    toolchain = await find_lean(root, Settings(lean_path=lean or os.environ.get("LEAN_SIDEKICK_LEAN", "")))
    sources = Sources(project, toolchain, os.environ)
    scan_figures, scanned = await read(root, sources, None)
    if not with_lean:
        return {"scan": scan_figures}
    server = LeanServer(project, toolchain, Limits())
    try:
        lean_figures, said = await read(root, sources, server)
    finally:
        await server.close()
    return {
        "lean": f"Lean {toolchain.version}",
        "from_lean": lean_figures,
        "scan": scan_figures,
        "scan_against_lean": compare(said, scanned),
    }


def main() -> None:
    """Reads the arguments, measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--lean")
    parser.add_argument("--without-lean", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    figures = asyncio.run(measure(options.project.absolute(), options.lean, with_lean=not options.without_lean))
    text = json.dumps(figures, indent=2)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
