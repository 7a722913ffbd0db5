"""Ghost text at the front door: off by default, after the pause, in the place of the inlay hint, never stale."""

from typing import Any

import pytest

from support.editor import Answered, Editor

METHOD = "textDocument/inlineCompletion"
CONTENT_MODIFIED = -32801
ON = {"suggest": {"delayMs": 0}, "ghostText": {"enabled": True}}
AFTER_A_PAUSE = {"suggest": {"delayMs": 300}, "ghostText": {"enabled": True}}
THEOREM = """\
-- suggest: constructor => 2 goals left: p, q
-- suggest: simp => closes the goal
theorem t : p ∧ q := by
"""


async def typed(editor: Editor, options: dict[str, Any], text: str = THEOREM) -> None:
    """An editor in which a new line was begun after the `by`."""
    await editor.initialize(options=options)
    editor.open(text)
    editor.type_after(":= by", "\n  ")


async def test_it_is_off_by_default(editor: Editor) -> None:
    """The question is answered at once with nothing, and the hint is there instead."""
    await typed(editor, {"suggest": {"delayMs": 0}})
    assert await editor.request(METHOD, editor.inline_completion_params("by\n  ")) is None
    await editor.hears("workspace/inlayHint/refresh")
    assert len(await editor.inlay_hints()) == 1
    await editor.finish()


async def test_it_comes_after_the_pause_and_the_hint_does_not(editor: Editor) -> None:
    """One thing in one place: what the editor shows as ghost text is no hint as well."""
    await typed(editor, AFTER_A_PAUSE)
    items = await editor.request(METHOD, editor.inline_completion_params("by\n  "))
    line = {"line": 3, "character": 0}
    assert items == [{"insertText": "  simp", "range": {"start": line, "end": {"line": 3, "character": 2}}}]
    assert editor.events() == ["open project", "suggest v2 3:2", "suggest ended v2"]
    assert await editor.inlay_hints() == []
    await editor.finish()


async def test_an_editor_without_ghost_text_keeps_the_hint(editor: Editor) -> None:
    await editor.initialize({"workspace": {"inlayHint": {"refreshSupport": True}}}, options=ON)
    editor.open(THEOREM)
    editor.type_after(":= by", "\n  ")
    await editor.hears("workspace/inlayHint/refresh")
    assert len(await editor.inlay_hints()) == 1
    await editor.finish()


async def test_the_next_keystroke_ends_the_question(editor: Editor) -> None:
    """Nothing that is meant for another version can appear."""
    await typed(editor, ON, THEOREM.replace("-- suggest: constructor", "-- hold\n-- suggest: constructor"))
    waiting = editor.ask(METHOD, editor.inline_completion_params("by\n  "))
    await editor.event("suggest v2")
    editor.type_after("by\n  ", "s")
    with pytest.raises(Answered) as refused:
        await waiting.answer()
    assert refused.value.code == CONTENT_MODIFIED
    await editor.finish()


async def test_it_waits_for_a_suggestion_that_closes_the_goal_and_no_longer(editor: Editor) -> None:
    await typed(editor, ON, THEOREM.replace("theorem t", "-- hold\ntheorem t"))
    (item,) = await editor.request(METHOD, editor.inline_completion_params("by\n  "))
    assert item["insertText"] == "  simp"
    await editor.finish()


async def test_asked_for_it_needs_no_pause(editor: Editor) -> None:
    """The editor's command for inline suggestions, without an edit before."""
    await editor.initialize(options={"suggest": {"delayMs": 60_000}, "ghostText": {"enabled": True}})
    editor.open(THEOREM.replace(":= by\n", ":= by\n  \n"))
    (item,) = await editor.request(METHOD, editor.inline_completion_params("by\n  ", by_itself=False))
    assert item["insertText"] == "  simp"
    await editor.finish()


async def test_a_place_where_text_would_be_replaced_has_none(editor: Editor) -> None:
    """Ghost text can only add; a `sorry` keeps its hint."""
    await editor.initialize(options=ON)
    editor.open(THEOREM.replace(":= by\n", ":= by\n  "))
    editor.type_after("by\n  ", "sorry")
    assert await editor.request(METHOD, editor.inline_completion_params("sorry")) == []
    assert len(await editor.inlay_hints()) == 1
    await editor.finish()


async def test_new_settings_end_the_wait(editor: Editor) -> None:
    """Switched off while a question waits for the pause: it is answered with nothing."""
    await typed(editor, {"suggest": {"delayMs": 60_000}, "ghostText": {"enabled": True}})
    waiting = editor.ask(METHOD, editor.inline_completion_params("by\n  "))
    editor.notify(
        "workspace/didChangeConfiguration",
        {"settings": {"leanSidekick": {"settings": {"check": {"cache": False}}, "trusted": False}}},
    )
    assert await waiting.answer() is None
    await editor.finish()
