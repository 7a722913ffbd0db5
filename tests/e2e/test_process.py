"""The server as a process: its start, its ends, its pipes, and that nothing is left of it."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from support.editor import FULL, LIMIT_S, PATIENT, TESTS, URI, Answered, Editor, ServerProcess, frame

THEOREM = "-- suggest: simp => closes the goal\ntheorem t : p := by\n  sorry\n"
HEAVY = {
    "torch",
    "transformers",
    "sentence_transformers",
    "numpy",
    "scipy",
    "sklearn",
    "pandas",
    "openai",
    "pydantic",
    "matplotlib",
}
INITIALIZE = {"processId": None, "rootUri": None, "capabilities": FULL}


async def gone(process_id: int) -> None:
    """The process has ended."""
    with suppress(psutil.NoSuchProcess):
        _, alive = await asyncio.to_thread(psutil.wait_procs, [psutil.Process(process_id)], LIMIT_S)
        assert alive == []


async def child_of(editor: Editor) -> int:
    """The process that the engine starts."""
    editor.open(f"-- child\n-- hold\n{THEOREM}")
    editor.ask_code_actions("sorry")
    return int((await editor.event("child")).split()[1])


async def test_the_main_job_over_a_pipe(distant_editor: Editor) -> None:
    """Open, ask, apply, complete, leave: with the process that users have."""
    editor = distant_editor
    await editor.initialize()
    editor.open(THEOREM + "-- prove: rfl\n")
    actions = await editor.offered("sorry", 3)
    assert editor.apply(actions[0]["edit"])
    assert "by\n  simp\n" in editor.texts[URI]
    editor.replace("simp\n", "sorry\n")
    assert (await editor.complete_proof("sorry").answer())["applied"] is True
    assert "by\n  rfl\n" in editor.texts[URI]
    await editor.settled()
    await editor.finish()


async def test_what_comes_right_behind_initialize_is_handled_in_order(distant_editor: Editor) -> None:
    """Nobody waits for the imports: all is sent at once, in small pieces, and nothing is lost or swapped."""
    editor = distant_editor
    answers = [editor.ask("initialize", {**INITIALIZE, "initializationOptions": {"suggest": {"delayMs": 60_000}}})]
    editor.notify("initialized", {})
    editor.open(THEOREM.replace("p :=", "pp :="))
    for _ in range(20):
        editor.type_after("pp", "q")
    editor.replace("q" * 20, "")
    answers.append(editor.ask("textDocument/codeAction", editor.code_action_params("sorry")))
    editor.replace("sorry", "done")
    answers.append(editor.ask("textDocument/codeAction", editor.code_action_params("done")))
    assert (await answers[0].answer())["serverInfo"]["name"] == "lean-sidekick"
    # The text changed behind the second request, before it could be answered.
    with pytest.raises(Answered) as stale:
        await answers[1].answer()
    assert stale.value.code == -32801
    assert await answers[2].answer() == []
    await editor.finish()


async def test_initialize_in_pieces(distant_editor: Editor) -> None:
    editor = distant_editor
    for byte in frame({"jsonrpc": "2.0", "id": "first", "method": "initialize", "params": INITIALIZE}):
        editor.send_bytes(bytes([byte]))
    answer = await editor.hears("(answer)")
    assert answer["id"] == "first"
    await editor.finish()


async def test_before_initialize(distant_editor: Editor) -> None:
    """Garbage, early requests and early notifications do not keep the server from starting."""
    editor = distant_editor
    editor.send_bytes(b"garbage\r\n\r\n")
    editor.send_bytes(b"Content-Length: 3\r\n\r\n{]}")
    editor.send([1])
    editor.notify("textDocument/didOpen", {})
    for method, params in (("shutdown", None), ("initialize", None), ("initialize", [1])):
        with pytest.raises(Answered):
            await editor.request(method, params)
    codes = [answer["error"]["code"] for answer in editor.said("(answer)")]
    assert codes == [-32700, -32700, -32600]
    await editor.initialize()
    await editor.finish()


async def test_what_a_client_says_of_itself_may_be_wrong(distant_editor: Editor) -> None:
    """Capabilities that cannot be read count as none; options are honoured all the same."""
    editor = distant_editor
    await editor.initialize(capabilities={"textDocument": 7}, options={**PATIENT, "inlayHints": {"enabled": False}})
    editor.open(THEOREM)
    action, *_ = await editor.offered("sorry", 3)
    assert list(action["edit"]) == ["changes"]
    assert await editor.inlay_hints() == []
    await editor.finish()


@pytest.mark.parametrize(
    ("says", "status"),
    [
        ([], 1),
        (["exit"], 1),
        (["initialize"], 1),
        (["initialize", "exit"], 1),
        (["initialize", "shutdown"], 0),
        (["initialize", "shutdown", "exit"], 0),
    ],
)
async def test_ways_to_leave(distant_editor: Editor, says: list[str], status: int) -> None:
    """All is said at once, so that the server is still importing; the exit status is the standard's."""
    editor = distant_editor
    asked = []
    for method in says:
        if method == "exit":
            editor.notify(method, None)
        else:
            asked.append(editor.ask(method, INITIALIZE if method == "initialize" else None))
    if says[-1:] != ["exit"]:
        editor.hang_up()
    assert await editor.ended() == status
    for request in asked:
        await request.answer()
    assert [line for line in editor.log if "Traceback" in line] == []


async def test_exit_without_shutdown_when_all_is_up(distant_editor: Editor) -> None:
    editor = distant_editor
    await editor.initialize()
    child = await child_of(editor)
    editor.notify("exit", None)
    assert await editor.ended() == 1
    await gone(child)


async def test_a_closed_pipe_ends_the_server_and_its_children(distant_editor: Editor) -> None:
    """The editor dies in the middle of a round: the round is ended, the engine closed, nothing left."""
    editor = distant_editor
    await editor.initialize()
    child = await child_of(editor)
    editor.hang_up()
    assert await editor.ended() == 1
    await gone(child)
    assert editor.events()[-2:] == ["suggest ended v1", "close"]


async def test_an_editor_that_does_not_listen_any_more(distant_editor: Editor) -> None:
    """Only the server's output is closed: its next word finds nobody, and it goes."""
    editor = distant_editor
    await editor.initialize()
    child = await child_of(editor)
    await editor.stop_listening()
    editor.ask("test/unknown", None)
    assert await asyncio.wait_for(editor.server.wait(), LIMIT_S) == 1
    await gone(child)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 1), (signal.SIGINT, 130)])
async def test_a_signal_ends_the_server_and_its_children(
    distant_editor: Editor, number: signal.Signals, status: int
) -> None:
    editor = distant_editor
    await editor.initialize()
    child = await child_of(editor)
    assert isinstance(editor.server, ServerProcess)
    os.kill(editor.server.process.pid, number)
    assert await editor.ended() == status
    await gone(child)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
async def test_an_interrupt_before_initialize(distant_editor: Editor) -> None:
    """Whoever started it by hand leaves with Ctrl-C, without a trace on the screen."""
    editor = distant_editor
    with pytest.raises(Answered):
        await editor.request("test/unknown", None)  # it has begun to read
    assert isinstance(editor.server, ServerProcess)
    os.kill(editor.server.process.pid, signal.SIGINT)
    assert await editor.ended() == 130
    assert editor.log == []


async def test_the_server_goes_with_its_editor(distant_editor: Editor) -> None:
    """The pipe is still open, but the process that `initialize` named is gone."""
    editor = distant_editor
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
    await editor.initialize(processId=parent.pid)
    child = await child_of(editor)
    parent.kill()
    await parent.wait()
    assert await editor.ended() == 1
    await gone(child)


async def test_what_anything_prints_does_not_break_the_frames(distant_editor: Editor) -> None:
    """Standard output belongs to the protocol: a library's print goes to standard error."""
    editor = distant_editor
    await editor.initialize()
    editor.open(f"-- print\n{THEOREM}")
    assert len(await editor.offered("sorry", 3)) == 3
    await editor.finish()
    assert "what some library says" in editor.log


async def test_a_tcp_port_instead_of_pipes() -> None:
    server = await ServerProcess.start("--tcp", "0")
    try:
        waiting = await server.lines()
        assert waiting is not None
        port = int(re.findall(r"127\.0\.0\.1:(\d+)", waiting)[0])
        server.reader, server.writer = await asyncio.open_connection("127.0.0.1", port)
        editor = Editor(server)
        await editor.initialize()
        editor.open(THEOREM)
        assert len(await editor.offered("sorry", 3)) == 3
        await editor.finish()
        await editor.kill()
    finally:
        await server.kill()


def serve(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """`lean-sidekick serve` with no input at all."""
    return subprocess.run(
        [sys.executable, "-m", "lean_sidekick", "serve", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )


@pytest.mark.parametrize("arguments", [["--tcp", "x"], ["--tcp", "99999"], ["--what"], ["file.lean"]])
def test_wrong_use(arguments: list[str]) -> None:
    ended = serve(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.strip().splitlines()[-1].startswith("lean-sidekick serve: ")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that can close standard input")
def test_no_standard_input_at_all() -> None:
    ended = subprocess.run(
        ["sh", "-c", 'exec "$0" -m lean_sidekick serve <&-', sys.executable],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("lean-sidekick serve: cannot speak to an editor here: ")


def test_help() -> None:
    ended = serve("--help")
    assert ended.returncode == 0
    assert "--tcp PORT" in ended.stdout


def modules_after(script: str, messages: list[object]) -> set[str]:
    """The top-level modules that a run of `lean-sidekick serve` says are loaded, in one line of standard error."""
    ended = subprocess.run(
        [sys.executable, "-c", script, "serve"],
        input=b"".join(frame(message) for message in messages),
        capture_output=True,
        timeout=LIMIT_S,
        cwd=TESTS,
    )
    (line,) = [line for line in ended.stderr.decode().splitlines() if line.startswith("loaded: ")]
    return {name.partition(".")[0] for name in json.loads(line.removeprefix("loaded: "))}


TELL = "sys.stderr.write('loaded: ' + json.dumps(sorted(sys.modules)) + '\\n')"


def test_initialize_is_answered_with_the_standard_library_alone() -> None:
    """The answer is out before click, pygls or anything else is imported."""
    script = f"""
import json, sys
from lean_sidekick.cli import main, serve
answer = serve.answer_initialize
def answer_and_tell(connection):
    answer(connection)
    {TELL}
serve.answer_initialize = answer_and_tell
main.main()
"""
    loaded = modules_after(script, [{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}])
    assert "lean_sidekick" in loaded
    third_party = {path.name.partition(".")[0].partition("-")[0] for path in Path(psutil.__file__).parents[1].iterdir()}
    assert third_party >= {"pygls", "click", "attrs"}
    # The interpreter itself loads the hook of setuptools.
    assert loaded & (third_party | HEAVY | {"asyncio"}) <= {"lean_sidekick", "_distutils_hack"}


def test_a_whole_session_with_the_real_engine_loads_nothing_heavy() -> None:
    """Also when the engine's own modules are in, the server holds no library of models; numpy comes with the index of
    premises, which is opened on a thread after the first round."""
    script = f"""
import atexit, json, sys
from lean_sidekick.cli import main
atexit.register(lambda: {TELL})
main.main()
"""
    item = {"uri": "untitled:A", "languageId": "lean4", "version": 1, "text": "theorem t : True := by\n  sorry\n"}
    place = {"line": 1, "character": 3}
    loaded = modules_after(
        script,
        [
            {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE},
            {"jsonrpc": "2.0", "method": "initialized", "params": {}},
            {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": item}},
            {
                "jsonrpc": "2.0",
                "id": 2,
                "method": "textDocument/codeAction",
                "params": {
                    "textDocument": {"uri": "untitled:A"},
                    "range": {"start": place, "end": place},
                    "context": {"diagnostics": []},
                },
            },
            {"jsonrpc": "2.0", "id": 3, "method": "shutdown"},
            {"jsonrpc": "2.0", "method": "exit"},
        ],
    )
    assert {"lean_sidekick", "pygls"} <= loaded
    assert loaded & HEAVY <= {"numpy"}
