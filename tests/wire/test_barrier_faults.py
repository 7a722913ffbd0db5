"""Servers that say things late, twice, in pieces or not at all: a verdict comes from the whole truth or not at all."""

import asyncio
from pathlib import Path

import pytest

from lean_sidekick.core.errors import (
    ImportsOutOfDate,
    InputError,
    ProtocolError,
    SidekickError,
    StaleDocument,
    TimedOut,
)
from lean_sidekick.core.positions import Position
from lean_sidekick.lean import barrier
from lean_sidekick.lean.diagnostics import imports_should_be_rebuilt
from support.scripted_servers import LIMIT_S, TRANSCRIPTS, URI, scripted_server

SHORT_S = 0.2
"""For waits that must run out."""


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barrier, "SETTLE_S", 1.0)
    monkeypatch.setattr(barrier, "FATAL_S", SHORT_S)


@pytest.mark.parametrize(
    ("scenario", "version"),
    [
        ("ProgressBeforeDiagnostics", "4.22.0"),
        ("ProgressBeforeDiagnostics", "4.24.0"),
        ("EmptyListFirst", "4.22.0"),
        ("SetupLinesFirst", "4.24.0"),
        ("IncrementalDiagnostics", "4.31.0"),
        ("OutOfOrderDiagnostics", "4.19.0"),
        ("HeaderRestart", "4.0.0"),
        ("NoiseBeforeStart", "4.24.0"),
        ("StderrFlood", "4.24.0"),
        ("ServerRequests", "4.24.0"),
        ("SlowStart", "4.24.0"),
    ],
)
async def test_every_message_is_there_however_they_come(tmp_path: Path, scenario: str, version: str) -> None:
    """See the scenarios for what each guards."""
    async with scripted_server(tmp_path, scenario, version=version) as server:
        document = await server.lean.open(URI, "error a\nok\nerror b")
        assert [d.message for d in await document.diagnostics(LIMIT_S)] == ["a", "b"]
        await document.change("error a\nok\nerror c")
        assert [d.message for d in await document.diagnostics(LIMIT_S)] == ["a", "c"]


async def test_only_the_newest_version_counts(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "OldVersionAnswer") as server:
        document = await server.lean.open(URI, "error a")
        first = asyncio.create_task(document.diagnostics(LIMIT_S))
        await server.received("textDocument/waitForDiagnostics")
        await document.change("error b")
        assert [d.message for d in await document.diagnostics(LIMIT_S)] == ["b"]
        with pytest.raises(StaleDocument):
            await first


@pytest.mark.parametrize(
    ("scenario", "error"),
    [
        ("WaitNeverAnswers", TimedOut),
        ("SilentEnd", ProtocolError),
        ("EndlessProgress", ProtocolError),
        ("HeaderRestartForEver", StaleDocument),
        ("UnreadableDiagnostic", ProtocolError),
        ("BadHeader", InputError),
        ("SilentAfterHeader2021", InputError),
        ("MustBeRebuilt", ImportsOutOfDate),
        ("MissingImport", ImportsOutOfDate),
        ("UnbuiltImport", ImportsOutOfDate),
        ("GoesOnAfterMissingImport", ImportsOutOfDate),
    ],
)
async def test_no_whole_truth_is_no_success(tmp_path: Path, scenario: str, error: type[SidekickError]) -> None:
    """The text has no error of its own, so that anything but an exception would be a false success."""
    async with scripted_server(tmp_path, scenario) as server:
        document = await server.lean.open(URI, "import No.Such\nfine")
        with pytest.raises(error) as raised:
            await document.diagnostics(1.5)
    message = str(raised.value)
    assert "\n" not in message
    if error is ImportsOutOfDate:
        assert "lake build" in message
    if scenario.endswith("Import"):
        assert "`No.Such`" in message


async def test_a_missing_import_in_2021_is_named(tmp_path: Path) -> None:
    """Recorded: no fatal progress, just one error and silence."""
    transcript = {"SCRIPTED_LEAN_TRANSCRIPT": str(TRANSCRIPTS / "july-2021.jsonl")}
    text = "import No.Such.Module\ntheorem a : True := trivial\n"
    async with scripted_server(tmp_path, "Healthy", version="4.0.0", environment=transcript) as server:
        document = await server.lean.open(URI, text)
        with pytest.raises(ImportsOutOfDate, match=r"A\.lean .*`No\.Such\.Module`"):
            await document.diagnostics(LIMIT_S)
        with pytest.raises(ImportsOutOfDate, match=r"`No\.Such\.Module`"):
            await document.plain_goal(Position(1, 0), LIMIT_S)


async def test_an_import_that_should_be_rebuilt_is_only_a_message(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "ShouldBeRebuilt") as server:
        document = await server.lean.open(URI, "error a")
        information, error = await document.diagnostics(LIMIT_S)
    assert imports_should_be_rebuilt(information)
    assert error.message == "a"


async def test_a_hang_ends_in_time_and_is_told_to_lean(tmp_path: Path) -> None:
    """A limit holds although Lean ignores the cancellation, and the next text works."""
    async with scripted_server(tmp_path, "HangIgnoresCancel") as server:
        document = await server.lean.open(URI, "hang")
        with pytest.raises(TimedOut):
            await document.diagnostics(SHORT_S)
        await document.change("error a")
        assert [d.message for d in await document.diagnostics(LIMIT_S)] == ["a"]
        asked = server.messages("textDocument/waitForDiagnostics")[0]["id"]
        assert [m["params"] for m in server.messages("$/cancelRequest")] == [{"id": asked}]


async def test_cancelling_a_caller_harms_no_other(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "HangIgnoresCancel") as server:
        hanging = await server.lean.open(URI, "hang")
        other = await server.lean.open("file:///project/B.lean", "error b")
        waiting = asyncio.create_task(hanging.diagnostics(LIMIT_S))
        await server.received("textDocument/waitForDiagnostics")
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert [d.message for d in await other.diagnostics(LIMIT_S)] == ["b"]


async def test_an_edit_of_the_header_takes_a_new_worker_where_requests_get_lost(tmp_path: Path) -> None:
    """Before 4.19 a request sent with a header edit could be lost; later Leans do it right themselves."""
    for version, method in (("4.18.0", "textDocument/didOpen"), ("4.19.0", "textDocument/didChange")):
        folder = tmp_path / version
        folder.mkdir()
        async with scripted_server(folder, "Healthy", version=version) as server:
            document = await server.lean.open(URI, "import A\nerror a")
            await document.change("import B\nerror a")
            assert [d.message for d in await document.diagnostics(LIMIT_S)] == ["a"]
            assert [entry.get("method") for entry in server.log][-2] == method


async def test_a_huge_message_arrives(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "HugeMessage") as server:
        document = await server.lean.open(URI, "x")
        (only,) = await document.diagnostics(60)
    assert len(only.message) == 16_000_000


async def test_no_character_is_escaped_on_the_wire(tmp_path: Path) -> None:
    """The script ends with its own exit code at the first escape; control characters have no other form."""
    async with scripted_server(tmp_path, "Healthy") as server:
        document = await server.lean.open(URI, "error ∀ α 𝔸 ⟨é⟩ \u2028 \x7f")
        (only,) = await document.diagnostics(LIMIT_S)
    assert only.message == "∀ α 𝔸 ⟨é⟩ \u2028 \x7f".strip()


async def test_half_a_surrogate_pair_does_not_break_the_connection(tmp_path: Path) -> None:
    """An editor may send one; no Lean file can hold it."""
    async with scripted_server(tmp_path, "Healthy") as server:
        document = await server.lean.open(URI, "error a\ud83d")
        (only,) = await document.diagnostics(LIMIT_S)
    assert only.message == "a?"
