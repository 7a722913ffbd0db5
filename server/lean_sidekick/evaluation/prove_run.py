"""`bench prove`: a prover over a set of theorems, with every reported proof judged again by a plain `lean` run.

Writes `results.jsonl` (one object a theorem, as `prove --json` gives them, as they come) and `summary.json`. The
files are the run: figures are computed from them, never kept elsewhere. Proofs are judged after the time of their
theorem was taken.
"""

import json
import os
import platform
import statistics
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

from attrs import frozen

from lean_sidekick import __version__
from lean_sidekick.core.budget import Budget
from lean_sidekick.engine.api import DocumentText, Engine, ProofResult, ProofStatus
from lean_sidekick.evaluation.items import Item
from lean_sidekick.evaluation.plain_check import find_falsehood

CHECK_LIMIT = 1_000_000
SECONDS_SHOWN = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


@frozen(kw_only=True)
class ProveRun:
    """What a run is made with: the items, seconds for each, the Lean that judges, and words for the record."""

    items: tuple[Item, ...]
    data_name: str
    timeout_s: float
    lean: tuple[str, ...]
    lean_version: str
    allowed_axioms: frozenset[str]


@frozen(kw_only=True)
class Judged:
    """One theorem's result; `falsehood` is why the plain run rejects a proof reported as proved."""

    item: Item
    result: ProofResult
    falsehood: str | None


async def attempts(run: ProveRun, engine: Engine, folder: Path) -> AsyncIterator[Judged]:
    """Tries the items one after the other under one URI, so that the imports stay loaded."""
    uri = (folder / "Benchmark.lean").absolute().as_uri()
    for version, item in enumerate(run.items, 1):
        document = DocumentText(uri=uri, version=version, text=item.text)
        results = engine.prove_all(
            document,
            None,
            lambda: Budget(seconds=run.timeout_s, checks=CHECK_LIMIT),
            lambda _progress: None,
        )
        found = [result async for result in results]
        result = found[-1] if found else _no_hole(item)
        falsehood = None
        if result.status is ProofStatus.PROVED:
            falsehood = await find_falsehood(run.lean, item.text, item.name, result.proof or "", run.allowed_axioms)
        yield Judged(item=item, result=result, falsehood=falsehood)


async def write_run(
    run: ProveRun,
    judged: AsyncIterator[Judged],
    folder: Path,
    fields: Callable[[ProofResult], Mapping[str, object]],
) -> AsyncIterator[Judged]:
    """Writes `results.jsonl` as results come and `summary.json` at the end, and passes the results on."""
    folder.mkdir(parents=True, exist_ok=True)
    done: list[Judged] = []
    with (folder / "results.jsonl").open("w", encoding="utf-8") as out:
        async for one in judged:
            done.append(one)
            row = {**fields(one.result), "declaration": one.item.name}
            if one.falsehood is not None:
                row["falsehood"] = one.falsehood
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            out.flush()
            yield one
    text = json.dumps(summary(run, done), ensure_ascii=False, indent=1)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")


def summary(run: ProveRun, done: Sequence[Judged]) -> dict[str, object]:
    """The figures of a run. A proof that the plain run rejects counts as false, not as proved."""
    proved = [j for j in done if j.result.status is ProofStatus.PROVED and j.falsehood is None]
    times = sorted(j.result.seconds for j in proved)
    limits = sorted({s for s in SECONDS_SHOWN if s < run.timeout_s} | {run.timeout_s})
    return {
        "theorems": len(done),
        "proved": len(proved),
        "share_proved": round(len(proved) / len(done), 4) if done else 0.0,
        "proved_at": {f"{s:g}": sum(t <= s for t in times) for s in limits},
        "seconds_p50": round(statistics.median(times), 3) if times else None,
        "checks_total": sum(j.result.checks for j in done),
        "refused_by_final_check": sum(j.result.refused_by_final_check for j in done),
        "false_proofs": sum(j.falsehood is not None for j in done),
        "data": run.data_name,
        "timeout_s": run.timeout_s,
        "seconds_all": [round(t, 3) for t in times],
        "lean": run.lean_version,
        "version": __version__,
        "machine": machine(),
    }


def machine() -> str:
    """The machine in words."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def _no_hole(item: Item) -> ProofResult:
    return ProofResult(
        declaration=item.name,
        status=ProofStatus.ERROR,
        proof=None,
        edits=(),
        axioms=(),
        seconds=0.0,
        checks=0,
        message="the item has no hole to fill",
    )
