"""`bench verify`: what a check costs, by the way it is packed, on one Lean in one run.

Ways: `single` (one candidate in the hole, one edit, one barrier: the plainest check), `blocks` (the program's own
`Session.check`, parse probes included), `copies` (one copy of the declaration for each candidate). Sites have
prefixes of several lengths; candidates come from a list, made new in every round by a comment, so that no answer
comes from memory. A round whose ways contradict each other is counted. Ratios carry over to other machines; absolute
figures do not.
"""

import statistics
import time
from collections.abc import Callable, Sequence

import psutil
from attrs import define, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.errors import InputError
from lean_sidekick.core.holes import find_holes
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.core.render import indent
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.verify.api import Session
from lean_sidekick.verify.packing import (
    SENTINEL,
    Lines,
    bounded,
    errors_in,
    has_sentinel,
    parenthesized,
    shadow_text,
)
from lean_sidekick.verify.shadow import ShadowVerifier

PREFIXES = (0, 2, 5, 10)
COUNTS = (1, 8, 32, 128)
LIMIT_S = 60.0
_STATEMENT = (
    "theorem {name} (a b c d : Nat) (p q : Prop) (hp : p) (hab : a = b) (hcd : c = d) : p ∧ (q → a + c = b + d) := by\n"
)
_STEPS = (
    "have h1 := hp",
    "have h2 := hab",
    "apply And.intro hp",
    "intro hq",
    "rw [hab]",
    "have h3 := hcd",
    "have h4 := h1",
    "have h5 := h2",
    "have h6 := hq",
    "have h7 := hp",
)


@frozen(kw_only=True)
class Cell:
    """One way at one prefix and count: seconds of each round, and outcomes that the plainest check contradicts."""

    way: str
    prefix: int
    count: int
    seconds: tuple[float, ...]
    contradicted: int

    def row(self) -> dict[str, object]:
        """The figures of the cell."""
        per_check = sorted(1000 * s / self.count for s in self.seconds)
        p95 = per_check[min(len(per_check) - 1, int(0.95 * len(per_check)))]
        return {
            "way": self.way,
            "prefix": self.prefix,
            "candidates": self.count,
            "rounds": len(self.seconds),
            "checks_per_second": round(self.count / statistics.median(self.seconds), 1),
            "ms_per_check_p50": round(statistics.median(per_check), 3),
            "ms_per_check_p95": round(p95, 3),
            "contradicted": self.contradicted,
        }


@define
class VerifyBench:
    """The measurement on one verifier, which it has for itself."""

    verifier: ShadowVerifier
    tactics: tuple[str, ...]
    rounds: int
    on_cell: Callable[[Cell], None]
    _serial: int = field(default=0, init=False)

    async def run(self, folder_uri: str) -> dict[str, object]:
        """All cells, and what follows from them."""
        cells: list[Cell] = []
        overheads: list[float] = []
        for prefix in PREFIXES:
            for count in COUNTS:
                # A site of its own for each cell; its document is closed after it.
                uri = f"{folder_uri}/Site{prefix}_{count}.lean"
                for cell in await self._cells(uri, prefix, count, overheads):
                    cells.append(cell)
                    self.on_cell(cell)
                memory = _worker_memory_mb()
                await self.verifier.close_document(uri)
        rows = [cell.row() for cell in cells]
        return {
            "cells": rows,
            "ratio_blocks_to_single": {
                f"prefix {p}, {n} candidates": _ratio(cells, p, n) for p in PREFIXES for n in COUNTS
            },
            "overhead_over_lean_p50": round(statistics.median(overheads), 4),
            "worker_memory_mb": memory,
            "checks": sum(cell.count * len(cell.seconds) for cell in cells if cell.way == "blocks"),
            "contradicted": sum(cell.contradicted for cell in cells),
        }

    async def _cells(self, uri: str, prefix: int, count: int, overheads: list[float]) -> list[Cell]:
        site = _site(uri, prefix)
        session = await self.verifier.open(site)
        budget = Budget(seconds=3600, checks=10_000_000)
        if not (await session.site_state(budget)).state.goals:
            raise InputError("the benchmark's own site has no goal")
        singles = max(1, min(self.rounds, 64 // count))
        seconds: dict[str, list[float]] = {"single": [], "blocks": [], "copies": []}
        contradicted = {"single": 0, "blocks": 0, "copies": 0}
        for number in range(self.rounds):
            texts = self._fresh(count)
            start = time.perf_counter()
            before = self.verifier.elaboration_s
            found = await self._blocks(session, texts, budget)
            took = time.perf_counter() - start
            seconds["blocks"].append(took)
            if (lean := self.verifier.elaboration_s - before) > 0:
                overheads.append((took - lean) / lean)
            if number >= singles:
                continue
            start = time.perf_counter()
            truth = [await self._single(site, text) for text in texts]
            seconds["single"].append(time.perf_counter() - start)
            start = time.perf_counter()
            copied = await self._copies(site, prefix, texts)
            seconds["copies"].append(time.perf_counter() - start)
            contradicted["blocks"] += sum(
                (kind is OutcomeKind.CLOSED) != closes
                for kind, closes in zip(found, truth, strict=True)
                if kind is not OutcomeKind.TIMED_OUT
            )
            contradicted["copies"] += sum(a != b for a, b in zip(copied, truth, strict=True))
        return [
            Cell(way=w, prefix=prefix, count=count, seconds=tuple(s), contradicted=contradicted[w])
            for w, s in seconds.items()
        ]

    async def _blocks(self, session: Session, texts: Sequence[str], budget: Budget) -> list[OutcomeKind]:
        candidates = [Candidate(text=text, source=Source.PORTFOLIO, score=0.0) for text in texts]
        found = {c.candidate.text: c.outcome.kind async for c in session.check((), candidates, budget)}
        return [found[text] for text in texts]

    async def _single(self, site: ProofSite, text: str) -> bool:
        packed = shadow_text(site, bounded(text, self.verifier.dialect), base=site.text)
        diagnostics = await self._elaborate(site, packed.text)
        return has_sentinel(packed, diagnostics) and not errors_in(packed.declaration_lines, diagnostics)

    async def _copies(self, site: ProofSite, prefix: int, texts: Sequence[str]) -> list[bool]:
        pieces, lines, line = [], [], 0
        for index, text in enumerate(texts):
            block = "\n".join(parenthesized(bounded(text, self.verifier.dialect)))
            piece = _text(f"copy{index}", prefix, block)
            height = piece.count("\n")
            lines.append(Lines(line, line + height - 1))
            pieces.append(piece)
            line += height
        diagnostics = await self._elaborate(site, "".join(pieces) + f"{SENTINEL}\n")
        if not any(d.range.start.line == line for d in diagnostics):
            return [False] * len(texts)
        return [not errors_in(span, diagnostics) for span in lines]

    async def _elaborate(self, site: ProofSite, text: str) -> tuple[Diagnostic, ...]:
        async with self.verifier.turn(site.uri):
            _, diagnostics = await self.verifier.elaborate(site.uri, text, LIMIT_S, above="")
        return diagnostics

    def _fresh(self, count: int) -> list[str]:
        """So many candidates as nobody has seen: a comment makes each new."""
        texts = []
        for index in range(count):
            self._serial += 1
            texts.append(f"{self.tactics[index % len(self.tactics)]} /- {self._serial} -/")
        return texts


def _text(name: str, prefix: int, block: str) -> str:
    """The benchmark's theorem with its first `prefix` tactics and a block after them."""
    steps = "\n".join([*_STEPS[:prefix], block])
    return f"{_STATEMENT.format(name=name)}{indent(steps, '  ')}\n"


def _site(uri: str, prefix: int) -> ProofSite:
    return find_holes(_text("site", prefix, "sorry"), uri, 1)[0]


def _ratio(cells: Sequence[Cell], prefix: int, count: int) -> float:
    by_way = {c.way: statistics.median(c.seconds) for c in cells if (c.prefix, c.count) == (prefix, count)}
    return round(by_way["single"] / by_way["blocks"], 2)


def _worker_memory_mb() -> float:
    """The largest resident size of a Lean worker below this process, in MB."""
    sizes = [0]
    for process in psutil.Process().children(recursive=True):
        try:
            if "--worker" in process.cmdline():
                sizes.append(process.memory_info().rss)
        except psutil.Error:
            continue
    return round(max(sizes) / 1e6, 1)
