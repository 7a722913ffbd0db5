"""The commands at the front door: "Complete the proof" with its progress, its cancels and its one edit; restarting."""

from typing import Any

import pytest

from support.editor import NEVER_BY_ITSELF, PLAIN, URI, Answered, Editor

APPLY = "workspace/applyEdit"
CREATE = "window/workDoneProgress/create"
PROGRESS = "$/progress"
CONTENT_MODIFIED, CANCELLED, FAILED, INTERNAL = -32801, -32800, -32803, -32603

THEOREM = "-- prove: simp [h]\ntheorem t : p := by\n  sorry\n"
ENDLESS = THEOREM.replace("simp [h]", "hold")


def progress_kinds(editor: Editor) -> list[str]:
    return [params["value"]["kind"] for params in editor.said(PROGRESS)]


async def test_the_proof_is_put_in_by_one_edit(editor: Editor) -> None:
    """As offered by the code action, with progress from begin to end, and without a message: the text says it."""
    await editor.initialize()
    editor.open(THEOREM)
    action = (await editor.code_actions("sorry"))[-2]
    assert action["title"] == "Complete the proof"
    result = await editor.execute(action["command"]).answer()
    message = "proved: 0.1 s, 7 checks."
    assert result == {"status": "proved", "proof": "simp [h]", "partial": None, "message": message, "applied": True}
    assert editor.texts[URI] == "-- prove: simp [h]\ntheorem t : p := by\n  simp [h]\n"
    (applied,) = editor.said(APPLY)
    assert applied["edit"]["documentChanges"][0]["textDocument"] == {"uri": URI, "version": 1}
    await editor.settled()
    assert progress_kinds(editor) in ([], ["begin", "end"], ["begin", "report", "end"])
    await editor.finish()


async def test_progress_says_what_is_tried(editor: Editor) -> None:
    await editor.initialize()
    editor.open(ENDLESS)
    asked = editor.complete_proof("sorry")
    created = await editor.hears(CREATE)
    begin = await editor.hears(PROGRESS)
    assert begin["token"] == created["token"]
    assert begin["value"] == {"kind": "begin", "title": "Complete the proof", "cancellable": True}
    # The bar may be there before the first sign of life, which says something else.
    said = " checks, 0 s; best so far: 1 goal left; at ⊢ omega"
    await editor.until(
        lambda: [p for p in editor.said(PROGRESS) if p["value"].get("message", "").endswith(said)], "what is tried"
    )
    editor.notify("$/cancelRequest", {"id": asked.id})
    await editor.settled()
    await editor.finish()


async def test_the_token_of_the_editor_is_used_if_it_sends_one(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM)
    await editor.complete_proof("sorry", workDoneToken="theirs").answer()
    assert {params["token"] for params in editor.said(PROGRESS)} == {"theirs"}
    assert progress_kinds(editor)[0] == "begin" and progress_kinds(editor)[-1] == "end"
    assert editor.said(CREATE) == []
    await editor.finish()


async def test_cancelling_from_the_bar_changes_nothing(editor: Editor) -> None:
    """Half way: the search ends, the text is as it was, the result says so, and no message troubles the user."""
    await editor.initialize()
    editor.open(ENDLESS)
    asked = editor.complete_proof("sorry")
    report = await editor.hears(PROGRESS, 2)
    editor.notify("window/workDoneProgress/cancel", {"token": report["token"]})
    assert await asked.answer() == {
        "status": "cancelled",
        "proof": None,
        "partial": None,
        "message": "Cancelled; nothing was changed.",
        "applied": False,
    }
    await editor.event("prove ended v1")
    assert progress_kinds(editor)[-1] == "end"
    assert editor.said(APPLY) == [] and editor.texts[URI] == ENDLESS
    await editor.finish()


async def test_cancelling_the_request_changes_nothing(editor: Editor) -> None:
    await editor.initialize()
    editor.open(ENDLESS)
    asked = editor.complete_proof("sorry")
    await editor.hears(PROGRESS, 2)
    editor.notify("$/cancelRequest", {"id": asked.id})
    with pytest.raises(Answered) as cancelled:
        await asked.answer()
    assert cancelled.value.code == CANCELLED
    await editor.event("prove ended v1")
    await editor.settled()
    assert progress_kinds(editor)[-1] == "end"
    assert editor.said(APPLY) == [] and editor.texts[URI] == ENDLESS
    await editor.finish()


@pytest.mark.parametrize("from_bar", [True, False])
async def test_a_cancel_does_not_wait_for_what_the_search_has_to_clean_up(editor: Editor, from_bar: bool) -> None:
    await editor.initialize()
    editor.open(THEOREM.replace("simp [h]", "stubborn"))
    asked = editor.complete_proof("sorry")
    report = await editor.hears(PROGRESS, 2)
    if from_bar:
        editor.notify("window/workDoneProgress/cancel", {"token": report["token"]})
        assert (await asked.answer())["status"] == "cancelled"
    else:
        editor.notify("$/cancelRequest", {"id": asked.id})
        with pytest.raises(Answered):
            await asked.answer()
    assert "prove ended v1" not in editor.events()
    await editor.finish()


async def test_typing_during_the_search_ends_it(editor: Editor) -> None:
    """A proof of an old text is put into no other one, and the user is told why nothing happened."""
    await editor.initialize()
    editor.open(ENDLESS)
    asked = editor.complete_proof("sorry")
    await editor.event("prove v1")
    editor.replace("theorem t", "theorem tt")
    with pytest.raises(Answered) as stale:
        await asked.answer()
    assert stale.value.code == CONTENT_MODIFIED
    assert await editor.shown() == "The text changed while a proof was looked for, so nothing was put in."
    await editor.event("prove ended v1")
    assert editor.said(APPLY) == []
    await editor.finish()


async def test_a_stale_version_is_not_worked_on(editor: Editor) -> None:
    await editor.initialize(options=NEVER_BY_ITSELF)
    editor.open(THEOREM)
    action = (await editor.code_actions("sorry"))[-2]
    editor.replace("theorem t", "theorem tt")
    with pytest.raises(Answered) as stale:
        await editor.execute(action["command"]).answer()
    assert stale.value.code == CONTENT_MODIFIED
    assert not any(event.startswith("prove") for event in editor.events())
    await editor.finish()


async def test_nothing_found_is_said_once(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM.replace("simp [h]", "nothing"))
    result = await editor.complete_proof("sorry").answer()
    message = "No proof was found in 7 checks."
    assert result == {"status": "not_proved", "proof": None, "partial": None, "message": message, "applied": False}
    assert await editor.shown() == message
    assert editor.said(APPLY) == []
    await editor.finish()


async def test_without_a_proof_the_best_partial_one_is_offered_until_the_text_changes(editor: Editor) -> None:
    """It is not put in by itself; one sentence says that it is there, and the menu says that it is not finished."""
    await editor.initialize()
    editor.open(THEOREM.replace("prove: simp [h]", "partial: constructor; sorry"))
    result = await editor.complete_proof("  sorry").answer()
    assert (result["status"], result["partial"], result["applied"]) == ("timed_out", "constructor; sorry", False)
    said = "No proof was found; the best leaves 1 goal open, which the code actions here offer."
    assert await editor.shown() == result["message"] == said
    assert editor.said(APPLY) == []
    (offered,) = [a for a in await editor.code_actions("  sorry") if a["title"].startswith("Partial")]
    assert offered["title"] == "Partial proof, not finished: 1 goal left as sorry"
    (change,) = offered["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": URI, "version": 1}
    assert change["edits"][0]["newText"] == "constructor; sorry"
    editor.replace("theorem t", "theorem tt")
    assert not [a for a in await editor.code_actions("  sorry") if a["title"].startswith("Partial")]
    await editor.finish()


async def test_a_proof_that_depends_on_a_sorry_is_put_in_and_named(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM.replace("prove", "prove with sorry"))
    result = await editor.complete_proof("  sorry").answer()
    assert (result["status"], result["applied"]) == ("proved_with_sorry", True)
    assert await editor.shown() == "Proved, but foo has a sorry."
    await editor.finish()


async def test_an_editor_that_takes_no_edits_gets_the_proof_in_a_message(editor: Editor) -> None:
    """No progress bar, no edit, nothing lost."""
    await editor.initialize(capabilities=PLAIN)
    editor.open(THEOREM)
    result = await editor.complete_proof("sorry").answer()
    assert (result["status"], result["proof"], result["applied"]) == ("proved", "simp [h]", False)
    assert await editor.shown() == (
        "A proof was found, but the editor did not put it in (this editor takes no edits from a server):\nsimp [h]"
    )
    assert editor.said(APPLY) == editor.said(CREATE) == editor.said(PROGRESS) == []
    await editor.finish()


async def test_an_edit_that_the_editor_refuses_is_said(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM)
    editor.answers_requests = False
    asked = editor.complete_proof("sorry", workDoneToken=1)
    await editor.hears(APPLY)
    request = next(message for message in editor.heard if message["method"] == APPLY)
    editor.send({"jsonrpc": "2.0", "id": request["id"], "result": {"applied": False, "failureReason": "read only"}})
    assert (await asked.answer())["applied"] is False
    assert "(read only):\nsimp [h]" in await editor.shown()
    await editor.finish()


async def test_an_error_instead_of_an_answer_is_survived(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM)
    editor.answers_requests = False
    asked = editor.complete_proof("sorry", workDoneToken=1)
    await editor.hears(APPLY)
    request = next(message for message in editor.heard if message["method"] == APPLY)
    editor.send({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32601, "message": "never heard of it"}})
    assert (await asked.answer())["applied"] is False
    assert "(never heard of it)" in await editor.shown()
    await editor.finish()


async def test_an_answer_that_comes_after_the_cancel_does_no_harm(editor: Editor) -> None:
    """The editor answers our request when the work behind it was cancelled long since (a fault of pygls 2.1.1)."""
    await editor.initialize()
    editor.open(THEOREM)
    editor.answers_requests = False
    asked = editor.complete_proof("sorry", workDoneToken=1)
    await editor.hears(APPLY)
    request = next(message for message in editor.heard if message["method"] == APPLY)
    editor.notify("$/cancelRequest", {"id": asked.id})
    with pytest.raises(Answered):
        await asked.answer()
    assert await editor.hears("$/cancelRequest") == {"id": request["id"]}
    editor.send({"jsonrpc": "2.0", "id": request["id"], "result": {"applied": False}})
    await editor.settled()
    await editor.finish()


async def test_the_running_round_makes_room(editor: Editor) -> None:
    """Who asks for the whole proof does not wait for suggestions."""
    await editor.initialize()
    editor.open(THEOREM.replace("theorem t", "-- hold\ntheorem t"))
    editor.ask_code_actions("sorry")
    await editor.event("suggest v1")
    await editor.complete_proof("sorry").answer()
    assert editor.events()[2:] == ["suggest ended v1", "prove v1", "prove ended v1"]
    await editor.finish()


def argument(**changed: Any) -> dict[str, Any]:
    return {"uri": URI, "version": 1, "position": {"line": 2, "character": 2}, **changed}


@pytest.mark.parametrize(
    "arguments",
    [
        None,
        [],
        [argument(), argument()],
        ["somewhere"],
        [{}],
        [argument(version="1")],
        [argument(version=True)],
        [argument(uri=3)],
        [argument(position={"line": -1, "character": 0})],
        [argument(position={"line": 1.5, "character": 0})],
        [argument(position=None)],
    ],
)
async def test_wrong_arguments_get_one_sentence(editor: Editor, arguments: Any) -> None:
    await editor.initialize()
    editor.open(THEOREM)
    with pytest.raises(Answered) as refused:
        await editor.execute({"command": "leanSidekick.completeProof", "arguments": arguments}).answer()
    assert refused.value.code == FAILED
    assert refused.value.message.startswith("leanSidekick.completeProof takes one argument {uri, version, position}")
    assert editor.events() == []
    await editor.finish()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (argument(uri="file:///not/open.lean"), "The document file:///not/open.lean is not open"),
        (argument(position={"line": 99, "character": 0}), "There is no line 100 in a document of 4 lines"),
        (argument(position={"line": 0, "character": 0}), "No tactic can stand here."),
    ],
)
async def test_places_where_there_is_nothing_to_prove(editor: Editor, changed: Any, sentence: str) -> None:
    await editor.initialize()
    editor.open(THEOREM)
    with pytest.raises(Answered) as refused:
        await editor.execute({"command": "leanSidekick.completeProof", "arguments": [changed]}).answer()
    assert refused.value.code == FAILED
    assert refused.value.message.startswith(sentence)
    await editor.finish()


async def test_an_unknown_command_is_named(editor: Editor) -> None:
    await editor.initialize()
    with pytest.raises(Answered) as refused:
        await editor.execute({"command": "leanSidekick.doMagic"}).answer()
    assert refused.value.code == FAILED
    assert refused.value.message.startswith("There is no command leanSidekick.doMagic; there are ")
    await editor.finish()


async def test_a_missing_lean_is_the_answer(editor: Editor) -> None:
    """The sentence comes as the command's error, which editors show, so it is not shown a second time."""
    await editor.initialize()
    editor.open("-- fail: no lean\n" + THEOREM)
    with pytest.raises(Answered) as refused:
        await editor.complete_proof("sorry").answer()
    assert (refused.value.code, refused.value.message) == (FAILED, "No Lean was found: install elan.")
    await editor.until(lambda: editor.said("leanSidekick/statusChanged")[-1]["state"] == "noLean", "the state noLean")
    await editor.finish()


async def test_a_bug_is_answered_and_logged_with_the_request(distant_editor: Editor) -> None:
    """The user gets a short sentence, the log the request's id and the trace, and the server goes on."""
    editor = distant_editor
    await editor.initialize()
    editor.open("-- fail: bug\n" + THEOREM)
    asked = editor.complete_proof("sorry")
    with pytest.raises(Answered) as refused:
        await asked.answer()
    assert refused.value.code == INTERNAL
    assert refused.value.message == "Lean Sidekick failed at this request; its log says how."
    line = f"[workspace/executeCommand#{asked.id}] request failed"
    await editor.until(lambda: any(line in logged for logged in editor.log), line)
    await editor.until(lambda: "RuntimeError: a bug" in editor.log, "the trace")
    editor.open(THEOREM)
    assert (await editor.complete_proof("sorry").answer())["applied"] is True


async def test_restarting_lean_ends_engines_and_forgets_what_was_said(editor: Editor) -> None:
    await editor.initialize()
    missing = "No Lean was found: install elan."
    editor.open("-- fail: no lean\n" + THEOREM)
    await editor.code_actions("sorry")
    assert await editor.shown() == missing
    restart = {"command": "leanSidekick.restartLean"}
    assert await editor.execute(restart).answer() == {"restarted": 1}
    assert editor.events()[-1] == "close"
    await editor.code_actions("sorry")
    assert await editor.shown() == missing
    assert [event for event in editor.events() if event.startswith("open")] == ["open project"] * 2
    await editor.finish()
