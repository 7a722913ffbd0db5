"""What a real Lean said of the generated questions, message by message, and a Lean that says it again.

A record is one place: the candidates in the order in which they were asked about (new sources of candidates break
nothing), the verdict of one-by-one checking on each, and for every shadow text of the check in blocks the messages that
came back. A text that was never recorded is an error, so a change in how candidates are packed needs a new recording:
`python -m support.record_checks`, with a real Lean.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.errors import NotRecorded, TimedOut
from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.core.positions import Position, Range
from lean_sidekick.lean.api import Document, DocumentServer
from lean_sidekick.lean.diagnostics import Diagnostic, Severity
from lean_sidekick.lean.gates import Gates
from lean_sidekick.lean.version import LeanVersion
from lean_sidekick.verify.dialect import dialect_of
from lean_sidekick.verify.policy import Policy
from lean_sidekick.verify.shadow import Limits, ShadowVerifier
from support.check_questions import Place
from support.fake_documents import FakeServer

PATH = Path(__file__).resolve().parents[1] / "recordings" / "checks.jsonl.gz"
BATCH_SIZE = 32
LIMIT_S = 10.0
TIMED_OUT = "timed out"
EARLY = Gates.for_version(LeanVersion(4, 0, 0), is_early=True)
Messages = list[tuple[int, int, int, str]]


@frozen(kw_only=True)
class Record:
    """One place: its name, candidate texts with the verdicts of one-by-one checking, and messages by text."""

    name: str
    verdicts: Mapping[str, str]
    answers: Mapping[str, Messages | str]


def verdict(outcome: Outcome) -> str:
    """What two ways have to agree on, short: the kind, and a hash of the goals; a parse error is a failure."""
    kind = OutcomeKind.FAILED if outcome.kind is OutcomeKind.PARSE_ERROR else outcome.kind
    goals = "\n\n".join(goal.normal_form() for goal in outcome.goals)
    return f"{kind.value} {hashlib.sha256(goals.encode()).hexdigest()[:8]}" if outcome.goals else kind.value


def is_no_verdict(text: str) -> bool:
    """Whether a time-out or a crash stands where a verdict should."""
    return text in (OutcomeKind.TIMED_OUT.value, OutcomeKind.CRASHED.value)


def text_key(text: str) -> str:
    """The key of a shadow text."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def write_records(records: Sequence[Record]) -> None:
    """Writes the file; equal records give equal bytes."""
    lines = [
        json.dumps({"name": r.name, "verdicts": list(r.verdicts.items()), "answers": r.answers}, ensure_ascii=False)
        for r in records
    ]
    PATH.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))


def read_records() -> dict[str, Record]:
    """The records by name."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in gzip.decompress(PATH.read_bytes()).decode().split("\n")]
    return {
        row["name"]: Record(name=row["name"], verdicts=dict(row["verdicts"]), answers=row["answers"]) for row in rows
    }


def verifier_on(server: DocumentServer) -> ShadowVerifier:
    """The verifier with the limits that the recording was made with."""
    return ShadowVerifier(
        server=server,
        dialect=dialect_of(server.gates),
        policy=Policy(allow_programs=False, keep_commands=False, allowed_axioms=frozenset(), allow_listed_models=False),
        limits=Limits(batch_size=BATCH_SIZE, heartbeats=40_000, candidate_s=LIMIT_S, opening_s=60.0),
    )


@define
class ListeningServer:
    """A document server that writes down what another one says; see `lean.api.DocumentServer`."""

    inner: DocumentServer
    heard: dict[str, Messages | str] = field(factory=dict)

    @property
    def gates(self) -> Gates:
        return self.inner.gates

    async def open(self, uri: str, text: str) -> "ListeningDocument":
        return ListeningDocument(await self.inner.open(uri, text), self)

    async def close(self) -> None:
        await self.inner.close()


@define
class ListeningDocument:
    """See `lean.api.Document`."""

    inner: Document
    server: ListeningServer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def diagnostics(self, timeout_s: float) -> tuple[Diagnostic, ...]:
        key = text_key(self.inner.text)
        try:
            found = await self.inner.diagnostics(timeout_s)
        except TimedOut:
            self.server.heard[key] = TIMED_OUT
            raise
        self.server.heard[key] = [
            (d.range.start.line, d.range.start.character, d.severity.value, d.message) for d in found
        ]
        return found


def answer_from(record: Record, text: str) -> tuple[Diagnostic, ...]:
    """What the recorded Lean said of a text. Raises NotRecorded, and TimedOut where it did not end."""
    try:
        said = record.answers[text_key(text)]
    except KeyError:
        raise NotRecorded(
            f"No Lean was asked this at {record.name}; record it with `python -m support.record_checks`."
        ) from None
    if isinstance(said, str):
        raise TimedOut("Lean did not answer in time.")
    return tuple(
        Diagnostic(
            range=Range(Position(line, column), Position(line, column)), severity=Severity(severity), message=message
        )
        for line, column, severity, message in said
    )


async def batch_verdicts(place: Place, record: Record) -> dict[str, str]:
    """The verdicts of the check in blocks at a place, with a Lean that says what was recorded. Raises NotRecorded."""

    def said(text: str) -> tuple[Diagnostic, ...]:
        return answer_from(record, text)

    session = await verifier_on(FakeServer(lean=said, gates=EARLY)).open(place.site)
    budget = Budget(seconds=3600, checks=1_000_000)
    await session.site_state(budget)
    candidates = [Candidate(text=text, source=Source.PORTFOLIO, score=0.0) for text in record.verdicts]
    found = [c async for c in session.check((), candidates, budget)]
    assert sorted(c.candidate.text for c in found) == sorted(c.text for c in candidates), "one outcome each"
    return {c.candidate.text: verdict(c.outcome) for c in found}


def disagreements(record: Record, batch: Mapping[str, str]) -> list[str]:
    """The candidates of which the batch says something else than the check alone; a time-out says nothing."""
    return [
        f"{record.name}: {text[:60]!r}: {said} in a batch, {record.verdicts[text]} alone"
        for text, said in batch.items()
        if said != record.verdicts[text] and not (is_no_verdict(said) or is_no_verdict(record.verdicts[text]))
    ]
