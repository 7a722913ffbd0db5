"""`bench verify`: what a check costs, by the way it is packed, on one Lean in one run.

Ways: `single` (one candidate in the hole, one edit, one barrier: the plainest check), `blocks` (the plain verifier's
`Session.check`, parse probes included), `runner` (the in-document runner's, once it is loaded), `copies` (one copy of
the declaration for each candidate). Sites have prefixes of several lengths; candidates come from a list, made new in
every round by a comment, so that no answer comes from memory. `bare` is an edit with the declaration up to the hole and
no candidate, and, at prefix -1, one with a single `#check`: no way can be faster than these. What the plainest check
contradicts is counted. Ratios carry over to other machines; absolute figures do not.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from attrs import define, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.errors import InputError
from lean_sidekick.core.holes import find_holes
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.core.render import indent
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.lean.worker_memory import largest_worker
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
from lean_sidekick.verify.runner import RunnerVerifier
from lean_sidekick.verify.shadow import ShadowVerifier

PREFIXES = (0, 2, 5, 10)
COUNTS = (1, 8, 32, 128)
LIMIT_S = 600.0
NO_DECLARATION = -1
_SLOW_CHECKS = 64
"""Checks of a cell that are also run one by one, and as copies; at least one round."""
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
    """One way at one prefix and count: seconds of each round, what the program added to Lean's time (a share), and
    outcomes that the plainest check contradicts."""

    way: str
    prefix: int
    count: int
    seconds: tuple[float, ...]
    overheads: tuple[float, ...] = ()
    contradicted: int = 0

    @property
    def checks_per_second(self) -> float:
        """The median over the rounds."""
        return self.count / statistics.median(self.seconds)

    def row(self) -> dict[str, object]:
        """The figures of the cell."""
        per_check = sorted(1000 * s / max(1, self.count) for s in self.seconds)
        p95 = per_check[min(len(per_check) - 1, int(0.95 * len(per_check)))]
        return {
            "way": self.way,
            "prefix": self.prefix,
            "candidates": self.count,
            "rounds": len(self.seconds),
            "checks_per_second": round(self.checks_per_second, 1),
            "ms_per_check_p50": round(statistics.median(per_check), 3),
            "ms_per_check_p95": round(p95, 3),
            "overhead_over_lean_p50": round(statistics.median(self.overheads), 4) if self.overheads else None,
            "contradicted": self.contradicted,
        }


@frozen(kw_only=True)
class VerifyFigures:
    """A finished run: its cells, how many times as fast as `single` each way is by place, the figures that goals were
    set for, and the resident size of the workers."""

    cells: tuple[Cell, ...]
    ratios: Mapping[str, Mapping[str, float]]
    goals: Mapping[str, float]
    memory_mb: Mapping[str, float]

    @property
    def checks(self) -> int:
        """Checks of the ways that the program uses."""
        return sum(cell.count * len(cell.seconds) for cell in self.cells if cell.way in ("blocks", "runner"))

    @property
    def contradicted(self) -> int:
        """Verdicts that the plainest check contradicts."""
        return sum(cell.contradicted for cell in self.cells)

    def fields(self) -> dict[str, object]:
        """The figures as data."""
        return {
            "cells": [cell.row() for cell in self.cells],
            "ratio_to_single": self.ratios,
            "goals": self.goals,
            "worker_memory_mb": self.memory_mb,
            "checks": self.checks,
            "contradicted": self.contradicted,
        }


@define
class VerifyBench:
    """The measurement on one verifier, which it has for itself."""

    verifier: RunnerVerifier
    tactics: tuple[str, ...]
    rounds: int
    on_cell: Callable[[Cell], None]
    prefixes: tuple[int, ...] = PREFIXES
    counts: tuple[int, ...] = COUNTS
    _serial: int = field(default=0, init=False)
    _memory: dict[str, float] = field(factory=dict, init=False)

    async def run(self, folder_uri: str) -> VerifyFigures:
        """All cells, and what follows from them."""
        cells: list[Cell] = []

        def add(cell: Cell) -> None:
            cells.append(cell)
            self.on_cell(cell)

        add(await self._bare(f"{folder_uri}/Bare.lean", NO_DECLARATION))
        for prefix in self.prefixes:
            uri = f"{folder_uri}/Site{prefix}.lean"
            add(await self._bare(uri, prefix))
            for count in self.counts:
                for cell in await self._cells(uri, prefix, count):
                    add(cell)
            await self.verifier.close_document(uri)
        by_place = {(c.way, c.prefix, c.count): c for c in cells}
        ratios = {
            way: {
                f"prefix {p}, {n} candidates": _ratio(by_place, way, p, n) for p in self.prefixes for n in self.counts
            }
            for way in ("blocks", "runner", "copies")
        }
        goals = {f"{way}: {k}": v for way in ("runner", "blocks") for k, v in _goals(cells, by_place, way)}
        return VerifyFigures(cells=tuple(cells), ratios=ratios, goals=goals, memory_mb=dict(self._memory))

    async def _bare(self, uri: str, prefix: int) -> Cell:
        seconds = []
        for number in range(1 + self.rounds):
            text = f"{SENTINEL} -- {number}\n" if prefix == NO_DECLARATION else _text("site", prefix, f"-- {number}")
            start = time.perf_counter()
            await self._elaborate(uri, text)
            seconds.append(time.perf_counter() - start)
        if prefix == NO_DECLARATION:
            await self.verifier.close_document(uri)
        # The first round opens the document.
        return Cell(way="bare", prefix=prefix, count=0, seconds=tuple(seconds[1:]))

    async def _cells(self, uri: str, prefix: int, count: int) -> list[Cell]:
        site = _site(uri, prefix)
        runner = await self.verifier.open(site)
        budget = Budget(seconds=3600, checks=10_000_000)
        if not (await runner.site_state(budget)).state.goals:
            raise InputError("the benchmark's own site has no goal")
        if "blocks" not in self._memory:
            self._memory["blocks"] = _largest_worker_mb()
        await runner.warm()
        blocks = _Timed(runner.plain, lambda: self._plain.elaboration_s)
        within = _Timed(runner, lambda: self.verifier.documents.elaboration_s + self._plain.elaboration_s)
        await within.round(self._fresh(count), budget)  # makes the site's state in the runner's document
        within.forget()
        singles: list[float] = []
        copies: list[float] = []
        wrong = {"blocks": 0, "runner": 0, "copies": 0}
        for number in range(self.rounds):
            texts = self._fresh(count)
            found = {"blocks": await blocks.round(texts, budget), "runner": await within.round(texts, budget)}
            if number >= max(1, min(self.rounds, _SLOW_CHECKS // count)):
                continue
            truth = []
            for text in texts:
                start = time.perf_counter()
                truth.append(await self._single(site, text))
                singles.append(time.perf_counter() - start)
            start = time.perf_counter()
            copied = await self._copies(site, prefix, texts)
            copies.append(time.perf_counter() - start)
            for way, kinds in found.items():
                pairs = [(kind, closes) for kind, closes in zip(kinds, truth, strict=True) if kind is not _NO_VERDICT]
                wrong[way] += sum((kind is OutcomeKind.CLOSED) != closes for kind, closes in pairs)
            wrong["copies"] += sum(a != b for a, b in zip(copied, truth, strict=True))
        if not runner.is_answered:
            raise InputError("The in-document runner does not elaborate on this Lean; there is nothing to compare.")
        self._memory["runner"] = max(self._memory.get("runner", 0.0), _largest_worker_mb())
        return [
            # Each check stands for its round, so that p95 is one of checks.
            Cell(way="single", prefix=prefix, count=count, seconds=tuple(count * s for s in singles)),
            blocks.cell("blocks", prefix, count, wrong["blocks"]),
            within.cell("runner", prefix, count, wrong["runner"]),
            Cell(way="copies", prefix=prefix, count=count, seconds=tuple(copies), contradicted=wrong["copies"]),
        ]

    @property
    def _plain(self) -> ShadowVerifier:
        return self.verifier.plain

    async def _single(self, site: ProofSite, text: str) -> bool:
        packed = shadow_text(site, bounded(text, self._plain.dialect), base=site.text)
        diagnostics = await self._elaborate(site.uri, packed.text)
        return has_sentinel(packed, diagnostics) and not errors_in(packed.declaration_lines, diagnostics)

    async def _copies(self, site: ProofSite, prefix: int, texts: Sequence[str]) -> list[bool]:
        pieces, lines, line = [], [], 0
        for index, text in enumerate(texts):
            block = "\n".join(parenthesized(bounded(text, self._plain.dialect)))
            piece = _text(f"copy{index}", prefix, block)
            height = piece.count("\n")
            lines.append(Lines(line, line + height - 1))
            pieces.append(piece)
            line += height
        diagnostics = await self._elaborate(site.uri, "".join(pieces) + f"{SENTINEL}\n")
        if not any(d.range.start.line == line for d in diagnostics):
            return [False] * len(texts)
        return [not errors_in(span, diagnostics) for span in lines]

    async def _elaborate(self, uri: str, text: str) -> tuple[Diagnostic, ...]:
        async with self._plain.turn(uri):
            _, diagnostics = await self._plain.elaborate(uri, text, LIMIT_S, above="")
        return diagnostics

    def _fresh(self, count: int) -> list[str]:
        """So many candidates as nobody has seen: a comment makes each new."""
        texts = []
        for index in range(count):
            self._serial += 1
            texts.append(f"{self.tactics[index % len(self.tactics)]} /- {self._serial} -/")
        return texts


_NO_VERDICT = OutcomeKind.TIMED_OUT


@define
class _Timed:
    """The rounds of one way: seconds, and what was added to the time that Lean took."""

    session: Session
    lean_s: Callable[[], float]
    seconds: list[float] = field(factory=list, init=False)
    overheads: list[float] = field(factory=list, init=False)

    async def round(self, texts: Sequence[str], budget: Budget) -> list[OutcomeKind]:
        candidates = [Candidate(text=text, source=Source.PORTFOLIO, score=0.0) for text in texts]
        before, start = self.lean_s(), time.perf_counter()
        found = {c.candidate.text: c.outcome.kind async for c in self.session.check((), candidates, budget)}
        took = time.perf_counter() - start
        self.seconds.append(took)
        if (lean := self.lean_s() - before) > 0:
            self.overheads.append((took - lean) / lean)
        return [found[text] for text in texts]

    def forget(self) -> None:
        self.seconds.clear()
        self.overheads.clear()

    def cell(self, way: str, prefix: int, count: int, contradicted: int) -> Cell:
        return Cell(
            way=way,
            prefix=prefix,
            count=count,
            seconds=tuple(self.seconds),
            overheads=tuple(self.overheads),
            contradicted=contradicted,
        )


def _text(name: str, prefix: int, block: str) -> str:
    """The benchmark's theorem with its first `prefix` tactics and a block after them."""
    steps = "\n".join([*_STEPS[:prefix], block])
    return f"{_STATEMENT.format(name=name)}{indent(steps, '  ')}\n"


def _site(uri: str, prefix: int) -> ProofSite:
    return find_holes(_text("site", prefix, "sorry"), uri, 1)[0]


def _ratio(cells: dict[tuple[str, int, int], Cell], way: str, prefix: int, count: int) -> float:
    single, other = cells["single", prefix, count], cells[way, prefix, count]
    return round(statistics.fmean(single.seconds) / statistics.median(other.seconds), 2)


def _goals(cells: Sequence[Cell], by_place: dict[tuple[str, int, int], Cell], way: str) -> Iterator[tuple[str, float]]:
    """The figures that goals were set for, as far as the run has them."""
    if (way, 5, 32) in by_place:
        yield "ratio_to_single_32_candidates_after_5", _ratio(by_place, way, 5, 32)
    if (way, 2, 128) in by_place:
        yield "outcomes_per_second_128_after_2", round(by_place[way, 2, 128].checks_per_second)
    yield "overhead_over_lean_p50", _overhead(cells, way)


def _overhead(cells: Sequence[Cell], way: str) -> float:
    return round(statistics.median(o for cell in cells if cell.way == way for o in cell.overheads), 4)


def _largest_worker_mb() -> float:
    return round(largest_worker() / 1e6, 1)
