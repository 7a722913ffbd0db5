"""Recordings: questions that a real Lean was asked through a Verifier, with its answers, as data.

A question is keyed by what it depends on and nothing else: the text above the declaration (its header included), the
declaration, the hole, the tactics before, and the candidate. So a change in how candidates are packed into edits
breaks no recording. One file is from one Lean. The file is JSON lines, sorted, so that a new recording shows its
changes as a diff.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from attrs import define, field

from lean_sidekick.core.declarations import header_end
from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import Goal, ProofState, parse_goal
from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.verify.api import FinalStatus, FinalVerdict, SiteState

Answer = Mapping[str, Any]
Key = tuple[str, str, str, str]
"""Kind of question, site, steps, and candidate or block."""


@define
class Recording:
    """The questions and answers of one Lean."""

    lean: str
    _answers: dict[Key, Answer] = field(factory=dict)

    def get(self, key: Key) -> Answer | None:
        """The answer to a question, None if it was never asked."""
        return self._answers.get(key)

    def put(self, key: Key, answer: Answer) -> None:
        """Stores an answer; a later one replaces an earlier one."""
        self._answers[key] = answer

    def changes_since(self, old: "Recording") -> list[str]:
        """One line for each verdict that differs from an older recording's."""
        lines = []
        for key in sorted(self._answers.keys() & old._answers.keys()):
            before, after = _verdict(old._answers[key]), _verdict(self._answers[key])
            if before != after:
                lines.append(f"{key[0]} `{key[3]}` after {key[2] or 'nothing'} (site {key[1]}): {before} -> {after}")
        return lines

    def write(self, path: Path) -> None:
        """Writes the file."""
        rows: list[dict[str, Any]] = [{"lean": self.lean}]
        rows += [{"key": list(key), **answer} for key, answer in sorted(self._answers.items())]
        text = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
        path.write_text(text, encoding="utf-8")


def read_recording(path: Path) -> Recording:
    """Reads a file. Raises InputError if it is damaged."""
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
        recording = Recording(lean=rows[0]["lean"])
        for row in rows[1:]:
            kind, site, steps, text = row.pop("key")
            recording.put((kind, site, steps, text), row)
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is not a recording: {error}.") from None
    return recording


def site_key(site: ProofSite) -> str:
    """What an answer at a site depends on: the text up to the end of the declaration, and the hole."""
    declaration = site.declaration
    end = len(site.text) if declaration.is_mutual else declaration.end
    source = f"{site.hole.value}\n{site.start}\n{site.end}\n{site.text[:end]}"
    return hashlib.sha256(source.encode(errors="surrogatepass")).hexdigest()[:16]


def header_key(site: ProofSite) -> str:
    """What the known tactics depend on: the file's header."""
    header = site.text[: header_end(site.text)]
    return hashlib.sha256(header.encode(errors="surrogatepass")).hexdigest()[:16]


def file_key(site: ProofSite) -> str:
    """What a final check depends on beside its block: the whole file, and the hole."""
    source = f"{site.hole.value}\n{site.start}\n{site.end}\n{site.text}"
    return hashlib.sha256(source.encode(errors="surrogatepass")).hexdigest()[:16]


def steps_key(steps: Sequence[str]) -> str:
    """The tactics before a candidate, as one text."""
    return "\n".join(steps)


def outcome_answer(outcome: Outcome) -> Answer:
    """An outcome as data."""
    answer: dict[str, Any] = {"outcome": outcome.kind.value}
    if outcome.goals:
        answer["goals"] = goal_texts(outcome.goals)
    if outcome.message:
        answer["message"] = outcome.message
    return answer


def read_outcome(answer: Answer) -> Outcome:
    """The outcome that an answer holds."""
    return Outcome(
        kind=OutcomeKind(answer["outcome"]),
        goals=_goals(answer.get("goals", ())),
        message=answer.get("message", ""),
    )


def state_answer(found: SiteState) -> Answer:
    """The state at a site as data."""
    return {"goals": goal_texts(found.state.goals), "prefix_error": found.prefix_error}


def read_state(answer: Answer) -> SiteState:
    """The state that an answer holds."""
    return SiteState(state=ProofState(goals=_goals(answer["goals"])), prefix_error=answer["prefix_error"])


def verdict_answer(verdict: FinalVerdict) -> Answer:
    """A final verdict as data."""
    return {"status": verdict.status.value, "axioms": list(verdict.axioms), "message": verdict.message}


def read_verdict(answer: Answer) -> FinalVerdict:
    """The final verdict that an answer holds."""
    return FinalVerdict(status=FinalStatus(answer["status"]), axioms=tuple(answer["axioms"]), message=answer["message"])


def goal_texts(goals: Iterable[Goal]) -> list[str]:
    """Goals as Lean printed them."""
    return [f"case {goal.case_name}\n{goal.text}" if goal.case_name else goal.text for goal in goals]


def _goals(texts: Iterable[str]) -> tuple[Goal, ...]:
    return tuple(parse_goal(text) for text in texts)


def _verdict(answer: Answer) -> str:
    return cast(str, answer.get("outcome") or answer.get("status") or json.dumps(answer, ensure_ascii=False))
