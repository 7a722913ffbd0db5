"""What happened in a search, as values: written as JSON lines by `prove --trace`, read by `show` and `train value`.

One line an event, in order: how the search began, each node when it is met, each batch of candidates with their
outcomes, each finished proof with what the final check said, each node's last numbers, and the end. A trace that was
cut off (a crash, an interrupt) can be read as far as it goes. This module knows the format, not where it is kept.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

import cattrs
from attrs import field, frozen

from lean_sidekick.core.errors import InputError

FORMAT = 1


@frozen(kw_only=True)
class SearchBegan:
    """The first event of a search; a file may hold several, one after the other."""

    declaration: str
    kind: str
    seconds: float
    merges_states: bool
    format: int = FORMAT


@frozen(kw_only=True)
class NodeMet:
    """A new node: its goals as Lean printed them, its estimate, and the checks spent when it was met."""

    node: int
    goals: tuple[str, ...]
    depth: int
    cost: float
    value: float
    is_root: bool
    checks: int


@frozen(kw_only=True)
class CandidateRun:
    """One candidate with its outcome; `children` are the nodes of its edge, None where there is no edge (`note` says
    why not)."""

    text: str
    source: str
    score: float
    outcome: str
    message: str = ""
    children: tuple[int, ...] | None = None
    note: str = ""


@frozen(kw_only=True)
class BatchRun:
    """A batch of candidates at a node; `waiting` are those that are left for later."""

    node: int
    seconds: float
    candidates: tuple[CandidateRun, ...]
    waiting: int


@frozen(kw_only=True)
class ProofFinished:
    """A proof of the whole; `refusal` is why it was not accepted, "" if it was."""

    block: str
    refusal: str
    seconds: float


@frozen(kw_only=True)
class NodeEnded:
    """A node's last numbers: `visits` is 0 in a best-first search."""

    node: int
    is_proved: bool
    visits: int
    value: float
    waiting: int


@frozen(kw_only=True)
class SearchEnded:
    """The last event of a search."""

    status: str
    seconds: float
    checks: int
    expanded: int
    proof: str | None
    partial: str | None


Event = SearchBegan | NodeMet | BatchRun | ProofFinished | NodeEnded | SearchEnded
_KINDS: Mapping[str, type[Any]] = {
    "search": SearchBegan,
    "node": NodeMet,
    "batch": BatchRun,
    "proof": ProofFinished,
    "ended": NodeEnded,
    "end": SearchEnded,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_converter = cattrs.Converter()


class Trace(Protocol):
    """Takes events as they happen; it must not block."""

    def write(self, event: Event) -> None:
        """Takes one event."""


class NoTrace:
    """Forgets everything."""

    def write(self, event: Event) -> None:
        """See `Trace`."""


@frozen(kw_only=True)
class SearchLog:
    """One search read back from a trace; `end` is None if it was cut off."""

    began: SearchBegan
    nodes: dict[int, NodeMet] = field(factory=dict)
    batches: list[BatchRun] = field(factory=list)
    proofs: list[ProofFinished] = field(factory=list)
    ended: dict[int, NodeEnded] = field(factory=dict)
    end: list[SearchEnded] = field(factory=list)


def event_line(event: Event) -> str:
    """An event as one line of JSON, without its line end."""
    fields = {"event": _NAMES[type(event)], **_converter.unstructure(event)}
    return json.dumps(fields, ensure_ascii=False)


def read_logs(lines: Iterable[str], name: str) -> list[SearchLog]:
    """The searches of a trace; `name` is what an error calls it. A last line that was cut off is passed over.

    Raises InputError.
    """
    logs: list[SearchLog] = []
    for event in _events(lines, name):
        if isinstance(event, SearchBegan):
            logs.append(SearchLog(began=event))
            continue
        if not logs:
            raise InputError(f"{name} is not a trace of a search: it does not begin as one.")
        match event:
            case NodeMet():
                logs[-1].nodes[event.node] = event
            case BatchRun():
                logs[-1].batches.append(event)
            case ProofFinished():
                logs[-1].proofs.append(event)
            case NodeEnded():
                logs[-1].ended[event.node] = event
            case SearchEnded():
                logs[-1].end.append(event)
    if not logs:
        raise InputError(f"{name} holds no search; make a trace with `prove FILE --trace TRACE`.")
    return logs


def _events(lines: Iterable[str], name: str) -> Iterator[Event]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            event: Event = _converter.structure(fields, _KINDS[fields.pop("event")])
        except (ValueError, LookupError, TypeError, AttributeError, cattrs.BaseValidationError):
            if not line.endswith("\n"):
                return  # whoever wrote it was stopped in the middle of a line
            raise InputError(f"{name} is not a trace of a search: line {number} cannot be read.") from None
        if isinstance(event, SearchBegan) and event.format != FORMAT:
            raise InputError(f"{name} was written by another version of Lean Sidekick; record the search again.")
        yield event
