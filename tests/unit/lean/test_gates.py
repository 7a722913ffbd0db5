"""The table of version gates: a case for every row, and the docs that are written from it."""

import pytest

from lean_sidekick.lean.gates import Gate, Gates, GateStatus, gate_rows, is_early_server
from lean_sidekick.lean.version import LeanVersion

EARLY = "2021"


def gates(version: str) -> Gates:
    if version == EARLY:
        return Gates.for_version(LeanVersion(4, 0, 0), is_early=True)
    major, minor = (int(part) for part in version.split("."))
    return Gates.for_version(LeanVersion(major, minor, 0), is_early=False)


# For each gate: versions that have it, versions that have not, at both sides of each border.
CASES = {
    Gate.EDIT_DELAY_OPTION: ([EARLY, "4.0", "4.8"], ["4.9", "4.34"]),
    Gate.REPORT_DELAY_OPTION: (["4.9", "4.34"], [EARLY, "4.8"]),
    Gate.DEPENDENCY_BUILD_MODE: (["4.3", "4.34"], [EARLY, "4.2"]),
    Gate.BUILDS_WITH_LEANPKG: ([EARLY], ["4.0", "4.34"]),
    Gate.MEMORY_OPTION_REACHES_WORKERS: (["4.0", "4.34"], [EARLY]),
    Gate.FULL_CHANGE_LOSES_SNAPSHOTS: ([EARLY], ["4.0", "4.34"]),
    Gate.CHANGE_REVIVES_WORKER: (["4.0", "4.34"], [EARLY]),
    Gate.WORKER_ERROR_CODES: (["4.0", "4.34"], [EARLY]),
    Gate.FATAL_PROGRESS: (["4.0", "4.34"], [EARLY]),
    Gate.SILENT_DIAGNOSTICS: (["4.19", "4.34"], [EARLY, "4.18"]),
    Gate.INCREMENTAL_DIAGNOSTICS: (["4.31"], [EARLY, "4.30"]),
    Gate.LATE_DIAGNOSTICS: (["4.22"], [EARLY, "4.21", "4.23"]),
    Gate.LOSES_REQUESTS_AT_HEADER_EDIT: ([EARLY, "4.18"], ["4.19", "4.34"]),
    Gate.PARALLEL_ELABORATION: (["4.19"], [EARLY, "4.18"]),
    Gate.TACTIC_REUSE: (["4.9"], [EARLY, "4.8"]),
    Gate.FALSE_NO_GOALS_ON_BLANKS: (["4.11", "4.17"], [EARLY, "4.10", "4.18"]),
    Gate.SORRY_IN_BACKTICKS: (["4.28"], [EARLY, "4.27"]),
    Gate.CAMEL_CASE_TACTICS: ([EARLY], ["4.0", "4.34"]),
    Gate.SIMP_IGNORES_HEARTBEATS: ([EARLY], ["4.0", "4.34"]),
    Gate.SIMP_ALL_SEES_RAW_GOALS: ([EARLY], ["4.0", "4.34"]),
    Gate.TRACE_TEXT: (["4.0", "4.34"], [EARLY]),
    Gate.DOT_BLOCKS: ([EARLY, "4.0", "4.34"], []),
    Gate.NATIVE_AXIOM_PER_USE: (["4.29"], [EARLY, "4.28"]),
    Gate.AXIOMS_IN_MODULE_FILES: (["4.30"], [EARLY, "4.29"]),
}


def test_every_gate_has_a_case() -> None:
    assert set(CASES) == set(Gate)


@pytest.mark.parametrize("gate", Gate, ids=lambda gate: gate.name)
def test_a_gate_opens_and_closes_where_the_table_says(gate: Gate) -> None:
    with_it, without_it = CASES[gate]
    assert [version for version in with_it if not gates(version).has(gate)] == []
    assert [version for version in without_it if gates(version).has(gate)] == []


def test_a_release_candidate_counts_as_its_release() -> None:
    candidate = Gates.for_version(LeanVersion(4, 9, 0, "rc1"), is_early=False)
    assert candidate.has(Gate.TACTIC_REUSE)


@pytest.mark.parametrize(
    ("version", "protocol", "expected"),
    [("4.0.0", "0.0.1", True), ("4.0.0", "0.1.2", False), ("4.9.0", "0.0.1", False), ("4.0.0", None, False)],
)
def test_an_early_server_is_known_by_its_protocol_version(version: str, protocol: str | None, expected: bool) -> None:
    major, minor, patch = (int(part) for part in version.split("."))
    result = {"capabilities": {}, "serverInfo": {"name": "Lean 4 server", "version": protocol}}
    assert is_early_server(LeanVersion(major, minor, patch), result) is expected
    assert not is_early_server(LeanVersion(major, minor, patch), {"serverInfo": None})


def test_the_rows_for_the_docs_say_versions_status_and_source() -> None:
    rows = gate_rows()
    assert len(rows) == len(Gate)
    assert {status for _, _, status, _ in rows} <= {status.value for status in GateStatus}
    assert all(meaning and versions and source for meaning, versions, _, source in rows)
    words = {gate: gate.value.versions for gate in Gate}
    assert words[Gate.CAMEL_CASE_TACTICS] == "2021 only"
    assert words[Gate.TACTIC_REUSE] == "from 4.9"
    assert words[Gate.LATE_DIAGNOSTICS] == "from 4.22, before 4.23"
    assert words[Gate.DOT_BLOCKS] == "all"
