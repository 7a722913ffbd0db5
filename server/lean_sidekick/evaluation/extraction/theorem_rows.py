"""A traced theorem as LeanDojo Benchmark writes it. Pure.

The format and what it leaves out are facts about LeanDojo's generator of its benchmark for Lean 4: steps at no goal,
tactics with the focusing dot `·` (they are there without it, one by one), and equal steps of one proof. `tactic` has no
comments and is indented from its own first column; `annotated_tactic` is the source as it stands with `<a>…</a>` around
premises whose definition is known, which follow in a list in the same order.
"""

import json
from collections.abc import Iterator

from lean_sidekick.core.scanner import Scan
from lean_sidekick.evaluation.extraction.traced import SourcePoint, TracedStep, TracedTheorem, UsedPremise

_NO_GOALS = "no goals"
_FOCUS = "·"
_GOAL_MARK = "⊢"


def theorem_json(theorem: TracedTheorem, url: str, commit: str) -> str:
    """The object of a theorem, as JSON."""
    return json.dumps(
        {
            "url": url,
            "commit": commit,
            "file_path": theorem.path,
            "full_name": theorem.full_name,
            "start": _pair(theorem.start),
            "end": _pair(theorem.end),
            "traced_tactics": [_step_object(step) for step in written_steps(theorem)],
        },
        ensure_ascii=False,
    )


def written_steps(theorem: TracedTheorem) -> Iterator[TracedStep]:
    """The steps that the format has, in order. A state without a goal mark is left out too: its readers refuse it."""
    seen: set[tuple[str, str, str]] = set()
    for step in theorem.steps:
        signature = step.state_before, step.tactic, step.state_after
        is_kept = step.state_before != _NO_GOALS and _GOAL_MARK in step.state_before and _FOCUS not in step.tactic
        if is_kept and signature not in seen:
            seen.add(signature)
            yield step


def plain_tactic(step: TracedStep) -> str:
    """The tactic without comments, its later lines indented from the column of its first one."""
    first, *rest = Scan(step.tactic).without_comments(0, len(step.tactic)).strip().split("\n")
    lines = [first.rstrip()]
    for line in rest:
        if line.strip():
            indent = min(len(line) - len(line.lstrip(" ")), step.start.column - 1)
            lines.append(line[indent:].rstrip())
    return "\n".join(lines)


def annotated_tactic(step: TracedStep) -> tuple[str, tuple[UsedPremise, ...]]:
    """The tactic with marks, and the premises marked."""
    pieces: list[str] = []
    marked: list[UsedPremise] = []
    done = 0
    for premise in sorted(step.premises, key=lambda one: (one.start, one.end)):
        start, end = _offset(step, premise.start), _offset(step, premise.end)
        if premise.defined_at is None or premise.defined_in is None or start is None or end is None:
            continue
        if done <= start < end:
            pieces += [step.tactic[done:start], "<a>", step.tactic[start:end], "</a>"]
            marked.append(premise)
            done = end
    return "".join([*pieces, step.tactic[done:]]), tuple(marked)


def _step_object(step: TracedStep) -> dict[str, object]:
    text, premises = annotated_tactic(step)
    return {
        "tactic": plain_tactic(step),
        "annotated_tactic": [text, [_premise_object(premise) for premise in premises]],
        "state_before": step.state_before,
        "state_after": step.state_after,
    }


def _premise_object(premise: UsedPremise) -> dict[str, object]:
    return {
        "full_name": premise.full_name,
        "def_path": premise.defined_in,
        "def_pos": _pair(premise.defined_at),
        "def_end_pos": _pair(premise.defined_end or premise.defined_at),
    }


def _pair(point: SourcePoint | None) -> list[int] | None:
    return None if point is None else [point.line, point.column]


def _offset(step: TracedStep, point: SourcePoint) -> int | None:
    """Where a place of the file stands in the text of the tactic, None if it is not inside."""
    lines = step.tactic.split("\n")
    row = point.line - step.start.line
    if not 0 <= row < len(lines):
        return None
    column = point.column - (step.start.column if row == 0 else 1)
    return sum(len(line) + 1 for line in lines[:row]) + column if 0 <= column <= len(lines[row]) else None
