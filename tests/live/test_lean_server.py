"""A real Lean: what it says is understood, what kills it is survived, and nothing of it is left."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from lean_sidekick.core.errors import ImportsOutOfDate, LeanCrashed, StaleDocument, TimedOut
from lean_sidekick.core.positions import Position
from lean_sidekick.lean import diagnostics as said
from lean_sidekick.lean.documents import ShadowDocument
from lean_sidekick.lean.gates import Gate
from lean_sidekick.lean.launch import Limits
from lean_sidekick.lean.process import has_guard
from lean_sidekick.lean.project import find_project
from lean_sidekick.lean.server import LeanServer
from lean_sidekick.lean.toolchain import Toolchain, find_toolchain
from support.scripted_servers import wait_until_gone

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

LIMIT_S = 60.0
SHORT_S = 1.0
PROOF = """theorem a (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  apply And.intro
  exact hp
  exact hq
"""
NEVER_ENDS = """partial def spin (n : Nat) : Nat := spin (n + 1)
#eval spin 0
"""


@pytest.fixture
async def toolchain(real_lean: Path, tmp_path: Path) -> Toolchain:
    return await find_toolchain(find_project(tmp_path), str(real_lean), os.environ)


@pytest.fixture
async def lean(toolchain: Toolchain, tmp_path: Path) -> AsyncIterator[LeanServer]:
    """A server in an empty project; nothing of it may be left afterwards."""
    async with serving(tmp_path, toolchain) as server:
        yield server


@asynccontextmanager
async def serving(folder: Path, toolchain: Toolchain, limits: Limits | None = None) -> AsyncIterator[LeanServer]:
    before = leans()
    server = LeanServer(find_project(folder), toolchain, limits or Limits())
    try:
        yield server
    finally:
        await server.close()
        assert leans() <= before


def leans() -> set[int]:
    """The processes below this one."""
    own = {process.pid for process in psutil.Process().children(recursive=True)}
    return {pid for pid in own if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE}


def processes(server: LeanServer, mode: str) -> list[psutil.Process]:
    """The server's processes with a mode (`--server`, `--worker`) in their arguments."""
    assert server.pid is not None
    below = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    return [process for process in below if process.name().startswith("lean") and mode in process.cmdline()]


async def open_file(server: LeanServer, folder: Path, text: str) -> ShadowDocument:
    return await server.open((folder / "A.lean").as_uri(), text)


async def test_a_proof_has_goals_and_no_errors(lean: LeanServer, tmp_path: Path) -> None:
    document = await open_file(lean, tmp_path, PROOF)
    assert [d for d in await document.diagnostics(LIMIT_S) if d.is_error] == []
    goals = await document.plain_goal(Position(1, 2), LIMIT_S)
    assert goals is not None
    assert [goal.target for goal in goals] == ["p ∧ q"]
    assert goals[0].names == ("p", "q", "hp", "hq")
    after = await document.plain_goal(Position(1, len("  apply And.intro")), LIMIT_S)
    assert after is not None
    assert [goal.target for goal in after] == ["p", "q"]
    assert await document.plain_goal(Position(3, len("  exact hq")), LIMIT_S) == ()
    term = await document.plain_term_goal(Position(2, 8), LIMIT_S)
    assert term is not None
    assert term.target == "p"


async def test_errors_sorry_and_axioms_are_understood(lean: LeanServer, tmp_path: Path) -> None:
    text = f"{PROOF}theorem b : 1 = 2 := by\n  skip\ntheorem c : 1 = 2 := sorry\n#print axioms a\n#print axioms c\n"
    document = await open_file(lean, tmp_path, text)
    found = await document.diagnostics(LIMIT_S)
    (unsolved,) = [d for d in found if said.is_unsolved_goals(d)]
    assert [goal.target for goal in said.unsolved_goals(unsolved)] == ["1 = 2"]
    assert len([d for d in found if said.is_sorry_warning(d)]) == 1
    axioms = [entry for entry in (said.parse_axioms(d.message) for d in found) if entry]
    assert axioms == [("a", ()), ("c", ("sorryAx",))]


async def test_characters_outside_the_first_plane_keep_their_columns(lean: LeanServer, tmp_path: Path) -> None:
    document = await open_file(lean, tmp_path, "/- 𝔸𝔸 -/ #check nothing\n")
    (error,) = [d for d in await document.diagnostics(LIMIT_S) if d.is_error]
    assert error.range.start == Position(0, len("/- 𝔸𝔸 -/ #check ") + 2)


async def test_what_stands_above_an_edit_is_not_run_again(lean: LeanServer, tmp_path: Path) -> None:
    """Guards reuse: the clock above the edit shows the same time. A whole-text change shows a new one in 2021."""
    clock = "#eval IO.monoMsNow\n"
    document = await open_file(lean, tmp_path, f"{clock}#check Nat\n#check Nat\n")
    first = await document.diagnostics(LIMIT_S)
    for name in ("Int", "Bool", "Unit"):
        await document.change(f"{clock}#check Nat\n#check {name}\n")
        later = await document.diagnostics(LIMIT_S)
        assert later[0].message == first[0].message
        assert later[2].message != first[2].message


async def test_dialect_gates_say_what_this_lean_has(lean: LeanServer, tmp_path: Path) -> None:
    """Each tactic is parsed and run exactly where its gate says so."""
    await lean.start()
    is_camel_case = lean.gates.has(Gate.CAMEL_CASE_TACTICS)
    forms = {
        "traceState": is_camel_case,
        "trace_state": not is_camel_case,
        "allGoals skip": is_camel_case,
        "all_goals skip": not is_camel_case,
        'trace "x"': lean.gates.has(Gate.TRACE_TEXT),
        "· skip; trivial": lean.gates.has(Gate.DOT_BLOCKS),
    }
    for number, (form, is_there) in enumerate(forms.items()):
        tail = "" if form.startswith("·") else "\n  trivial"
        uri = (tmp_path / f"{number}.lean").as_uri()
        document = await lean.open(uri, f"example : True := by\n  {form}{tail}\n")
        errors = [d for d in await document.diagnostics(LIMIT_S) if d.is_error]
        assert (not errors) == is_there, (form, errors)
        await document.close()


async def test_a_missing_import_is_one_sentence(lean: LeanServer, tmp_path: Path) -> None:
    document = await open_file(lean, tmp_path, f"import No.Such.Module\n{PROOF}")
    with pytest.raises(ImportsOutOfDate, match=r"A\.lean .*No"):
        await document.diagnostics(LIMIT_S)


async def test_imports_may_change(lean: LeanServer, tmp_path: Path) -> None:
    document = await open_file(lean, tmp_path, f"import No.Such\n{PROOF}")
    with pytest.raises(ImportsOutOfDate):
        await document.diagnostics(LIMIT_S)
    await document.change(PROOF)
    assert [d for d in await document.diagnostics(LIMIT_S) if d.is_error] == []
    await document.change(f"import Lean\n{PROOF}#check Lean.Expr\n")
    assert [d for d in await document.diagnostics(LIMIT_S) if d.is_error] == []


async def test_a_worker_that_never_ends_is_left_in_time_and_replaced(lean: LeanServer, tmp_path: Path) -> None:
    document = await open_file(lean, tmp_path, PROOF + NEVER_ENDS)
    with pytest.raises(TimedOut):
        await document.diagnostics(SHORT_S)
    (worker,) = processes(lean, "--worker")
    await document.reopen(PROOF)
    assert [d for d in await document.diagnostics(LIMIT_S) if d.is_error] == []
    assert await asyncio.to_thread(wait_until_gone, [worker.pid], LIMIT_S) == []


async def test_an_edit_overtakes_a_question(lean: LeanServer, tmp_path: Path) -> None:
    document = await open_file(lean, tmp_path, PROOF + NEVER_ENDS)
    waiting = asyncio.create_task(document.diagnostics(LIMIT_S))
    with pytest.raises(TimedOut):
        await document.plain_goal(Position(5, 6), SHORT_S)
    await document.reopen(PROOF)
    with pytest.raises(StaleDocument):
        await waiting


async def test_a_killed_worker_is_replaced(lean: LeanServer, tmp_path: Path) -> None:
    document = await open_file(lean, tmp_path, PROOF + NEVER_ENDS)
    waiting = asyncio.create_task(document.diagnostics(LIMIT_S))
    with pytest.raises(TimedOut):
        await document.plain_goal(Position(5, 6), SHORT_S)
    (worker,) = processes(lean, "--worker")
    worker.kill()
    with pytest.raises(LeanCrashed):
        await waiting
    await document.change(PROOF)
    assert [d for d in await document.diagnostics(LIMIT_S) if d.is_error] == []
    assert len(processes(lean, "--server")) == 1


async def test_a_killed_server_is_started_again(lean: LeanServer, tmp_path: Path) -> None:
    document = await open_file(lean, tmp_path, PROOF + NEVER_ENDS)
    waiting = asyncio.create_task(document.diagnostics(LIMIT_S))
    with pytest.raises(TimedOut):
        await document.plain_goal(Position(5, 6), SHORT_S)
    (worker,) = processes(lean, "--worker")
    processes(lean, "--server")[0].kill()
    with pytest.raises(LeanCrashed):
        await waiting
    await document.change(PROOF)
    assert [d for d in await document.diagnostics(LIMIT_S) if d.is_error] == []
    if has_guard():
        assert await asyncio.to_thread(wait_until_gone, [worker.pid], LIMIT_S) == []


async def test_many_files_at_once(lean: LeanServer, tmp_path: Path) -> None:
    async def check(number: int) -> list[str]:
        document = await lean.open((tmp_path / f"F{number}.lean").as_uri(), f"#check {number}\n")
        return [d.message for d in await document.diagnostics(LIMIT_S)]

    answers = await asyncio.gather(*(check(number) for number in range(4)))
    assert answers == [[f"{number} : Nat"] for number in range(4)]


async def test_a_worker_out_of_memory_is_no_success(toolchain: Toolchain, tmp_path: Path) -> None:
    """`-M`, or the operating system where Lean does not hand it to its workers."""
    if toolchain.version.release <= (4, 0, 0) and not has_guard():
        pytest.skip("a Lean of 2021 hands -M to no worker, and there is no guard to set a limit")
    text = (
        "def double (a : Array Nat) : Nat → Array Nat\n  | 0 => a\n  | n + 1 => double (a ++ a) n\n"
        "#eval (double #[0] 26).size\n"
    )
    async with serving(tmp_path, toolchain) as server:
        document = await open_file(server, tmp_path, text)
        assert [d.message.strip() for d in await document.diagnostics(LIMIT_S)] == ["67108864"]
    async with serving(tmp_path, toolchain, Limits(memory_mb=400)) as server:
        document = await open_file(server, tmp_path, text)
        try:
            found = await document.diagnostics(LIMIT_S)
        except LeanCrashed:
            return
    assert [d for d in found if d.is_error], found


async def test_a_lean_of_2021_builds_nothing(toolchain: Toolchain, tmp_path: Path) -> None:
    """`leanpkg` beside it would compile the import as soon as the file is opened."""
    if not toolchain.lean.with_name("leanpkg").exists():
        pytest.skip("this Lean has no leanpkg")
    (tmp_path / "leanpkg.toml").write_text('[package]\nname = "p"\nversion = "0.1"\n', encoding="utf-8")
    (tmp_path / "P.lean").write_text("import P.B\n", encoding="utf-8")
    (tmp_path / "P").mkdir()
    (tmp_path / "P" / "B.lean").write_text("def b := 1\n", encoding="utf-8")
    async with serving(tmp_path, toolchain) as server:
        document = await server.open((tmp_path / "P.lean").as_uri(), "import P.B\n#check b\n")
        with pytest.raises(ImportsOutOfDate, match=r"`P\.B`"):
            await document.diagnostics(LIMIT_S)
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize("is_guarded", [True, False])
def test_nothing_outlives_a_killed_sidecar(real_lean: Path, tmp_path: Path, is_guarded: bool) -> None:
    """With the guard, and by the closing of its input alone: a busy worker ends in both cases."""
    if is_guarded and not has_guard():
        pytest.skip("the guard process exists on Linux only")
    program = f"""
import asyncio, os, psutil
from pathlib import Path
from lean_sidekick.core.errors import TimedOut
from lean_sidekick.lean import process, server
from lean_sidekick.lean.launch import Limits
from lean_sidekick.lean.project import find_project
from lean_sidekick.lean.server import LeanServer
from lean_sidekick.lean.toolchain import find_toolchain
if not {is_guarded}:
    process.has_guard = server.has_guard = lambda: False
async def main():
    project = find_project(Path({str(tmp_path)!r}))
    lean = LeanServer(project, await find_toolchain(project, {str(real_lean)!r}, os.environ), Limits())
    document = await lean.open({(tmp_path / "A.lean").as_uri()!r}, {NEVER_ENDS!r})
    try:
        await document.diagnostics({SHORT_S})
    except TimedOut:
        print(*(p.pid for p in psutil.Process().children(recursive=True)), flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
    sidecar = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert sidecar.stdout is not None
        pids = [int(pid) for pid in sidecar.stdout.readline().split()]
        assert len(pids) == (3 if is_guarded else 2)
    finally:
        sidecar.send_signal(signal.SIGKILL)
        sidecar.wait(LIMIT_S)
    assert wait_until_gone(pids, LIMIT_S) == []
