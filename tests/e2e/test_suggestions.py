"""Suggestions at the front door: code actions and inlay hints, for which version, at which site, and when."""

import asyncio
import threading

import pytest

from lean_sidekick.lsp import rounds
from support import fake_engine
from support.editor import (
    FULL,
    IMPATIENT,
    LIMIT_S,
    NEVER_BY_ITSELF,
    PATIENT,
    PLAIN,
    URI,
    Answered,
    Editor,
    ServerHere,
    ServerProcess,
)
from support.scenarios import editor_texts

CONTENT_MODIFIED = -32801
REFRESH = "workspace/inlayHint/refresh"
STATUS = "leanSidekick/statusChanged"
COMPLETE = "Complete the proof"
PREMISES = "Premises for this goal"

THEOREM = """\
-- suggest: constructor => 2 goals left: p, q
-- suggest: simp => closes the goal
theorem t : p ∧ q := by
  sorry
"""
HELD = THEOREM.replace("theorem t", "-- hold\ntheorem t")
TWO_HOLES = HELD + "\ntheorem u : q := by\n  exact sorry\n"


async def until_hint(editor: Editor, label: str) -> None:
    """Asks until the hint is there; a request that is answered is a sign of life, so this does not turn for ever."""
    async with asyncio.timeout(LIMIT_S):
        while [hint["label"] for hint in await editor.inlay_hints()] != [label]:
            pass


def titles(actions: list[dict[str, object]]) -> list[object]:
    return [action["title"] for action in actions]


async def test_a_suggestion_is_offered_and_applied(editor: Editor) -> None:
    """The main job: open, ask, apply; the best comes first, none is preferred, the edit names its version."""
    await editor.initialize()
    editor.open(THEOREM)
    actions = await editor.code_actions("sorry")
    assert titles(actions) == ["simp — closes the goal", "constructor — 2 goals left: p, q", COMPLETE, PREMISES]
    assert all(action["kind"] == "quickfix" and "isPreferred" not in action for action in actions)
    assert actions[0]["edit"]["documentChanges"][0]["textDocument"] == {"uri": URI, "version": 1}
    assert editor.apply(actions[0]["edit"])
    assert editor.texts[URI] == THEOREM.replace("sorry", "simp")
    await editor.settled()
    await editor.finish()


async def test_the_answer_holds_what_is_known_while_the_work_goes_on(editor: Editor) -> None:
    """A round that does not end keeps nobody waiting, and who asks again at its site gets the same round."""
    await editor.initialize(options=IMPATIENT)
    editor.open(HELD)
    assert titles(await editor.offered("sorry", 4)) == [
        "simp — closes the goal",
        "constructor — 2 goals left: p, q",
        COMPLETE,
        PREMISES,
    ]
    assert len(await editor.offered("rry", 4)) == 4
    assert editor.events() == ["open project", "suggest v1 4:2"]
    await editor.finish()
    assert "suggest ended v1" in editor.events()


async def test_code_actions_do_not_wait_for_the_engine_to_be_loaded() -> None:
    """In the first moment after the start: nothing is known, which is the answer; the next one has it all."""
    may_load = threading.Event()
    editor = Editor(await ServerHere.start(may_load))
    try:
        await editor.initialize(options={"suggest": {"codeActionWaitS": 0.01}})
        editor.open(THEOREM)
        assert await editor.code_actions("sorry") == []
        may_load.set()
        assert len(await editor.offered("sorry", 4)) == 4
        assert len([event for event in editor.events() if event.startswith("suggest v1")]) == 1
        await editor.finish()
    finally:
        may_load.set()
        await editor.kill()


async def test_another_site_ends_the_round_and_gets_its_own(editor: Editor) -> None:
    """The newest wish counts; two holes of one line would be two sites as well."""
    await editor.initialize(options=IMPATIENT)
    editor.open(TWO_HOLES)
    await editor.offered("  sorry", 4)
    second = await editor.offered("exact sorry", 4)
    assert editor.events() == ["open project", "suggest v1 4:0", "suggest ended v1", "suggest v1 7:2"]
    line = second[0]["edit"]["documentChanges"][0]["edits"][0]["range"]["start"]["line"]
    assert line == 7
    await editor.finish()


async def test_a_new_version_ends_the_round_and_the_requests_that_wait_for_it(editor: Editor) -> None:
    """A stale version gets no answer that is meant for another one."""
    await editor.initialize(options=PATIENT)
    editor.open(HELD)
    waiting = editor.ask("textDocument/codeAction", editor.code_action_params("sorry"))
    await editor.event("suggest v1")
    editor.replace("theorem t", "theorem tt")
    with pytest.raises(Answered) as refused:
        await waiting.answer()
    assert refused.value.code == CONTENT_MODIFIED
    await editor.event("suggest ended v1")
    await editor.finish()


async def test_a_round_begins_by_itself_where_the_last_edit_was(editor: Editor) -> None:
    """Nobody asks: the server looks for suggestions after a pause and has the editor fetch the hint, once."""
    await editor.initialize()
    editor.open(THEOREM.replace("sorry", ""))
    editor.type_after("by\n  ", "sorry")
    assert await editor.event("suggest") == "suggest v2 3:7"
    await editor.hears(REFRESH)
    assert await editor.inlay_hints() == [
        {
            "position": {"line": 3, "character": 7},
            "label": "simp",
            "tooltip": "simp\n— closes the goal",
            "textEdits": [
                {
                    "range": {"start": {"line": 3, "character": 2}, "end": {"line": 3, "character": 7}},
                    "newText": "simp",
                }
            ],
            "paddingLeft": True,
            "data": {"uri": URI, "version": 2, "tactic": "simp"},
        }
    ]
    await editor.settled()
    assert len(editor.said(REFRESH)) == 1
    await editor.finish()


async def test_the_hint_is_gone_at_the_next_keystroke(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM)
    editor.type_after("sorry", " ")
    await editor.hears(REFRESH)
    assert len(await editor.inlay_hints()) == 1
    # From here on the round gives nothing, so what is shown could only be the old hint.
    editor.replace("-- suggest: constructor", "-- hold\n-- suggest: constructor")
    assert await editor.inlay_hints() == []
    await editor.finish()


async def test_no_hint_and_no_refresh_when_they_are_off(editor: Editor) -> None:
    await editor.initialize(options={**PATIENT, "inlayHints": {"enabled": False}})
    editor.open(THEOREM)
    assert len(await editor.code_actions("sorry")) == 4
    assert await editor.inlay_hints() == []
    await editor.settled()
    assert editor.said(REFRESH) == []
    await editor.finish()


async def test_hints_are_given_for_the_lines_that_are_asked_for(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM)
    await editor.code_actions("sorry")
    params = editor.inlay_hint_params()
    params["range"]["end"]["line"] = 2
    assert await editor.request("textDocument/inlayHint", params) == []
    assert len(await editor.inlay_hints()) == 1
    await editor.finish()


async def test_the_warning_of_a_round_is_in_the_hint(editor: Editor) -> None:
    await editor.initialize()
    editor.open("-- warn: There is an error above.\n" + THEOREM)
    await editor.code_actions("sorry")
    (hint,) = await editor.inlay_hints()
    assert hint["tooltip"] == "simp\n— closes the goal\n\nThere is an error above."
    await editor.finish()


async def test_a_closed_goal_that_was_not_confirmed_is_not_shown(editor: Editor) -> None:
    """A batch's verdict is provisional: nothing is offered as closing the goal before it was run alone."""
    await editor.initialize()
    editor.open(THEOREM.replace("simp => closes", "simp =?> closes"))
    assert titles(await editor.code_actions("sorry")) == ["constructor — 2 goals left: p, q", COMPLETE, PREMISES]
    (hint,) = await editor.inlay_hints()
    assert hint["label"] == "constructor"
    await editor.finish()


async def test_as_many_items_as_the_setting_says(editor: Editor) -> None:
    await editor.initialize(options={"suggest": {**PATIENT["suggest"], "maxItems": 1}})
    editor.open(THEOREM)
    assert titles(await editor.code_actions("sorry")) == ["simp — closes the goal", COMPLETE, PREMISES]
    await editor.finish()


async def test_a_tactic_of_several_lines_has_a_title_of_one(editor: Editor) -> None:
    await editor.initialize()
    editor.open("-- suggest: cases h\\n· simp => closes the goal\nexample := by\n  sorry\n")
    action, *_ = await editor.code_actions("sorry")
    assert action["title"] == "cases h … — closes the goal"
    assert editor.apply(action["edit"])
    assert editor.texts[URI].endswith("by\n  cases h\n· simp\n")
    await editor.finish()


@pytest.mark.parametrize(
    ("only", "count"),
    [(None, 4), (["quickfix"], 4), ([""], 4), (["refactor", "quickfix"], 4), (["refactor"], 0), (["quickfix.a"], 0)],
)
async def test_only_the_kinds_that_are_asked_for(editor: Editor, only: list[str] | None, count: int) -> None:
    await editor.initialize()
    editor.open(THEOREM)
    assert len(await editor.code_actions("sorry", **({} if only is None else {"only": only}))) == count
    await editor.finish()


@pytest.mark.parametrize("line", [0, 2, 4, 1_000_000])
async def test_nothing_and_no_error_where_no_tactic_can_stand(editor: Editor, line: int) -> None:
    """Comments, statements, the end of the file, places far outside it."""
    await editor.initialize()
    editor.open(THEOREM)
    params = editor.code_action_params("sorry")
    params["range"] = {"start": {"line": line, "character": 3}, "end": {"line": line, "character": 3}}
    assert await editor.request("textDocument/codeAction", params) == []
    assert editor.events() == []
    await editor.finish()


async def test_columns_are_utf16_and_lines_end_at_lf_only(editor: Editor) -> None:
    """𝔽 counts two; U+2028, U+0085 and a form feed end no line; edits after them land where they should."""
    await editor.initialize()
    editor.open("-- suggest: simp => closes the goal\n-- \u2028 \u0085 \f 𝔽\ntheorem 𝔽𝔽 : p := by exact (sorry)\n")
    editor.type_after("𝔽𝔽", "𝔽")
    assert await editor.event("suggest v2") == "suggest v2 2:14"
    action, *_ = await editor.code_actions("sorry")
    assert editor.apply(action["edit"])
    assert editor.texts[URI].endswith("theorem 𝔽𝔽𝔽 : p := by exact (simp)\n")
    await editor.settled()
    await editor.finish()


async def test_the_hint_stands_before_a_carriage_return(editor: Editor) -> None:
    await editor.initialize()
    editor.open(THEOREM.replace("\n", "\r\n"))
    await editor.code_actions("sorry")
    (hint,) = await editor.inlay_hints()
    assert hint["position"] == {"line": 3, "character": 7}
    await editor.finish()


async def test_an_editor_without_anything_special_is_served(editor: Editor) -> None:
    """Plain edits for who has no versioned ones, and no refresh for who cannot."""
    await editor.initialize(capabilities=PLAIN)
    editor.open(THEOREM)
    actions = await editor.code_actions("sorry")
    assert list(actions[0]["edit"]) == ["changes"]
    assert len(await editor.inlay_hints()) == 1
    assert editor.apply(actions[0]["edit"])
    await editor.settled()
    assert editor.said(REFRESH) == []
    await editor.finish()


async def test_a_pause_gives_one_round_and_saving_is_a_pause(editor: Editor) -> None:
    await editor.initialize(options=NEVER_BY_ITSELF)
    editor.open(THEOREM)
    for end in range(5):
        editor.type_after("sorry -- x"[: 5 + end], " -- x"[end])
    await editor.settled()
    assert editor.events() == []
    editor.save()
    editor.save()
    await editor.event("suggest ended")
    assert editor.events() == ["open project", "suggest v6 3:12", "suggest ended v6"]
    await editor.finish()


async def test_an_abbreviation_is_not_disturbed(editor: Editor) -> None:
    """While `\\alpha` is being typed nothing is looked for."""
    await editor.initialize()
    editor.open(THEOREM)
    editor.type_after("sorry", " \\alp")
    await editor.settled()
    editor.replace("\\alp", "α")
    await editor.event("suggest ended")
    assert editor.events() == ["open project", "suggest v3 3:9", "suggest ended v3"]
    await editor.finish()


async def test_closing_a_document_ends_its_round(editor: Editor) -> None:
    await editor.initialize(options=PATIENT)
    editor.open(HELD)
    waiting = editor.ask("textDocument/codeAction", editor.code_action_params("sorry"))
    await editor.event("suggest v1")
    editor.close()
    with pytest.raises(Answered) as refused:
        await waiting.answer()
    assert refused.value.code == CONTENT_MODIFIED
    await editor.event("suggest ended v1")
    await editor.finish()


async def test_a_request_can_be_cancelled(editor: Editor) -> None:
    """The request ends; the round goes on for whoever asks next."""
    await editor.initialize(options=PATIENT)
    editor.open(HELD)
    waiting = editor.ask("textDocument/codeAction", editor.code_action_params("sorry"))
    await editor.event("suggest v1")
    editor.notify("$/cancelRequest", {"id": waiting.id})
    with pytest.raises(Answered) as refused:
        await waiting.answer()
    assert refused.value.code == -32800
    await editor.settled()
    assert "suggest ended v1" not in editor.events()
    await editor.finish()


async def test_a_thousand_changes_leave_the_right_text(editor: Editor) -> None:
    """A flood of keystrokes is taken in whole, and a request behind it is answered for the last version."""
    await editor.initialize(options=NEVER_BY_ITSELF)
    editor.open(THEOREM)
    for _ in range(1000):
        editor.type_after("p ∧ q", "𝔽x")
    actions = await editor.code_actions("sorry")
    assert actions[0]["edit"]["documentChanges"][0]["textDocument"]["version"] == 1001
    # The whole text is known, not only that there were changes: the hole's own line has moved.
    editor.replace("sorry", "\n\n  " + "𝔽" * 3 + " sorry")
    (edit,) = (await editor.code_actions("sorry"))[0]["edit"]["documentChanges"][0]["edits"]
    assert edit["range"]["start"] == {"line": 5, "character": 9}
    await editor.finish()


async def test_the_server_of_the_editor_tests_answers_from_its_recording() -> None:
    """The tests in real editors need a Chromium or a Neovim; that their server starts is seen here."""
    editor = Editor(await ServerProcess.start("serve", module="editors.server"))
    await editor.initialize()
    editor.open(editor_texts()["act"].replace("$0", ""))
    assert "exact Or.inr hq — closes the goal" in titles(await editor.code_actions("sorry"))
    await editor.finish()
    await editor.kill()


async def test_find_a_lemma_is_offered_where_the_client_can_ask_for_words(editor: Editor) -> None:
    """Last of all, as a command of the client's own."""
    await editor.initialize({**FULL, "experimental": {"leanSidekick": {"findLemma": True}}})
    editor.open(THEOREM)
    actions = await editor.code_actions("sorry")
    assert titles(actions)[2:] == [COMPLETE, PREMISES, "Find a lemma"]
    assert actions[-1]["command"]["command"] == "leanSidekick.findLemmaHere"
    await editor.finish()


SEARCHED = """\
-- suggest: constructor => 2 goals left: p, q
-- search
-- gate
-- suggest: intro h\\nsimp => closes the goal
theorem t : p ∧ q := by
  sorry
"""


async def test_the_one_refresh_waits_a_moment_for_what_closes_the_goal(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks is answered at once; the editor is told to ask when the search has found the proof, and not before."""
    monkeypatch.setattr(rounds, "HOLD_S", 3600.0)
    await editor.initialize()
    editor.open(SEARCHED)
    editor.type_after("sorry", " ")
    await until_hint(editor, "constructor")
    assert editor.said(REFRESH) == []
    monkeypatch.setattr(fake_engine, "is_gate_open", True)
    await editor.hears(REFRESH)
    assert [hint["label"] for hint in await editor.inlay_hints()] == ["intro h …"]
    await editor.event("suggest ended")
    await editor.settled()
    assert len(editor.said(REFRESH)) == 1
    await editor.finish()


async def test_what_comes_after_the_one_refresh_moves_nothing_by_itself(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Menu and hint have it the next time the editor asks, and who looks at the old hint is told of it."""
    monkeypatch.setattr(rounds, "HOLD_S", 0.0)
    await editor.initialize()
    editor.open(SEARCHED)
    editor.type_after("sorry", " ")
    await editor.hears(REFRESH)
    (old,) = await editor.inlay_hints()
    assert (old["label"], await editor.request("inlayHint/resolve", old)) == ("constructor", old)
    monkeypatch.setattr(fake_engine, "is_gate_open", True)
    await editor.event("suggest ended")
    better = "Since then a proof of this goal was found: it stands first in the code actions."
    assert (await editor.request("inlayHint/resolve", old))["tooltip"] == f"{old['tooltip']}\n\n{better}"
    actions = await editor.code_actions("sorry")
    assert titles(actions)[:2] == ["intro h … — closes the goal", "constructor — 2 goals left: p, q"]
    (hint,) = await editor.inlay_hints()
    assert (hint["label"], hint["tooltip"]) == ("intro h …", "intro h\nsimp\n— closes the goal")
    assert await editor.request("inlayHint/resolve", hint) == hint
    assert len(editor.said(REFRESH)) == 1
    await editor.finish()


async def test_a_hint_that_the_editor_has_already_costs_no_refresh(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Editors also ask by themselves; the one refresh is kept for what is better."""
    monkeypatch.setattr(rounds, "HOLD_S", 3600.0)
    await editor.initialize()
    editor.open(SEARCHED.replace("-- suggest: intro h\\nsimp => closes the goal\n", ""))
    editor.type_after("sorry", " ")
    await until_hint(editor, "constructor")
    monkeypatch.setattr(fake_engine, "is_gate_open", True)
    await editor.until(lambda: editor.said(STATUS)[-1]["state"] == "ready", "the end of the round")
    await editor.settled()
    assert editor.said(REFRESH) == []
    await editor.finish()


async def test_nothing_appears_by_itself_before_the_pause(editor: Editor) -> None:
    """Code actions, which editors ask for at every move, may begin the round before; the menu has what it found."""
    await editor.initialize(options=NEVER_BY_ITSELF)
    editor.open(THEOREM)
    editor.type_after("sorry", " ")
    assert len(await editor.code_actions("sorry")) == 4
    await editor.event("suggest ended")
    assert await editor.inlay_hints() == []
    assert editor.said(REFRESH) == []
    editor.save()
    await editor.hears(REFRESH)
    assert [hint["label"] for hint in await editor.inlay_hints()] == ["simp"]
    await editor.finish()


async def test_what_is_known_is_shown_while_the_search_goes_on(editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the hint nor the menu wait for its end, and the next keystroke ends it with all that was known."""
    monkeypatch.setattr(rounds, "HOLD_S", 0.0)
    await editor.initialize(options=PATIENT)
    editor.open(SEARCHED)
    editor.type_after("sorry", " ")
    await editor.hears(REFRESH)
    assert [hint["label"] for hint in await editor.inlay_hints()] == ["constructor"]
    assert titles(await editor.code_actions("sorry"))[0] == "constructor — 2 goals left: p, q"
    assert "suggest ended v2" not in editor.events()
    editor.replace("-- suggest: constructor => 2 goals left: p, q\n", "")
    await editor.event("suggest ended v2")
    assert await editor.inlay_hints() == []
    await editor.finish()


async def test_where_nothing_was_shown_the_search_brings_the_hint(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake_engine, "is_gate_open", True)
    await editor.initialize()
    editor.open(SEARCHED.partition("\n")[2])
    editor.type_after("sorry", " ")
    await editor.hears(REFRESH)
    assert [hint["label"] for hint in await editor.inlay_hints()] == ["intro h …"]
    await editor.finish()
