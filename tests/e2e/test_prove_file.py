"""Every sorry of a file, one after the other, while its user goes on typing."""

import re

import pytest

from support import fake_engine
from support.editor import URI, Answered, Editor

COMMAND = "leanSidekick.proveFile"
TWO = "-- prove: simp\ntheorem one : p := by\n  sorry\n\ntheorem two : q := by\n  sorry\n"


def asked(editor: Editor) -> dict[str, object]:
    return {"command": COMMAND, "arguments": [{"uri": URI, "version": editor.versions[URI]}]}


async def test_each_proof_is_put_in_by_its_own_edit(editor: Editor) -> None:
    """With one result at the end that has a line for each; the message, which editors show as one line, is one."""
    await editor.initialize()
    editor.open(TWO)
    result = await editor.execute(asked(editor)).answer()
    head, *lines = result["message"].splitlines()
    assert await editor.shown() == f"{head}: {'; '.join(lines)}"
    (logged,) = editor.said("window/logMessage")
    assert logged["message"] == "\n  ".join([head, *lines])
    assert (result["proved"], result["left"]) == (2, 0)
    assert re.fullmatch(r"2 of 2 proved\none: proved in .* s\ntwo: proved in .* s", result["message"])
    assert editor.texts[URI] == TWO.replace("sorry", "simp")
    assert len(editor.said("workspace/applyEdit")) == 2
    await editor.finish()


async def test_what_cannot_be_proved_keeps_nothing_from_the_others(editor: Editor) -> None:
    await editor.initialize()
    editor.open(TWO.replace("simp", "nothing"))
    result = await editor.execute(asked(editor)).answer()
    assert (await editor.shown()).startswith("0 of 2 proved: one: No proof was found in 7 checks.; two: ")
    assert (result["proved"], result["left"]) == (0, 2)
    assert result["message"].splitlines()[1:] == [
        "one: No proof was found in 7 checks.",
        "two: No proof was found in 7 checks.",
    ]
    assert "theorem one : p := by\n  sorry" in editor.texts[URI]
    await editor.finish()


async def test_of_many_the_message_has_the_first_and_the_log_all(editor: Editor) -> None:
    await editor.initialize()
    editor.open("-- prove: simp\n" + "\n".join(f"theorem t{n} : p := by\n  sorry\n" for n in range(7)))
    result = await editor.execute(asked(editor)).answer()
    assert len(result["message"].splitlines()) == 8
    assert re.fullmatch(r"7 of 7 proved: t0: .*; t4: [^;]*; 2 more in the log", await editor.shown())
    await editor.finish()


async def test_it_goes_on_when_the_text_changes(editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A declaration whose file changed under the search is tried again in the new text, and never put in twice."""
    await editor.initialize()
    editor.open(TWO.replace("simp", "gate"))
    running = editor.execute(asked(editor))
    await editor.event("prove v1")
    editor.replace("theorem one", "theorem zero : p := h\n\ntheorem one")
    await editor.settled()
    monkeypatch.setattr(fake_engine, "is_gate_open", True)
    result = await running.answer()
    assert (await editor.shown()).startswith("2 of 2 proved: one: proved")
    assert (result["proved"], result["left"]) == (2, 0)
    assert editor.texts[URI].count("simp") == 2
    assert "theorem zero : p := h\n\ntheorem one : p := by\n  simp" in editor.texts[URI]
    tried = [event.split()[1] for event in editor.events() if event.startswith("prove v")]
    assert tried == ["v1", "v2", "v3"]
    await editor.finish()


async def test_the_next_waits_for_the_change_of_the_last(editor: Editor) -> None:
    """An editor may say that an edit is applied before it reports the change, as VS Code does at times."""
    await editor.initialize()
    editor.open(TWO)
    editor.answers["workspace/applyEdit"] = {"result": {"applied": True}}
    running = editor.execute(asked(editor))
    for count in (1, 2):
        await editor.until(lambda count=count: len(editor.said("workspace/applyEdit")) == count, f"edit {count}")
        await editor.settled()
        assert editor.apply(editor.said("workspace/applyEdit")[-1]["edit"])
    result = await running.answer()
    assert (result["proved"], result["left"]) == (2, 0)
    assert [event.split()[1] for event in editor.events() if event.startswith("prove v")] == ["v1", "v2"]
    assert (await editor.shown()).startswith("2 of 2 proved")
    await editor.finish()


async def test_a_cancelled_run_keeps_what_was_proved(editor: Editor) -> None:
    await editor.initialize()
    editor.open(TWO.replace("simp", "hold"))
    running = editor.execute(asked(editor))
    await editor.event("prove v1")
    editor.notify("$/cancelRequest", {"id": running.id})
    with pytest.raises(Answered) as refused:
        await running.answer()
    assert refused.value.code == -32800
    await editor.event("prove ended v1")
    await editor.finish()


async def test_a_file_without_a_sorry(editor: Editor) -> None:
    await editor.initialize()
    editor.open("theorem one : p := by\n  simp\n")
    result = await editor.execute(asked(editor)).answer()
    assert await editor.shown() == result["message"]
    assert result == {"proved": 0, "left": 0, "message": "There is no sorry in this file."}
    await editor.finish()


async def test_no_lean_is_said_once(editor: Editor) -> None:
    """True of the whole file, so no line for each declaration."""
    await editor.initialize()
    editor.open("-- fail: no lean\n" + TWO)
    with pytest.raises(Answered) as refused:
        await editor.execute(asked(editor)).answer()
    assert refused.value.code == -32803
    assert len([event for event in editor.events() if event.startswith("prove v")]) == 1
    await editor.finish()
