"""Lean's messages, and what they mean.

Every wording that the program relies on stands in one table here, old and new forms together; the rest of
the program asks predicates and parsers. Nothing here decides whether a candidate succeeded. Pure.
"""

import re
from collections.abc import Mapping
from enum import Enum

from attrs import frozen

from lean_sidekick.core.errors import ProtocolError
from lean_sidekick.core.goals import Goal, split_goals
from lean_sidekick.core.positions import Position, Range

TAG_UNSOLVED_GOALS = 1
TAG_GOALS_ACCOMPLISHED = 2


class Severity(Enum):
    """The protocol's severities."""

    ERROR = 1
    WARNING = 2
    INFORMATION = 3
    HINT = 4


@frozen(kw_only=True)
class Diagnostic:
    """One message; `range` is its whole range, which Lean cuts to one line in the protocol's own field."""

    range: Range
    severity: Severity
    message: str
    lean_tags: tuple[int, ...] = ()
    is_silent: bool = False

    @property
    def is_error(self) -> bool:
        """Whether Lean calls it an error."""
        return self.severity is Severity.ERROR


class _Wording:
    """The wordings. `'…'` was written up to about 4.27, `` `…` `` since; some verbs got a capital letter."""

    UNSOLVED_GOALS = re.compile(r"unsolved goals\b[ \t]*\n?")
    USES_SORRY = re.compile(r"declaration uses ['`]sorry['`]")
    # Up to 2021 and beyond: "(deterministic) timeout at 'whnf', maximum number of heartbeats (50000) has been reached".
    HEARTBEATS = re.compile(r"\(deterministic\) timeout|maximum number of heartbeats \(\d+\) has been reached")
    RECURSION = re.compile(r"maximum recursion depth has been reached")
    MEMORY = re.compile(r"excessive memory consumption detected|\(deterministic\) out of memory")
    NOT_IMPLEMENTED = re.compile(
        r"(?:elaboration function for|tactic|command) ['`][^'`\n]*['`] has not been implemented", re.IGNORECASE
    )
    UNKNOWN_NAME = re.compile(r"unknown (?:identifier|constant|tactic|attribute|namespace)\b", re.IGNORECASE)
    MUST_BE_REBUILT = re.compile(r"Imports are out of date and must be rebuilt")
    SHOULD_BE_REBUILT = re.compile(r"Imports are out of date and should be rebuilt")
    # A name may itself end in quotes, hence the greedy match.
    AXIOMS = re.compile(r"['`](?P<name>[^\n]+)['`] depends on axioms: \[(?P<axioms>.*)\]\s*", re.DOTALL)
    NO_AXIOMS = re.compile(r"['`](?P<name>[^\n]+)['`] does not depend on any axioms\s*")
    # Up to 4.29.
    NO_AXIOMS_IN_MODULE = re.compile(r"cannot use ['`]#print axioms['`] in a ['`]module['`]")
    IMPORT_FAILURES = (
        re.compile(r"object file '[^'\n]*' of module (?P<name>\S+) does not exist"),
        re.compile(r"unknown (?:package|module prefix) ['`](?P<name>[^'`\n]+)['`]"),
        re.compile(r"unknown (?:import|module) ['`](?P<name>[^'`\n]+)['`]"),
        re.compile(r"bad import ['`](?P<name>[^'`\n]+)['`]"),
    )
    OLEAN_OF_OTHER_LEAN = re.compile(r"failed to read file '(?P<name>[^'\n]*)', (?:incompatible|invalid) header")


def parse_diagnostic(data: Mapping[str, object]) -> Diagnostic:
    """Reads a diagnostic as the protocol sends it.

    Raises:
        ProtocolError: it has no range or no message.
    """
    try:
        message, tags = data["message"], data.get("leanTags")
        severity = data.get("severity")
        return Diagnostic(
            range=parse_range(data.get("fullRange") or data["range"]),
            # The protocol lets a client guess a missing severity; the careful guess is an error.
            severity=Severity.ERROR if severity is None else Severity(severity),
            message=message if isinstance(message, str) else str(message),
            lean_tags=tuple(int(tag) for tag in tags) if isinstance(tags, list) else (),
            is_silent=data.get("isSilent") is True,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ProtocolError(f"Lean sent a diagnostic that cannot be read ({error!r}).") from error


def at_top(message: str) -> Diagnostic:
    """An error whose place does not matter, for a message that came in another way than the protocol's."""
    top = Position(0, 0)
    return Diagnostic(range=Range(top, top), severity=Severity.ERROR, message=message)


def parse_range(data: object) -> Range:
    """Reads a range as the protocol sends it; raises KeyError, TypeError or ValueError if it is none."""
    if not isinstance(data, Mapping):
        raise TypeError(f"not a range: {data!r}")
    start, end = data["start"], data["end"]
    return Range(
        Position(int(start["line"]), int(start["character"])),
        Position(int(end["line"]), int(end["character"])),
    )


def is_unsolved_goals(d: Diagnostic) -> bool:
    """Whether a block was left with goals."""
    return d.is_error and (TAG_UNSOLVED_GOALS in d.lean_tags or _Wording.UNSOLVED_GOALS.match(d.message) is not None)


def unsolved_goals(d: Diagnostic) -> tuple[Goal, ...]:
    """The goals of an "unsolved goals" message; never empty for one, empty for any other message."""
    if not is_unsolved_goals(d):
        return ()
    text = _Wording.UNSOLVED_GOALS.sub("", d.message, count=1)
    # Notes and hints may follow the goals: a goal has a target.
    goals = tuple(goal for goal in split_goals(text) if goal.target)
    return goals or (Goal(text=text.strip("\n") or d.message, target=""),)


def is_goals_accomplished(d: Diagnostic) -> bool:
    """Whether Lean says that a proof is complete (4.19 and later); a hint, not a proof."""
    return TAG_GOALS_ACCOMPLISHED in d.lean_tags


def is_sorry_warning(d: Diagnostic) -> bool:
    """Whether a declaration has a `sorry`."""
    return _Wording.USES_SORRY.search(d.message) is not None


def is_heartbeat_timeout(d: Diagnostic) -> bool:
    """Whether elaboration stopped at its own limit of heartbeats."""
    return _Wording.HEARTBEATS.search(d.message) is not None


def is_recursion_limit(d: Diagnostic) -> bool:
    """Whether elaboration stopped at its own limit of recursion depth."""
    return _Wording.RECURSION.search(d.message) is not None


def is_memory_limit(d: Diagnostic) -> bool:
    """Whether elaboration stopped at the limit of memory that it was given."""
    return _Wording.MEMORY.search(d.message) is not None


def is_not_implemented(d: Diagnostic) -> bool:
    """Whether syntax was parsed that this Lean has no elaborator for."""
    return d.is_error and _Wording.NOT_IMPLEMENTED.search(d.message) is not None


def is_unknown_name(d: Diagnostic) -> bool:
    """Whether a name was used that this Lean, or this place, does not know."""
    return d.is_error and _Wording.UNKNOWN_NAME.search(d.message) is not None


def imports_must_be_rebuilt(d: Diagnostic) -> bool:
    """Whether the file was not elaborated because its imports are out of date."""
    return d.is_error and _Wording.MUST_BE_REBUILT.search(d.message) is not None


def imports_should_be_rebuilt(d: Diagnostic) -> bool:
    """Whether the file was elaborated with imports that have changed since."""
    return _Wording.SHOULD_BE_REBUILT.search(d.message) is not None


def is_imports_out_of_date(d: Diagnostic) -> bool:
    """Whether the imports of the file are out of date, fatally or not."""
    return imports_must_be_rebuilt(d) or imports_should_be_rebuilt(d)


def failed_import(d: Diagnostic) -> str | None:
    """The module or the package (the first part of a module's name) that could not be imported, None if none."""
    if not d.is_error:
        return None
    for wording in _Wording.IMPORT_FAILURES:
        if match := wording.search(d.message):
            return match["name"].rstrip(".,:")
    return None


def foreign_object_file(d: Diagnostic) -> str | None:
    """The object file that another version of Lean built, None if the message is not about one."""
    match = _Wording.OLEAN_OF_OTHER_LEAN.search(d.message) if d.is_error else None
    return match["name"] if match else None


def refuses_axioms(diagnostic: Diagnostic) -> bool:
    """Whether this is a Lean that does not take `#print axioms` in a file that begins with `module`."""
    return diagnostic.is_error and _Wording.NO_AXIOMS_IN_MODULE.match(diagnostic.message) is not None


def parse_axioms(message: str) -> tuple[str, tuple[str, ...]] | None:
    """Reads what `#print axioms` says: the declaration's name and its axioms; None for another message."""
    if match := _Wording.NO_AXIOMS.fullmatch(message):
        return match["name"], ()
    if match := _Wording.AXIOMS.fullmatch(message):
        # A comma inside «…» belongs to a name.
        axioms = re.findall(r"(?:«[^»]*»|[^\s,])+", match["axioms"])
        return match["name"], tuple(axioms)
    return None
