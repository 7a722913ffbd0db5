"""The final check: the user's whole file, with the proof in it, on a fresh document.

Accepted means: Lean elaborated the file to its end; no error and no `sorry` in the declaration; `#print axioms` named
only allowed axioms; the proof does not mention its own declaration; and elsewhere in the file stands no error that
the untouched file did not have. Where Lean refuses to be asked for axioms, that is a status of its own. The file is
checked with the user's own options and limits. A declaration without a name is named in a second text, only to ask for
its axioms.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import TimedOut
from lean_sidekick.core.positions import Position, TextEdit, TextMap, apply_edits
from lean_sidekick.core.render import site_edit
from lean_sidekick.core.sites import Declaration, ProofSite
from lean_sidekick.lean.diagnostics import Diagnostic, Severity, is_sorry_warning, parse_axioms, refuses_axioms
from lean_sidekick.verify.api import BROKEN, FinalStatus, FinalVerdict, Priority
from lean_sidekick.verify.packing import MESSAGE_LIMIT, SENTINEL, Lines, errors_in

if TYPE_CHECKING:
    from lean_sidekick.verify.shadow import ShadowVerifier

STAND_IN_NAME = "leanSidekickUnnamed"


@frozen(kw_only=True)
class Baseline:
    """The errors of an untouched file: `elsewhere` outside a declaration, and those that stand exactly where the
    declaration begins, which are the unfinished end of what stands above it."""

    elsewhere: Counter[str]
    at_start: frozenset[str]


@define
class Baselines:
    """The baselines of files, by text and declaration."""

    _errors: dict[tuple[str, int], Baseline] = field(factory=dict, init=False)

    def get(self, text: str, start: int) -> Baseline | None:
        """What was stored for this text and declaration."""
        return self._errors.get((text, start))

    def put(self, text: str, start: int, errors: Baseline) -> None:
        """Stores the errors; only the newest few texts are kept."""
        while len(self._errors) >= 8:
            self._errors.pop(next(iter(self._errors)))
        self._errors[text, start] = errors


@frozen(kw_only=True)
class FinalText:
    """The whole file with the proof, the axiom question after the declaration, and the sentinel at the end."""

    text: str
    start: Position
    declaration_lines: Lines
    question_line: int
    sentinel_line: int


def refused(message: str) -> FinalVerdict:
    """A refusal with its reason."""
    return FinalVerdict(status=FinalStatus.REFUSED, message=message[:MESSAGE_LIMIT])


async def check(
    verifier: ShadowVerifier, site: ProofSite, base: str, block: str, budget: Budget, priority: Priority
) -> FinalVerdict:
    """See `verify.api.Session.final_check`."""
    if mentions(block, site.declaration):
        return refused(f"the proof mentions `{site.declaration.name}` itself")
    limit = verifier.limits.opening_s
    budget.spend_checks(1)
    # A turn for each text, so that a question at the cursor does not wait for all of them.
    try:
        async with verifier.turn(site.uri, priority):
            known = await _baseline(verifier, site, base, budget)
        final = final_text(site, base, block, named=False)
        async with verifier.turn(site.uri, priority):
            diagnostics = await _fresh(verifier, site, final.text, min(budget.seconds_left, limit))
        verdict = judge(final, diagnostics, known)
        if verdict is not None:
            return verdict
        if site.declaration.name is None:
            final = final_text(site, base, block, named=True)
            async with verifier.turn(site.uri, priority):
                diagnostics = await _fresh(verifier, site, final.text, min(budget.seconds_left, limit))
    except TimedOut:
        return FinalVerdict(status=FinalStatus.TIMED_OUT, message="Lean did not finish the whole file in time")
    except BROKEN as error:
        return FinalVerdict(status=FinalStatus.CRASHED, message=str(error)[:MESSAGE_LIMIT])
    return judge_axioms(final, diagnostics, verifier.policy.allowed_axioms)


def final_text(site: ProofSite, base: str, block: str, *, named: bool) -> FinalText:
    """The text of the final check; `named` gives an unnamed declaration a name."""
    declaration = site.declaration
    edits = [site_edit(site, block)]
    name = declaration.name or STAND_IN_NAME
    ask = declaration.name is not None or named
    if named and declaration.name is None:
        keyword_end = declaration.keyword_start + len(declaration.keyword)
        keyword = "theorem" if declaration.keyword == "example" else declaration.keyword
        edits.append(TextEdit(start=declaration.keyword_start, end=keyword_end, new_text=f"{keyword} {name}"))
    grown = sum(len(e.new_text) - (e.end - e.start) for e in edits)
    text = apply_edits(base, edits)
    end = declaration.end + grown
    question = f"\n#print axioms {name}" if ask and not declaration.is_mutual else ""
    tail = f"\n#print axioms {name}" if ask and declaration.is_mutual else ""
    text = f"{text[:end]}{question}{text[end:]}"
    last = text.count("\n", 0, end)
    first = text.count("\n", 0, declaration.start)
    closing = "" if text.endswith("\n") else "\n"
    text = f"{text}{closing}{tail}\n{SENTINEL}\n"
    sentinel_line = text.count("\n") - 1
    return FinalText(
        text=text,
        start=TextMap(base).position(declaration.start),
        declaration_lines=Lines(first, last),
        question_line=last + 1 if question else sentinel_line - 1,
        sentinel_line=sentinel_line,
    )


def judge(final: FinalText, diagnostics: Sequence[Diagnostic], known: Baseline) -> FinalVerdict | None:
    """Everything but the axioms; None if nothing speaks against the proof."""
    if not any(d.range.start.line == final.sentinel_line for d in diagnostics):
        return FinalVerdict(status=FinalStatus.CRASHED, message="Lean did not reach the end of the file")
    lines = final.declaration_lines
    for error in errors_in(lines, diagnostics):
        if not (error.range.start == final.start and error.message in known.at_start):
            return refused(error.message)
    if any(is_sorry_warning(d) and lines.holds(d) for d in diagnostics):
        return refused("the declaration still uses `sorry`")
    elsewhere = Counter(
        d.message
        for d in diagnostics
        if d.severity is Severity.ERROR and not lines.holds(d) and d.range.start.line != final.question_line
    )
    if new := elsewhere - known.elsewhere:
        return refused(f"it breaks the rest of the file: {next(iter(new))}")
    return None


def judge_axioms(final: FinalText, diagnostics: Sequence[Diagnostic], allowed: frozenset[str]) -> FinalVerdict:
    """The axioms that `#print axioms` named, against the allowed set."""
    said = [d for d in diagnostics if d.range.start.line == final.question_line]
    answers = [parsed for d in said if (parsed := parse_axioms(d.message)) is not None]
    if not answers and any(refuses_axioms(d) for d in said):
        return FinalVerdict(
            status=FinalStatus.ACCEPTED_AXIOMS_UNKNOWN,
            message="proved, but this Lean does not say in a `module` whether a `sorry` or an axiom is behind it",
        )
    if len(answers) != 1:
        return FinalVerdict(
            status=FinalStatus.UNVERIFIED_AXIOMS, message="no error, but Lean does not say which axioms it uses"
        )
    axioms = answers[0][1]
    extra = [axiom for axiom in axioms if axiom not in allowed and axiom != "sorryAx"]
    if extra:
        return FinalVerdict(status=FinalStatus.REFUSED, axioms=axioms, message=f"it uses the axioms {', '.join(extra)}")
    if "sorryAx" in axioms:
        return FinalVerdict(
            status=FinalStatus.ACCEPTED_WITH_SORRY,
            axioms=axioms,
            message="proved, but it depends on a declaration that has a `sorry`",
        )
    return FinalVerdict(status=FinalStatus.ACCEPTED, axioms=axioms)


def mentions(block: str, declaration: Declaration) -> bool:
    """Whether the proof names its own declaration."""
    names = {name for name in (declaration.name, declaration.full_name) if name}
    words = re.findall(r"[^\s()\[\]{}⟨⟩,:;|·@]+", block.replace("«", "").replace("»", ""))
    return any(word == name or word.startswith(f"{name}.") for word in words for name in names)


async def _baseline(verifier: ShadowVerifier, site: ProofSite, base: str, budget: Budget) -> Baseline:
    start = site.declaration.start
    known = verifier.baselines.get(base, start)
    if known is None:
        closing = "" if base.endswith("\n") else "\n"
        text = f"{base}{closing}\n{SENTINEL}\n"
        limit = min(budget.seconds_left, verifier.limits.opening_s)
        _, diagnostics = await verifier.elaborate(site.uri, text, limit, above=base[:start])
        lines = Lines(base.count("\n", 0, start), base.count("\n", 0, site.declaration.end))
        errors = [d for d in diagnostics if d.severity is Severity.ERROR]
        begin = TextMap(base).position(start)
        known = Baseline(
            elsewhere=Counter(d.message for d in errors if not lines.holds(d)),
            at_start=frozenset(d.message for d in errors if d.range.start == begin),
        )
        verifier.baselines.put(base, start, known)
    return known


async def _fresh(verifier: ShadowVerifier, site: ProofSite, text: str, timeout_s: float) -> tuple[Diagnostic, ...]:
    above = text[: site.declaration.start]
    _, diagnostics = await verifier.elaborate(site.uri, text, timeout_s, above=above, fresh=True)
    return diagnostics
