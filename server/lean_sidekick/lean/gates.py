"""What differs between Lean versions, in one table.

Code asks `gates.has(Gate.X)`, never for a version number. A Lean prints `4.0.0` both in 2021, two
years before that release, and as the release of September 2023: the early one is told apart by what it answers
to `initialize` (`is_early_server`), so gates are final only once a server runs. Some gates nobody asks, because the
code does what suits both sides; they stand here since the user guide's version table is written from this one.

Notes such as "lean-server notes 2.4" name the section of the project's notes on Lean's server that a
row was taken from; "source of July 2021" means Lean's own source of that time. No I/O.
"""

from collections.abc import Mapping
from enum import Enum

from attrs import frozen

from lean_sidekick.lean.version import LeanVersion


class GateStatus(Enum):
    """How far a row was tried; the values stand in the user guide's version table."""

    RUN_LIVE = "run live"
    SEEN_IN_BATCH = "seen in batch"
    SCRIPTED_ONLY = "scripted only"
    NOT_TRIED = "not tried"


@frozen(kw_only=True)
class GateRow:
    """One difference: which versions have it, where that is known from, and how far it was tried.

    `since` and `until` are releases (the first with it, the first without it again); `early` says
    whether a Lean of 2021, before any release, has it.
    """

    meaning: str
    since: tuple[int, int] | None = None
    until: tuple[int, int] | None = None
    early: bool
    source: str
    status: GateStatus

    @property
    def versions(self) -> str:
        """The versions that have it, in words."""
        if self.early and self.until == (4, 0):
            return "2021 only"
        words = []
        if self.since:
            words.append("from {}.{}".format(*self.since))
        if self.until:
            words.append("before {}.{}".format(*self.until))
        return ", ".join(words) or "all"


class Gate(Enum):
    """The differences that the program knows."""

    EDIT_DELAY_OPTION = GateRow(
        meaning="waits before it elaborates unless `initializationOptions.editDelay` is 0",
        until=(4, 9),
        early=True,
        source="lean-server notes 1.2; source of July 2021, Watchdog.lean",
        status=GateStatus.RUN_LIVE,
    )
    REPORT_DELAY_OPTION = GateRow(
        meaning="waits before it reports unless started with `-Dserver.reportDelayMs=0`; older ones refuse the option",
        since=(4, 9),
        early=False,
        source="lean-server notes 2.4",
        status=GateStatus.SCRIPTED_ONLY,
    )
    DEPENDENCY_BUILD_MODE = GateRow(
        meaning="builds no imports if `didOpen` says `dependencyBuildMode: never`; older ones do not get at a builder",
        since=(4, 3),
        early=False,
        source="lean-server notes 1.4 (around 4.2)",
        status=GateStatus.SCRIPTED_ONLY,
    )
    BUILDS_WITH_LEANPKG = GateRow(
        meaning="builds imports with the `leanpkg` beside it; hidden by `LEAN_SYSROOT`",
        until=(4, 0),
        early=True,
        source="source of July 2021, FileWorker.lean",
        status=GateStatus.RUN_LIVE,
    )
    MEMORY_OPTION_REACHES_WORKERS = GateRow(
        meaning="hands `-M` to its workers; for older ones the operating system's limit is used",
        since=(4, 0),
        early=False,
        source="lean-server notes 2.1; source of July 2021, lean.cpp",
        status=GateStatus.SCRIPTED_ONLY,
    )
    FULL_CHANGE_LOSES_SNAPSHOTS = GateRow(
        meaning="elaborates everything again after a whole-text `didChange`; so edits are always sent as ranges",
        until=(4, 0),
        early=True,
        source="source of July 2021, Server/Utils.lean",
        status=GateStatus.RUN_LIVE,
    )
    CHANGE_REVIVES_WORKER = GateRow(
        meaning="starts a crashed worker again at the next `didChange`; closing and opening works with all",
        since=(4, 0),
        early=False,
        source="lean-server notes 2.1; source of July 2021, Watchdog.lean",
        status=GateStatus.NOT_TRIED,
    )
    WORKER_ERROR_CODES = GateRow(
        meaning="answers -32901 or -32902 when a worker died; older ones answer -32603 and say `crashed`",
        since=(4, 0),
        early=False,
        source="lean-server notes 1.3; source of July 2021, Watchdog.lean",
        status=GateStatus.SCRIPTED_ONLY,
    )
    FATAL_PROGRESS = GateRow(
        meaning="marks a broken header or a crash with `fileProgress` kind 2; older ones just never report the end",
        since=(4, 0),
        early=False,
        source="lean-server notes 1.3",
        status=GateStatus.SCRIPTED_ONLY,
    )
    SILENT_DIAGNOSTICS = GateRow(
        meaning="sends `Goals accomplished!` and `leanTags` to clients with `silentDiagnosticSupport`",
        since=(4, 19),
        early=False,
        source="lean-server notes 1.2, 3.4",
        status=GateStatus.SCRIPTED_ONLY,
    )
    INCREMENTAL_DIAGNOSTICS = GateRow(
        meaning="may send diagnostics in pieces to clients that ask; we do not ask, but join the pieces",
        since=(4, 31),
        early=False,
        source="lean-server notes 1.2",
        status=GateStatus.SCRIPTED_ONLY,
    )
    LATE_DIAGNOSTICS = GateRow(
        meaning="can report the end of a file before its diagnostics",
        since=(4, 22),
        until=(4, 23),
        early=False,
        source="lean-server notes 2.4",
        status=GateStatus.SCRIPTED_ONLY,
    )
    LOSES_REQUESTS_AT_HEADER_EDIT = GateRow(
        meaning="can lose or refuse a request at a header edit; so the document is closed and opened for one",
        until=(4, 19),
        early=True,
        source="lean-server notes 2.6; source of July 2021, Watchdog.lean",
        status=GateStatus.RUN_LIVE,
    )
    PARALLEL_ELABORATION = GateRow(
        meaning="elaborates theorem bodies in parallel (`Elab.async`); diagnostics come in any order",
        since=(4, 19),
        early=False,
        source="lean-server notes 2.3",
        status=GateStatus.SCRIPTED_ONLY,
    )
    TACTIC_REUSE = GateRow(
        meaning="keeps the steps of a tactic block before an edit; older ones run the declaration again",
        since=(4, 9),
        early=False,
        source="lean-server notes 2.2",
        status=GateStatus.NOT_TRIED,
    )
    FALSE_NO_GOALS_ON_BLANKS = GateRow(
        meaning="says `no goals` at some blank places; so goals are asked for at tokens",
        since=(4, 11),
        until=(4, 18),
        early=False,
        source="lean-server notes 2.2",
        status=GateStatus.NOT_TRIED,
    )
    SORRY_IN_BACKTICKS = GateRow(
        meaning="writes declaration uses `sorry` in backticks, not quotes; both are read",
        since=(4, 28),
        early=False,
        source="lean-server notes 3.3 (4.27 or 4.28)",
        status=GateStatus.SEEN_IN_BATCH,
    )
    CAMEL_CASE_TACTICS = GateRow(
        meaning="names tactics `traceState`, `allGoals`, …; later `trace_state`, `all_goals`, …",
        until=(4, 0),
        early=True,
        source="source of July 2021, Init/Notation.lean",
        status=GateStatus.RUN_LIVE,
    )
    SIMP_IGNORES_HEARTBEATS = GateRow(
        meaning="`simp` never looks at `maxHeartbeats`; checks bound its steps, and confirm without the bound",
        until=(4, 0),
        early=True,
        source="source of July 2021, Meta/Tactic/Simp/Main.lean",
        status=GateStatus.RUN_LIVE,
    )
    SIMP_ALL_SEES_RAW_GOALS = GateRow(
        meaning="`simp_all` does one thing to the goal that `have` leaves and another to its copy; so it is run alone",
        until=(4, 0),
        early=True,
        source="seen with July 2021",
        status=GateStatus.RUN_LIVE,
    )
    TRACE_TEXT = GateRow(
        meaning='has the tactic `trace "…"`',
        since=(4, 0),
        early=False,
        source="source of July 2021, Init/Notation.lean",
        status=GateStatus.RUN_LIVE,
    )
    DOT_BLOCKS = GateRow(
        meaning="has `·` blocks beside `{ }` blocks",
        early=True,
        source="source of July 2021, Init/Notation.lean",
        status=GateStatus.RUN_LIVE,
    )
    NATIVE_AXIOM_PER_USE = GateRow(
        meaning="names a native axiom after its use (`foo._native.native_decide.ax_1`), not `Lean.ofReduceBool`",
        since=(4, 29),
        early=False,
        source="lean-server notes 3.6",
        status=GateStatus.NOT_TRIED,
    )
    AXIOMS_IN_MODULE_FILES = GateRow(
        meaning="answers `#print axioms` in files that begin with `module`",
        since=(4, 30),
        early=False,
        source="lean-server notes 3.6",
        status=GateStatus.SEEN_IN_BATCH,
    )


@frozen
class Gates:
    """The gates of one Lean."""

    version: LeanVersion
    is_early: bool
    _open: frozenset[Gate]

    @classmethod
    def for_version(cls, version: LeanVersion, is_early: bool) -> "Gates":
        """Resolves the table; release candidates and nightlies count as the release they lead to."""
        return cls(version, is_early, frozenset(gate for gate in Gate if _applies(gate.value, version, is_early)))

    def has(self, gate: Gate) -> bool:
        """Whether this Lean is on the described side of a gate."""
        return gate in self._open


def _applies(row: GateRow, version: LeanVersion, is_early: bool) -> bool:
    if is_early:
        return row.early
    release = (version.major, version.minor)
    return (row.since is None or row.since <= release) and (row.until is None or release < row.until)


def is_early_server(version: LeanVersion, initialize_result: Mapping[str, object]) -> bool:
    """Whether a server is a Lean from before the first releases, by its answer to `initialize`.

    Its protocol version was 0.0.1 until well after July 2021 and never again; later servers say 0.1.2, 0.2.0, 0.3.0.
    """
    server = initialize_result.get("serverInfo")
    protocol = server.get("version") if isinstance(server, Mapping) else None
    return version.release <= (4, 0, 0) and protocol == "0.0.1"


def gate_rows() -> list[tuple[str, str, str, str]]:
    """The rows of the version table for the docs: what differs, which versions, how far tried, source."""
    return [(gate.value.meaning, gate.value.versions, gate.value.status.value, gate.value.source) for gate in Gate]
