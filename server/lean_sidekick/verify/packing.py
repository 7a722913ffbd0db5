"""Candidates to shadow text, and diagnostics back to outcomes. Pure.

One edit checks many candidates: after the text that stands before the hole and the search's own steps, the
main goal is copied once for each candidate, and each copy is given to a focused block of its own:

    (refine (fun (p : Sort _) (h _ _ : p) => h) _ ?_ ?_ ?_)
    · (candidate)
      done
      trace "checked"

Lean recovers from an error inside a block, so the next block runs. A candidate has closed its copy only if `done`
found no goal and let the mark be printed, and no error stands on its lines: the absence of errors alone is never
taken for success. Which line belongs to what is known from the layout, so verdicts are read by line.

A candidate that does not parse swallows the rest of the declaration. The last slot shows whether that happened. Where
it did, nothing is read, and parse probes find the culprit: one command a candidate before the declaration, in which
`first | trivial | (candidate)` parses the candidate and never runs it; Lean's parser recovers at the next command.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

from attrs import evolve, frozen

from lean_sidekick.core.goals import Goal, parse_goal, split_goals
from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.core.positions import Position, TextEdit, apply_edits, utf16_length
from lean_sidekick.core.render import site_edit
from lean_sidekick.core.scanner import mask_non_code
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.lean.diagnostics import (
    Diagnostic,
    Severity,
    is_heartbeat_timeout,
    is_unsolved_goals,
    unsolved_goals,
)
from lean_sidekick.verify.dialect import Dialect

SENTINEL = "#check Prop"
"""A command that always answers: its answer shows that Lean came to the end of the text."""

NO_PROBE = "example : True := trivial"
MESSAGE_LIMIT = 400
HEARTBEATS_MET = "reached the heartbeat limit"
SIMP_STEPS_MET = "simp did not end within its steps"
NOT_RUN_HERE = "not run here"
"""How the message begins where what stands before the candidates did not run."""
_SIMP = re.compile(r"(?<![\w.«@])(simp|simp_all)(?![\w.'»])(?!\s*\(\s*config)")
_SCOPED = re.compile(r"\b(?:open|set_option)\s[^@]*?\sin(?=\s)")
_STEPS_EXCEEDED = "maximum number of steps exceeded"


@frozen
class Lines:
    """A run of zero-based lines, both ends included."""

    first: int
    last: int

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.first, self.last + 1))

    def holds(self, diagnostic: Diagnostic) -> bool:
        """Whether the diagnostic begins on one of the lines."""
        return self.first <= diagnostic.range.start.line <= self.last


@frozen(kw_only=True)
class Slot:
    """Where one candidate stands: its own lines, the line of its mark, the line of its `done`."""

    candidate_lines: Lines
    mark_line: int
    done_line: int

    @property
    def lines(self) -> Lines:
        """All lines of the slot."""
        return Lines(self.candidate_lines.first, max(self.done_line, self.mark_line))


@frozen(kw_only=True)
class Packed:
    """A shadow text with what has to be found again in its diagnostics.

    `own_start` is where the last step of a text of `pack_state` begins.
    """

    text: str
    start: Position
    declaration_lines: Lines
    hole_line: int
    slots: tuple[Slot, ...]
    probes: tuple[Lines, ...]
    sentinel_line: int | None
    own_start: Position | None = None


class SlotVerdict(Enum):
    """What a slot's diagnostics amount to when they are not an outcome yet."""

    NOT_RUN = "not run"


def shadow_text(
    site: ProofSite,
    block: str,
    *,
    base: str,
    probes: Sequence[str] = (),
    options: Sequence[str] = (),
    has_end: bool = True,
) -> Packed:
    """The text up to the end of the site's declaration with `block` in the hole, and the sentinel after it.

    `base` is the site's text as the shadow has it (programs blanked, same offsets); `options` are `set_option … in`
    lines to stand before the declaration. A mutual declaration keeps the rest of its file, because what it belongs to
    ends later.
    """
    declaration = site.declaration
    edit = site_edit(site, block)
    end = len(base) if declaration.is_mutual else declaration.end
    before = base[: declaration.start]
    scope = _scope(base[declaration.start : declaration.keyword_start])
    probe_texts = [_probe(text, scope) for text in probes]
    # An unfinished end of what stands above is reported at the next command: that must not be a probe.
    inserted = "".join(f"{text}\n" for text in ([NO_PROBE, *probe_texts] if probes else []))
    inserted += "".join(f"{option}\n" for option in options)
    if before and not before.endswith("\n"):
        inserted = "\n" + inserted
    head = before + inserted
    body = apply_edits(
        base[declaration.start : end],
        [TextEdit(start=edit.start - declaration.start, end=edit.end - declaration.start, new_text=edit.new_text)],
    )
    declaration_first = head.count("\n")
    body_end = len(edit.new_text) - (edit.end - edit.start) + declaration.end - declaration.start
    declaration_last = declaration_first + body.count("\n", 0, body_end)
    text = f"{head}{body}\n\n{SENTINEL}\n" if has_end else f"{head}{body}\n"
    lead = max(0, edit.new_text.find(block.split("\n", 1)[0]))
    hole_line = declaration_first + body.count("\n", 0, edit.start - declaration.start + lead)
    lines, line = [], before.count("\n") + (1 if before and not before.endswith("\n") else 0) + 1
    for probe in probe_texts:
        height = probe.count("\n")
        lines.append(Lines(line, line + height))
        line += height + 1
    return Packed(
        text=text,
        start=Position(declaration_first, utf16_length(head[head.rfind("\n") + 1 :])),
        declaration_lines=Lines(declaration_first, declaration_last),
        hole_line=hole_line,
        slots=(),
        probes=tuple(lines),
        sentinel_line=text.count("\n") - 1 if has_end else None,
    )


def pack(
    site: ProofSite,
    steps: Sequence[str],
    candidates: Sequence[str],
    dialect: Dialect,
    *,
    base: str,
    probes: Sequence[str],
    heartbeats: int,
) -> Packed:
    """A shadow text that runs every candidate on its own copy of the main goal after `steps`.

    Without probes it has no sentinel: its last slot shows whether Lean came to the end (`reached_end`), and an early
    Lean formats all messages anew after every further command.
    """
    lines = [line for step in steps for line in parenthesized(step)]
    first_slot_line = len(lines) + 1
    lines.append(copies(len(candidates)))
    heights = []
    for text in candidates:
        block = slot_lines(bounded(text, dialect), dialect)
        heights.append(len(block))
        lines += block
    packed = shadow_text(
        site,
        "\n".join(lines),
        base=base,
        probes=probes,
        options=check_options(dialect, heartbeats),
        has_end=bool(probes),
    )
    slots, line = [], packed.hole_line + first_slot_line
    for height in heights:
        slots.append(
            Slot(
                candidate_lines=Lines(line, line + height - 3),
                done_line=line + height - 2,
                mark_line=line + height - 1,
            )
        )
        line += height
    return evolve(packed, slots=tuple(slots))


def check_options(dialect: Dialect, heartbeats: int) -> list[str]:
    """What a declaration is checked under: a limit for the whole of it, and nothing that makes a warning an error."""
    return [f"set_option maxHeartbeats {heartbeats} in", *dialect.quiet]


def pack_state(site: ProofSite, steps: Sequence[str], dialect: Dialect, *, base: str, heartbeats: int | None) -> Packed:
    """A shadow text that prints all goals after `steps`, the printing on its one slot's mark line, and then admits
    them. In a `conv` block nothing can be admitted, nor has to be: what is left of the term goes on to what follows.

    The slot's candidate lines are those of the last step, or the mark line if there is none.
    """
    blocks = [parenthesized(step) for step in steps]
    lines = [line for block in blocks for line in block]
    packed = shadow_text(
        site,
        "\n".join([*lines, dialect.trace_state, *([] if site.is_conv else [f"{dialect.all_goals} admit"])]),
        base=base,
        options=[] if heartbeats is None else [*check_options(dialect, heartbeats), *dialect.all_names],
    )
    mark = packed.hole_line + len(lines)
    own = len(blocks[-1]) if blocks else 0
    slot = Slot(candidate_lines=Lines(mark - own, mark - 1 if own else mark), mark_line=mark, done_line=mark + 1)
    line = packed.text.split("\n")[slot.candidate_lines.first]
    column = line.find(blocks[-1][0]) if blocks else 0
    own_start = Position(slot.candidate_lines.first, utf16_length(line[: max(0, column)]))
    return evolve(packed, slots=(slot,), own_start=own_start)


def own_errors(packed: Packed, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The errors of the last step of a text of `pack_state`.

    An enclosing block that begins before it on its line reports there what is left after the printing.
    """
    errors = errors_in(packed.slots[0].candidate_lines, diagnostics)
    return [e for e in errors if packed.own_start is None or not e.range.start < packed.own_start]


def read_state(packed: Packed, diagnostics: Iterable[Diagnostic]) -> tuple[Goal, ...] | None:
    """The goals that a text of `pack_state` printed; None if it printed nothing."""
    (slot,) = packed.slots
    printed = [d for d in diagnostics if d.range.start.line == slot.mark_line and d.severity is Severity.INFORMATION]
    if len(printed) != 1:
        return None
    message = printed[0].message
    return () if message.strip() in ("", "no goals") else split_goals(message)


def parenthesized(text: str) -> list[str]:
    """The lines of a tactic text in parentheses; its own lines keep their relative columns."""
    lines = text.split("\n")
    lines = ["(" + lines[0], *(" " + line if line.strip() else line for line in lines[1:])]
    if "--" in lines[-1]:
        return [*lines, " )"]
    lines[-1] += ")"
    return lines


def bounded(text: str, dialect: Dialect) -> str:
    """The candidate with a limit on `simp` where heartbeats do not bound it; what is shown is confirmed without."""
    if dialect.simp_steps is None:
        return text
    return _SIMP.sub(rf"\1 (config := {{ maxSteps := {dialect.simp_steps} }})", text)


def copies(count: int) -> str:
    """The tactic that copies the main goal so many times."""
    ignored, blanks = " _" * (count - 1), " ".join(["?_"] * count)
    # In parentheses, because inside `{ }` a `·` on the next line would be read as one more argument.
    return f"(refine (fun (p : Sort _) (h{ignored} : p) => h) _ {blanks})"


def slot_lines(text: str, dialect: Dialect) -> list[str]:
    """The block of one candidate: its own lines, `done`, and the mark."""
    inner = parenthesized(text)
    if dialect.recovery_off:
        inner = ["first", *("  | " + line if i == 0 else "    " + line for i, line in enumerate(inner)), "  | fail"]
    first, *rest = inner
    return [f"· {first}", *(f"  {line}" for line in rest), "  done", f"  {dialect.mark}"]


def _scope(before_keyword: str) -> str:
    """The `open … in` and `set_option … in` of a declaration, whose notation its candidates may use."""
    code = mask_non_code(before_keyword)
    return "".join(" ".join(found.split()) + " " for found in _SCOPED.findall(code))


def _probe(text: str, scope: str) -> str:
    first, *rest = parenthesized(text)
    head = f"{scope}example : True := by first | trivial | "
    pad = " " * len(head)
    return "\n".join([head + first, *(pad + line for line in rest)])


def has_sentinel(packed: Packed, diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether Lean's elaboration reached the end of a shadow that has a sentinel."""
    return any(d.range.start.line == packed.sentinel_line for d in diagnostics)


def errors_in(lines: Lines, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The errors that begin on the lines, in order."""
    found = [d for d in diagnostics if d.severity is Severity.ERROR and lines.holds(d)]
    return sorted(found, key=lambda d: d.range.start)


def read_probes(packed: Packed, diagnostics: Sequence[Diagnostic]) -> tuple[str, ...]:
    """For each probe the parse error, "" where the candidate parses."""
    return tuple(
        errors[0].message[:MESSAGE_LIMIT] if (errors := errors_in(lines, diagnostics)) else ""
        for lines in packed.probes
    )


def reached_end(packed: Packed, diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether the last slot, a `skip` that leaves its goal, was run; if so, everything before it was parsed.

    After a parse error Lean drops the rest of the declaration, and most other errors of it: nothing in it may be read.
    """
    last = packed.slots[-1]
    return any(
        last.lines.holds(d)
        and (is_heartbeat_timeout(d) or (d.range.start.line == last.done_line and is_unsolved_goals(d)))
        for d in diagnostics
    )


def read_slots(
    packed: Packed, diagnostics: Sequence[Diagnostic], before: Goal | None
) -> tuple[Outcome | SlotVerdict, ...]:
    """One outcome a slot; NOT_RUN where there is no evidence either way. The last slot should be one that always
    speaks.

    `maxHeartbeats` counts for the whole declaration: the first slot that meets the limit timed out, and nothing is
    known of those after it.
    """
    verdicts: list[Outcome | SlotVerdict] = []
    limit_met = False
    lines = {d.range.start.line for d in diagnostics}
    reached = max((i for i, slot in enumerate(packed.slots) if lines.intersection(slot.lines)), default=-1)
    for index, slot in enumerate(packed.slots):
        if limit_met:
            verdicts.append(SlotVerdict.NOT_RUN)
            continue
        verdict = _read_slot(slot, index, packed.slots, diagnostics, before)
        if verdict is SlotVerdict.NOT_RUN and index < reached:
            # Lean went on with a later slot, so this one ran and gave up; the first error of a declaration hides some
            # others.
            verdict = Outcome(kind=OutcomeKind.FAILED, message="Lean gave it up without a message")
        limit_met = any(is_heartbeat_timeout(error) for error in errors_in(slot.lines, diagnostics))
        verdicts.append(verdict)
    return tuple(verdicts)


def failure(error: Diagnostic) -> Outcome:
    """The outcome of a candidate that Lean answered with this error."""
    if is_heartbeat_timeout(error):
        return Outcome(kind=OutcomeKind.TIMED_OUT, message=HEARTBEATS_MET)
    if _STEPS_EXCEEDED in error.message:
        return Outcome(kind=OutcomeKind.TIMED_OUT, message=SIMP_STEPS_MET)
    return Outcome(kind=OutcomeKind.FAILED, message=error.message[:MESSAGE_LIMIT])


def _read_slot(
    slot: Slot, index: int, slots: Sequence[Slot], diagnostics: Sequence[Diagnostic], before: Goal | None
) -> Outcome | SlotVerdict:
    errors = errors_in(slot.lines, diagnostics)
    if timeouts := [error for error in errors if is_heartbeat_timeout(error)]:
        return failure(timeouts[0])
    if own := [e for e in errors if e.range.start.line != slot.done_line]:
        return failure(own[0])
    if not errors:
        printed = [d for d in diagnostics if d.range.start.line == slot.mark_line]
        is_marked = any(d.severity is Severity.INFORMATION for d in printed)
        return Outcome(kind=OutcomeKind.CLOSED) if is_marked else SlotVerdict.NOT_RUN
    if len(errors) != 1 or not is_unsolved_goals(errors[0]):
        return Outcome(kind=OutcomeKind.FAILED, message=errors[0].message[:MESSAGE_LIMIT])
    goals = tuple(untrail(goal, index, len(slots)) for goal in unsolved_goals(errors[0]))
    if not goals:
        return SlotVerdict.NOT_RUN
    if any("sorryAx" in goal.text for goal in goals):
        return Outcome(kind=OutcomeKind.FAILED, message="leaves a goal that contains an error")
    same = before is not None and len(goals) == 1 and goals[0].normal_form() == before.normal_form()
    kind = OutcomeKind.NO_CHANGE if same else OutcomeKind.PROGRESS
    return Outcome(kind=kind, goals=goals)


def untrail(goal: Goal, index: int, count: int) -> Goal:
    """The goal without the trail that copying the main goal left in its case name, and in those of other goals that it
    mentions."""
    trail = "refine" if count == 1 else f"refine_{index + 1}"
    text = re.sub(rf"\?{trail}\.(?=[^\W\d])", "?", goal.text)
    if text != goal.text:
        goal = evolve(parse_goal(text), case_name=goal.case_name)
    if goal.case_name is None:
        return goal
    parts = goal.case_name.split(".")
    if trail in parts:
        parts.remove(trail)
    return evolve(goal, case_name=".".join(parts) or None)
