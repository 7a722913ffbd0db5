"""What goes wrong around a document: no Lean, stale imports, wrong settings, no trust, lost changes, odd messages."""

from pathlib import Path
from typing import Any

import pytest

from lean_sidekick.lsp import model_watch
from support import fake_engine
from support.editor import PATIENT, URI, Answered, Editor, frame

STATUS = "leanSidekick/statusChanged"
THEOREM = "-- suggest: simp => closes the goal\ntheorem t : p := by\n  sorry\n"
COMPLETE = "Complete the proof"


async def reaches(editor: Editor, state: str, message: str = "") -> None:
    """The server says, as its newest word, that it is in a state."""
    wanted = {"state": state, "message": message, "percent": None}
    await editor.until(lambda: editor.said(STATUS)[-1:] == [wanted], f"the state {wanted}")


@pytest.mark.parametrize(
    ("failure", "state", "sentence"),
    [
        ("no lean", "noLean", "No Lean was found: install elan."),
        ("imports", "importsStale", "The imports are out of date: rebuild them in your editor."),
    ],
)
async def test_what_the_user_should_mend_is_shown_once(editor: Editor, failure: str, state: str, sentence: str) -> None:
    """One message for one cause, however often it is met; requests are answered without an error."""
    await editor.initialize()
    editor.open(f"-- fail: {failure}\n{THEOREM}")
    for _ in range(3):
        action, _ = await editor.code_actions("sorry")
        assert action["title"] == COMPLETE
    assert await editor.shown() == sentence
    await reaches(editor, state, sentence)
    editor.replace(f"-- fail: {failure}\n", "")
    assert len(await editor.code_actions("sorry")) == 3
    await reaches(editor, "ready")
    await editor.finish()


async def test_how_far_a_model_is_loaded_is_a_state(editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a percent, as long as it lasts; that it could not be asked meanwhile is no reason to warn anybody."""
    monkeypatch.setattr(model_watch, "_EVERY_S", 0.01)
    monkeypatch.setattr(fake_engine, "loading_percent", 40)
    await editor.initialize()
    editor.open(f"-- no model: It is still being loaded.\n{THEOREM}")
    await editor.code_actions("sorry")
    sentence = "The model tiny is being loaded, about 40 %; what needs no model works on."
    loading = {"state": "modelLoading", "message": sentence, "percent": 40}
    await editor.until(lambda: loading in editor.said(STATUS), "the state of the loading")
    monkeypatch.setattr(fake_engine, "loading_percent", None)
    await reaches(editor, "ready")
    await editor.finish()


async def test_a_model_that_cannot_be_asked_is_a_state_and_said_once(editor: Editor) -> None:
    await editor.initialize()
    editor.open(f"-- no model: The server gpu.example does not answer.\n{THEOREM}")
    for _ in range(2):
        assert len(await editor.code_actions("sorry")) == 3, "all else works"
        editor.replace("theorem t", "theorem tt")
    assert await editor.shown() == "The server gpu.example does not answer."
    await reaches(editor, "modelOff", "The server gpu.example does not answer.")
    editor.replace("-- no model: The server gpu.example does not answer.\n", "")
    await editor.code_actions("sorry")
    await reaches(editor, "ready")
    await editor.finish()


async def test_a_crash_is_a_state_and_the_next_round_works(editor: Editor) -> None:
    """Lean can die: nobody is told to do anything about it, and the next question is answered."""
    await editor.initialize()
    editor.open(f"-- fail: crash\n{THEOREM}")
    await editor.code_actions("sorry")
    await reaches(editor, "error", "Lean died.")
    editor.replace("-- fail: crash\n", "")
    assert len(await editor.code_actions("sorry")) == 3
    await reaches(editor, "ready")
    await editor.finish()


async def test_a_bug_in_a_round_is_logged_and_survived(editor: Editor) -> None:
    await editor.initialize()
    editor.open(f"-- fail: bug\n{THEOREM}")
    assert len(await editor.code_actions("sorry")) == 2
    await editor.until(lambda: any("RuntimeError: a bug" in line for line in editor.log), "the trace")
    editor.replace("-- fail: bug\n", "")
    assert len(await editor.code_actions("sorry")) == 3


async def test_the_state_while_working(editor: Editor) -> None:
    await editor.initialize()
    await reaches(editor, "ready")
    editor.open(f"-- hold\n{THEOREM}")
    editor.ask_code_actions("sorry")
    await reaches(editor, "thinking")
    editor.close()
    await reaches(editor, "ready")
    await editor.finish()


async def test_a_wrong_setting_is_shown_and_its_default_holds(editor: Editor) -> None:
    await editor.initialize(options={**PATIENT, "inlayHints": {"enabled": "no"}})
    assert await editor.shown() == (
        'inlayHints.enabled in the editor\'s settings is ignored: it must be true or false, not "no".'
    )
    editor.open(THEOREM)
    await editor.code_actions("sorry")
    assert len(await editor.inlay_hints()) == 1
    await editor.finish()


@pytest.mark.parametrize("options", [[1, 2], "text", 7, {"settings": 7}])
async def test_options_that_are_no_table_are_shown(editor: Editor, options: Any) -> None:
    await editor.initialize(options=options)
    assert await editor.shown() == "The settings in the editor's settings are ignored: they must be a table of names."
    editor.open(THEOREM)
    assert len(await editor.offered("sorry", 3)) == 3
    await editor.finish()


@pytest.mark.parametrize("where", ["settings", "leanSidekick"])
async def test_settings_may_have_a_name_of_their_own(editor: Editor, where: str) -> None:
    """Under `settings`, as our extension sends them, or as the editor's section."""
    await editor.initialize(options={where: {**PATIENT, "inlayHints": {"enabled": False}}, "trusted": True})
    editor.open(THEOREM)
    assert len(await editor.code_actions("sorry")) == 3
    assert await editor.inlay_hints() == []
    await editor.finish()


async def test_changed_settings_replace_the_section(editor: Editor) -> None:
    """They hold once the editor is told to fetch the hint that is shown again; other sections are not ours."""
    await editor.initialize()
    editor.open(THEOREM)
    await editor.code_actions("sorry")
    await editor.hears("workspace/inlayHint/refresh")
    editor.notify("workspace/didChangeConfiguration", {"settings": {"other": {"inlayHints": {"enabled": False}}}})
    editor.notify("workspace/didChangeConfiguration", {"settings": None})
    assert len(await editor.inlay_hints()) == 1
    off = {"leanSidekick": {"inlayHints": {"enabled": False}}}
    editor.notify("workspace/didChangeConfiguration", {"settings": off})
    await editor.hears("workspace/inlayHint/refresh", 2)
    await editor.code_actions("sorry")
    assert await editor.inlay_hints() == []
    editor.notify("workspace/didChangeConfiguration", {"settings": {"leanSidekick": {}}})
    await editor.hears("workspace/inlayHint/refresh", 3)
    await editor.code_actions("sorry")
    assert len(await editor.inlay_hints()) == 1
    await editor.finish()


async def test_only_settings_that_an_engine_sees_end_it(editor: Editor) -> None:
    """Turning hints off does not throw a warm Lean away; another number of threads does."""
    await editor.initialize()
    editor.open(THEOREM)
    await editor.code_actions("sorry")
    for settings in ({"inlayHints": {"enabled": False}}, {"lean": {"threads": 4}}):
        editor.notify("workspace/didChangeConfiguration", {"settings": {"leanSidekick": settings}})
    await editor.event("close")
    await editor.code_actions("sorry")
    await editor.event("open project", 2)
    assert [event for event in editor.events() if event in ("open project", "close")] == [
        "open project",
        "close",
        "open project",
    ]
    await editor.finish()


async def test_no_engine_is_made_where_the_user_does_not_trust(editor: Editor) -> None:
    """Neither by typing nor by asking; when trust comes, all works."""
    sentence = "This workspace is not trusted, so Lean Sidekick starts no Lean in it: trust it in the editor first."
    await editor.initialize(options={**PATIENT, "trusted": False})
    await reaches(editor, "noLean", sentence)
    editor.open(THEOREM)
    editor.type_after("sorry", " ")
    assert await editor.code_actions("sorry") == []
    with pytest.raises(Answered) as refused:
        await editor.complete_proof("sorry").answer()
    assert refused.value.message == sentence
    assert editor.events() == []
    editor.notify("workspace/didChangeConfiguration", {"settings": {"leanSidekick": {**PATIENT, "trusted": True}}})
    await reaches(editor, "ready")
    assert len(await editor.code_actions("sorry")) == 3
    await editor.finish()


async def test_taking_trust_away_ends_the_engine(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM)
    await editor.code_actions("sorry")
    editor.notify("workspace/didChangeConfiguration", {"settings": {"leanSidekick": {"trusted": False}}})
    await editor.event("close")
    assert await editor.code_actions("sorry") == []
    await editor.finish()


async def test_trust_that_is_no_truth_value_is_no_trust(editor: Editor) -> None:
    await editor.initialize(options={"trusted": "yes"})
    assert await editor.shown() == "trusted must be true or false; the workspace counts as not trusted."
    editor.open(THEOREM)
    assert await editor.code_actions("sorry") == []
    assert editor.events() == []
    await editor.finish()


async def test_one_engine_for_each_project(editor: Editor, tmp_path: Path) -> None:
    """Files of one project share an engine, whatever folder they are in; all are closed at the end."""
    for name in ("one", "two"):
        (tmp_path / name / "src").mkdir(parents=True)
        (tmp_path / name / "lean-toolchain").write_text("")
    await editor.initialize()
    for path in ("one/A.lean", "one/src/B.lean", "two/C.lean"):
        uri = (tmp_path / path).as_uri()
        editor.open(THEOREM, uri)
        assert len(await editor.code_actions("sorry", uri)) == 3
    assert [event for event in editor.events() if event.startswith("open")] == ["open one", "open two"]
    await editor.finish()
    assert editor.events()[-2:] == ["close", "close"]


async def test_files_outside_any_project_share_the_engine_of_their_folder(editor: Editor, tmp_path: Path) -> None:
    await editor.initialize(workspaceFolders=[{"uri": tmp_path.as_uri(), "name": "all"}])
    uris = [(tmp_path / "a" / "A.lean").as_uri(), (tmp_path / "b" / "B.lean").as_uri(), "untitled:Untitled-1"]
    for uri in uris:
        editor.open(THEOREM, uri)
        assert len(await editor.code_actions("sorry", uri)) == 3
    assert [event for event in editor.events() if event.startswith("open")] == [f"open {tmp_path.name}"]
    await editor.finish()


async def test_requests_for_a_document_that_is_not_open(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM)
    actions, hints = editor.code_action_params("sorry"), editor.inlay_hint_params()
    editor.close()
    for method, params in (("textDocument/codeAction", actions), ("textDocument/inlayHint", hints)):
        with pytest.raises(Answered) as refused:
            await editor.request(method, params)
        assert refused.value.message == f"The document {URI} is not open: open it in the editor first."
    editor.notify("textDocument/didChange", {"textDocument": {"uri": URI, "version": 2}, "contentChanges": []})
    editor.save()
    editor.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    await editor.settled()
    await editor.finish()


async def test_a_change_that_cannot_be_read_gives_the_document_up(editor: Editor) -> None:
    """Suggestions for a text that is not the user's would be false: better none, and a word about it."""
    await editor.initialize()
    editor.open(THEOREM)
    for _ in range(2):
        editor.notify("textDocument/didChange", {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [7]})
    assert await editor.shown() == f"Lean Sidekick lost track of {URI}: close the file and open it again."
    with pytest.raises(Answered):
        await editor.code_actions("sorry")
    editor.open(THEOREM, version=3)
    assert len(await editor.code_actions("sorry")) == 3
    await editor.finish()


async def test_whole_text_changes_and_lone_surrogates(editor: Editor) -> None:
    """Editors may send the whole text; half a character in it must not reach Lean or stop the server."""
    await editor.initialize()
    editor.open("-- nothing here\n")
    text = THEOREM.replace("t :", "\ud835 :")
    editor.notify(
        "textDocument/didChange",
        {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"text": text}]},
    )
    editor.texts[URI], editor.versions[URI] = text, 2
    assert await editor.event("suggest v2") == "suggest v2 2:7"
    assert len(await editor.code_actions("sorry")) == 3
    await editor.finish()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"Content-Length: 5\r\n\r\n{oops", -32700),
        (b"Content-Length: 2\r\n\r\n\xff\xfe", -32700),
        (b"nonsense\r\n\r\n", -32700),
        (b"nonsense before a frame\n" + frame([1, 2]), -32600),
        (frame([]), -32600),
        (frame("text"), -32600),
        (frame({"jsonrpc": "1.0", "id": 7, "method": "shutdown"}), -32600),
        (frame({"jsonrpc": "2.0", "id": [7], "method": "shutdown"}), -32600),
        (frame({"jsonrpc": "2.0", "id": None, "method": "shutdown"}), -32600),
        (frame({"jsonrpc": "2.0", "id": 7, "method": 7}), -32600),
        (frame({"jsonrpc": "2.0", "id": 7, "method": "textDocument/codeAction", "params": {"x": 1}}), -32602),
        (frame({"jsonrpc": "2.0", "id": 7, "method": "textDocument/codeAction"}), -32602),
        (frame({"jsonrpc": "2.0", "id": 7, "method": "workspace/executeCommand", "params": None}), -32602),
        (frame({"jsonrpc": "2.0", "id": 7, "method": "test/unknown"}), -32601),
        (frame({"jsonrpc": "2.0", "id": 7, "method": "initialize", "params": {"capabilities": {}}}), -32600),
    ],
)
async def test_odd_messages_get_one_error_and_no_more(editor: Editor, data: bytes, code: int) -> None:
    """Each is answered once, and what comes after it is handled as if nothing had been."""
    await editor.initialize()
    editor.send_bytes(data)
    answer = await editor.hears("(answer)")
    assert answer["error"]["code"] == code
    editor.open(THEOREM)
    assert len(await editor.code_actions("sorry")) == 3
    assert len(editor.said("(answer)")) == 1
    await editor.finish()


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "method": "test/unknown", "params": {"class": 1, "_x": 2}},
        {"jsonrpc": "2.0", "method": "test/unknown"},
        {"jsonrpc": "2.0", "method": "$/setTrace", "params": 7},
        {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 999}},
        {"jsonrpc": "2.0", "method": "window/workDoneProgress/cancel", "params": {"token": "unknown"}},
        {"jsonrpc": "2.0", "method": "workspace/didChangeConfiguration", "params": {}},
        {"jsonrpc": "2.0", "id": 999, "result": {"class": 1}},
        {"jsonrpc": "2.0", "id": 999, "error": {"code": 1, "message": "no"}},
    ],
)
async def test_odd_notifications_and_answers_are_passed_over(editor: Editor, message: Any) -> None:
    await editor.initialize()
    editor.send(message)
    editor.open(THEOREM)
    assert len(await editor.code_actions("sorry")) == 3
    assert editor.said("(answer)") == []
    await editor.finish()


async def test_an_object_that_looks_like_a_message_is_only_data(editor: Editor) -> None:
    """An inner `jsonrpc` key makes pygls 2.1.1 lose the reply."""
    await editor.initialize()
    inner = {"jsonrpc": "2.0", "id": 1, "method": "shutdown"}
    with pytest.raises(Answered) as refused:
        await editor.execute({"command": "leanSidekick.completeProof", "arguments": [inner]}).answer()
    assert refused.value.message.startswith("leanSidekick.completeProof takes one argument")
    await editor.finish()


async def test_requests_after_shutdown_are_refused(editor: Editor) -> None:
    await editor.initialize()
    assert await editor.request("shutdown", None) is None
    with pytest.raises(Answered) as refused:
        await editor.request("textDocument/codeAction", {})
    assert refused.value.code == -32600
    editor.notify("exit", None)
    assert await editor.ended() == 0


async def test_shutdown_ends_what_is_under_way(editor: Editor) -> None:
    """A search, a round, a waiting request: each request is answered, all work ended, engines closed."""
    await editor.initialize(options={"suggest": {"codeActionWaitS": 10}})
    editor.open(f"-- hold\n-- prove: hold\n{THEOREM}")
    proof = editor.complete_proof("sorry")
    await editor.event("prove v1")
    actions = editor.ask("textDocument/codeAction", editor.code_action_params("sorry"))
    await editor.event("suggest v1")
    assert await editor.request("shutdown", None) is None
    with pytest.raises(Answered) as cancelled:
        await proof.answer()
    assert cancelled.value.code == -32800
    assert len(await actions.answer()) == 2
    editor.notify("exit", None)
    assert await editor.ended() == 0
    assert set(editor.events()) >= {"suggest ended v1", "prove ended v1", "close"}
