"""A healthy server over the wire: what is sent, and what comes back as values."""

import asyncio
import json
from pathlib import Path

import pytest

from lean_sidekick.core.errors import StaleDocument
from lean_sidekick.core.positions import Position
from lean_sidekick.lean.diagnostics import Severity, parse_axioms
from lean_sidekick.lean.gates import Gate
from support.scripted_servers import LIMIT_S, TRANSCRIPTS, URI, scripted_server

RECORDED = {
    entry["name"]: entry for entry in map(json.loads, (TRANSCRIPTS / "july-2021.jsonl").read_text("utf-8").splitlines())
}


async def test_messages_come_as_values_with_their_whole_range(tmp_path: Path) -> None:
    """Guards the reading of diagnostics: `fullRange` counts, not the shortened `range`."""
    async with scripted_server(tmp_path, "Healthy") as server:
        document = await server.lean.open(URI, "error first\ninfo second\nsorry")
        first, second, third = await document.diagnostics(LIMIT_S)
    assert (first.message, first.severity, first.range.end) == ("first", Severity.ERROR, Position(1, 0))
    assert (second.message, second.severity) == ("second", Severity.INFORMATION)
    assert third.severity is Severity.WARNING


async def test_a_text_without_messages_has_none(tmp_path: Path) -> None:
    """The other half of never guessing: a true success is one."""
    async with scripted_server(tmp_path, "Healthy") as server:
        document = await server.lean.open(URI, "fine")
        assert await document.diagnostics(LIMIT_S) == ()


async def test_goals_no_goals_and_no_tactic_are_told_apart(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "Healthy") as server:
        document = await server.lean.open(URI, "by\ndone\nnothing")
        goals = await document.plain_goal(Position(0, 0), LIMIT_S)
        assert goals is not None
        assert [goal.target for goal in goals] == ["line 0"]
        assert await document.plain_goal(Position(1, 0), LIMIT_S) == ()
        assert await document.plain_goal(Position(2, 0), LIMIT_S) is None


async def test_the_server_is_told_what_it_must_know(tmp_path: Path) -> None:
    """Nothing may be built, silent messages are wanted, the wait follows the edit and names its version."""
    async with scripted_server(tmp_path, "Healthy") as server:
        document = await server.lean.open(URI, "error a")
        await document.diagnostics(LIMIT_S)
        await document.change("error b")
        await document.diagnostics(LIMIT_S)
        await document.close()
    opened, changed = server.messages("textDocument/didOpen")[0], server.messages("textDocument/didChange")[0]
    initialize = server.messages("initialize")[0]["params"]
    methods = [entry["method"] for entry in server.log if "method" in entry]
    waits = server.messages("textDocument/waitForDiagnostics")
    assert opened["params"]["dependencyBuildMode"] == "never"
    assert opened["params"]["textDocument"]["languageId"] == "lean4"
    assert initialize["capabilities"]["lean"] == {"silentDiagnosticSupport": True}
    assert initialize["initializationOptions"]["editDelay"] == 0
    wait, change, close = "textDocument/waitForDiagnostics", "textDocument/didChange", "textDocument/didClose"
    assert methods[:7] == ["initialize", "initialized", "textDocument/didOpen", wait, change, wait, close]
    assert methods[7:] == ["shutdown", "exit"]
    versions = [opened["params"]["textDocument"]["version"], changed["params"]["textDocument"]["version"]]
    assert [w["params"] for w in waits] == [{"uri": URI, "version": v} for v in versions]
    assert versions[0] < versions[1]


@pytest.mark.parametrize(
    "texts",
    [
        ["error 𝔸", "error 𝔸b", "error b", "", "error c"],
        ["info a\nerror x ≠ y\n", "info a\nerror x ≠ 𝕫\n", "info b\nerror x ≠ 𝕫\n"],
        ["info a\r\nerror b\r\n", "info a\r\nerror c\r\n", "info a\n\nerror c"],
        ["error a\n" * 3, "error a\n" * 5, "error a\n"],
    ],
)
async def test_edits_arrive_as_the_texts_they_lead_to(tmp_path: Path, texts: list[str]) -> None:
    """Guards the range arithmetic: UTF-16 columns, CRLF, edits at both ends. The script applies them as Lean does."""
    async with scripted_server(tmp_path, "Healthy") as server:
        document = await server.lean.open(URI, "")
        for text in texts:
            await document.change(text)
            said = await document.diagnostics(LIMIT_S)
            lines = [line.strip().partition(" ") for line in text.split("\n")]
            assert [d.message for d in said] == [rest for word, _, rest in lines if word in ("error", "info")]
        ranges = [m["params"]["contentChanges"][0]["range"] for m in server.messages("textDocument/didChange")]
    assert len(ranges) == len(texts)


async def test_an_equal_text_is_not_sent_again(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "Healthy") as server:
        document = await server.lean.open(URI, "error a")
        version = await document.change("error a")
        assert version == document.version
        assert [d.message for d in await document.diagnostics(LIMIT_S)] == ["a"]
        assert server.messages("textDocument/didChange") == []


async def test_reopening_gives_the_text_to_a_new_worker(tmp_path: Path) -> None:
    """The way out of a worker that hangs; the clearing of the old version's messages must not count."""
    async with scripted_server(tmp_path, "HangIgnoresCancel") as server:
        document = await server.lean.open(URI, "hang")
        before = document.version
        assert await document.reopen("error a") > before
        assert [d.message for d in await document.diagnostics(LIMIT_S)] == ["a"]
        methods = [entry.get("method") for entry in server.log][-4:]
    assert methods == [
        "textDocument/didOpen",
        "textDocument/didClose",
        "textDocument/didOpen",
        "textDocument/waitForDiagnostics",
    ]


async def test_a_newer_text_ends_questions_about_the_older_one(tmp_path: Path) -> None:
    """Guards that nobody waits for Lean to notice: the old question fails at once, the new one is answered."""
    async with scripted_server(tmp_path, "HangIgnoresCancel") as server:
        document = await server.lean.open(URI, "hang")
        waiting = asyncio.create_task(document.diagnostics(LIMIT_S))
        await server.received("textDocument/waitForDiagnostics")
        await document.change("error a")
        with pytest.raises(StaleDocument):
            await waiting
        assert [d.message for d in await document.diagnostics(LIMIT_S)] == ["a"]


async def test_a_uri_is_open_once(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "Healthy") as server:
        document = await server.lean.open(URI, "error a")
        with pytest.raises(ValueError, match="already open"):
            await server.lean.open(URI, "error b")
        await document.close()
        again = await server.lean.open(URI, "error c")
        assert [d.message for d in await again.diagnostics(LIMIT_S)] == ["c"]
        with pytest.raises(ValueError, match="closed"):
            await document.diagnostics(LIMIT_S)


async def test_documents_do_not_mix(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "Healthy") as server:
        uris = [f"file:///project/{name}.lean" for name in "ABC"]
        documents = await asyncio.gather(*(server.lean.open(uri, f"error {uri}") for uri in uris))
        answers = await asyncio.gather(*(document.diagnostics(LIMIT_S) for document in documents))
        assert len(server.starts) == 1
    assert [[d.message for d in answer] for answer in answers] == [[uri] for uri in uris]


async def test_silent_messages_and_tags_are_read(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "SilentTags") as server:
        document = await server.lean.open(URI, "x")
        done, unsolved = await document.diagnostics(LIMIT_S)
    assert (done.is_silent, done.lean_tags) == (True, (2,))
    assert (unsolved.is_silent, unsolved.lean_tags) == (False, (1,))


@pytest.mark.parametrize("name", [name for name in RECORDED if name != "missing_import"])
async def test_what_a_lean_of_2021_said_is_understood(tmp_path: Path, name: str) -> None:
    """Recorded notifications, empty first lists and all, give the last list, by place, and the recorded goals."""
    entry = RECORDED[name]
    transcript = {"SCRIPTED_LEAN_TRANSCRIPT": str(TRANSCRIPTS / "july-2021.jsonl"), "SCRIPTED_LEAN_PROTOCOL": "0.0.1"}
    async with scripted_server(tmp_path, "Healthy", version="4.0.0", environment=transcript) as server:
        document = await server.lean.open(URI, entry["text"])
        diagnostics = await document.diagnostics(LIMIT_S)
        for asked in entry["goals"]:
            position = Position(asked["line"], asked["character"])
            if asked.get("term"):
                goal = await document.plain_term_goal(position, LIMIT_S)
                assert goal is not None
                assert goal.text == asked["result"]["goal"]
            else:
                goals = await document.plain_goal(position, LIMIT_S)
                assert goals is not None
                assert len(goals) == len(asked["result"]["goals"])
        assert server.lean.gates.is_early
        assert server.lean.gates.has(Gate.CAMEL_CASE_TACTICS)
    published = [n["params"]["diagnostics"] for n in entry["notifications"] if "diagnostics" in n["params"]]
    assert sorted(d.message for d in diagnostics) == sorted(d["message"] for d in published[-1])
    assert [d.range.start for d in diagnostics] == sorted(d.range.start for d in diagnostics)


async def test_axioms_are_read_from_a_recording(tmp_path: Path) -> None:
    transcript = {"SCRIPTED_LEAN_TRANSCRIPT": str(TRANSCRIPTS / "july-2021.jsonl")}
    async with scripted_server(tmp_path, "Healthy", environment=transcript) as server:
        document = await server.lean.open(URI, RECORDED["print_axioms"]["text"])
        found = [parse_axioms(d.message) for d in await document.diagnostics(LIMIT_S)]
    assert [entry for entry in found if entry] == [
        ("a", ("Classical.choice", "Quot.sound", "propext")),
        ("b", ()),
        ("c", ("sorryAx",)),
    ]
