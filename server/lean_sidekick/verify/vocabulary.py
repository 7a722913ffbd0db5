"""Which tactics a toolchain has, learned from Lean once for a header.

A tactic counts as known if it parses and Lean finds an elaborator for it; whether it proves anything does not matter.
Nothing is assumed from a version number.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import define, evolve, field

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.declarations import header_end
from lean_sidekick.core.errors import LeanCrashed, TimedOut
from lean_sidekick.core.sites import Declaration, Hole, ProofSite
from lean_sidekick.lean.diagnostics import Diagnostic, is_not_implemented, is_unknown_name
from lean_sidekick.verify.api import BROKEN, Priority
from lean_sidekick.verify.packing import Packed, errors_in, has_sentinel, pack, reached_end, read_probes

if TYPE_CHECKING:
    from lean_sidekick.verify.shadow import ShadowVerifier

logger = logging.getLogger(__name__)

PROBE_NAME = "leanSidekickProbe"
CHUNK = 64
LESSON_S = 10.0
_DOTTED = re.compile(r"(?<![\w.])[^\W\d][\w']*(?:\.[\w']+)+")


@define
class Vocabulary:
    """What was learned, by header: the texts that were asked for, and those of them that are known."""

    _asked: dict[str, set[str]] = field(factory=dict, init=False)
    _known: dict[str, set[str]] = field(factory=dict, init=False)

    def missing(self, header: str, texts: Sequence[str]) -> list[str]:
        """The texts that were never asked for under this header."""
        asked = self._asked.get(header, set())
        return [text for text in dict.fromkeys(texts) if text not in asked]

    def add(self, header: str, texts: Sequence[str], known: set[str]) -> None:
        """Stores one lesson."""
        self._asked.setdefault(header, set()).update(texts)
        self._known.setdefault(header, set()).update(known)

    def known(self, header: str, texts: Sequence[str]) -> frozenset[str]:
        """Those of the texts that are known."""
        return frozenset(self._known.get(header, set()).intersection(texts))


async def learn(
    verifier: ShadowVerifier, site: ProofSite, base: str, texts: Sequence[str], budget: Budget, priority: Priority
) -> frozenset[str]:
    """Asks Lean about the texts that were never asked for; see `Session.known_tactics`.

    The questions stand where the site's declaration stands, so that the file's own notation counts and everything
    above it stays elaborated. What Lean does not answer in time is taken as unknown, for now.
    """
    header = base[: header_end(base)]
    missing = verifier.vocabulary.missing(header, texts)
    if missing:
        lesson = _Lesson(verifier=verifier, site=site, before=_before(base, site))
        try:
            for start in range(0, len(missing), CHUNK):
                chunk = missing[start : start + CHUNK]
                async with verifier.turn(site.uri, priority):
                    known = await lesson.elaborated(await lesson.parsed(chunk, budget), budget)
                verifier.vocabulary.add(header, chunk, known)
        except (TimedOut, *BROKEN):
            logger.info("Lean did not say in time which tactics it knows")
    return verifier.vocabulary.known(header, texts)


@define(kw_only=True)
class _Lesson:
    verifier: ShadowVerifier
    site: ProofSite
    before: str
    _shapes: dict[str, bool] = field(factory=dict, init=False)

    async def parsed(self, texts: Sequence[str], budget: Budget) -> list[str]:
        """Those of the texts that parse; of texts that differ in a dotted name only, one is asked for."""
        asked = {shape: text for text in texts if (shape := _shape(text)) not in self._shapes}
        if asked:
            packed = self._pack([], probes=list(asked.values()))
            diagnostics = await self._elaborate(packed, budget)
            errors = read_probes(packed, diagnostics)
            self._shapes.update({shape: not error for shape, error in zip(asked, errors, strict=True)})
        return [text for text in texts if self._shapes[_shape(text)]]

    async def elaborated(self, texts: list[str], budget: Budget) -> set[str]:
        """Those of the texts that have an elaborator and name nothing unknown, run in blocks on `True`."""
        if not texts:
            return set()
        packed = self._pack(texts, probes=[])
        diagnostics = await self._elaborate(packed, budget)
        return {
            text
            for text, slot in zip(texts, packed.slots, strict=False)
            if not any(is_not_implemented(e) or is_unknown_name(e) for e in errors_in(slot.lines, diagnostics))
        }

    def _pack(self, texts: list[str], probes: list[str]) -> Packed:
        theorem = f"theorem {PROBE_NAME} : True := by\n  sorry\n"
        start = len(self.before)
        hole = start + theorem.index("sorry")
        declaration = Declaration(
            keyword="theorem",
            name=PROBE_NAME,
            full_name=PROBE_NAME,
            start=start,
            keyword_start=start,
            body_start=None,
            end=hole + len("sorry"),
            is_private=False,
            is_mutual=False,
        )
        text = self.before + theorem
        site = evolve(
            self.site,
            text=text,
            declaration=declaration,
            hole=Hole.TACTIC_SORRY,
            start=hole,
            end=hole + len("sorry"),
            indentation="  ",
            is_inline=False,
            is_bullet=False,
            needs_parentheses=False,
        )
        # With recovery off the error of a candidate would be replaced by that of `fail`.
        dialect = evolve(self.verifier.dialect, recovery_off=False)
        heartbeats = self.verifier.limits.heartbeats
        return pack(site, [], [*texts, "skip"], dialect, base=text, probes=probes, heartbeats=heartbeats)

    async def _elaborate(self, packed: Packed, budget: Budget) -> tuple[Diagnostic, ...]:
        limit = min(budget.seconds_left, LESSON_S)
        _, diagnostics = await self.verifier.elaborate(self.site.uri, packed.text, limit, above=self.before)
        is_whole = (
            reached_end(packed, diagnostics) if packed.sentinel_line is None else has_sentinel(packed, diagnostics)
        )
        if not is_whole:
            raise LeanCrashed("Lean did not finish the file")
        return diagnostics


def _shape(text: str) -> str:
    return _DOTTED.sub("X.x", text)


def _before(base: str, site: ProofSite) -> str:
    before = base[: site.declaration.start]
    return before if not before or before.endswith("\n") else before + "\n"
