"""`extract` as a program of its own beside a scripted Lean: it is killed and goes on, files fail, users err."""

import json
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from attrs import define

from lean_sidekick.cli import app
from lean_sidekick.evaluation.extraction.lean_text import KEYWORD
from lean_sidekick.settings.paths import APP_NAME
from support import trace_rows
from support.scripted_servers import LIMIT_S, SUPPORT, wait_until_gone

WORKERS = "2"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Six files; Lean holds at the fourth, and cannot load the last."""
    folder = tmp_path / "project"
    (folder / "N").mkdir(parents=True)
    (folder / "lean-toolchain").write_text("scripted\n")
    for number in range(6):
        text = f"theorem t{number} (n : Nat) : n = n := by rfl\ntheorem u{number} : True := by trivial\n"
        more = {3: "-- hold\n", 5: "import Missing\n"}.get(number, "")
        (folder / "N" / f"F{number}.lean").write_text(more + text)
    return folder


@define
class Extract:
    """The command with a scripted Lean: in this process, or as one of its own that can be killed."""

    lean: Path
    _monkeypatch: pytest.MonkeyPatch
    _capsys: pytest.CaptureFixture[str]

    def __call__(self, place: Path, out: Path, *more: str, lean: Path | None = None) -> tuple[int, str, str]:
        self._capsys.readouterr()
        status = app.run(self._arguments(place, out, lean or self.lean, *more))
        said = self._capsys.readouterr()
        return status, said.out, said.err

    def start(self, place: Path, out: Path, *more: str) -> "subprocess.Popen[str]":
        arguments = self._arguments(place, out, self.lean, *more)
        command = [sys.executable, "-m", "lean_sidekick", *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def hold_at(self, mark: Path) -> None:
        """Lean waits at a file with `hold` until the mark is there, which it makes."""
        self._monkeypatch.setenv("SCRIPTED_LEAN_HELD", str(mark))

    @property
    def pids(self) -> list[int]:
        log = [json.loads(line) for line in (self.lean.parent / "log.jsonl").read_text().splitlines()]
        return [entry["pid"] for entry in log if "pid" in entry]

    def _arguments(self, place: Path, out: Path, lean: Path, *more: str) -> list[str]:
        return ["extract", str(place), "--lean", str(lean), "--out", str(out), "--own-corpus", *more]


@pytest.fixture
def extract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Extract:
    program = tmp_path / "toolchain" / "bin" / "lean"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {SUPPORT / "scripted_lean.py"} Extraction "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    settings = tmp_path / "config" / APP_NAME / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("lean.sandbox = false\n")  # the scripted Lean is no toolchain that one could show inside
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("SCRIPTED_LEAN_LOG", str(program.parent / "log.jsonl"))
    return Extract(program, monkeypatch, capsys)


def contents(folder: Path) -> dict[str, bytes]:
    """What was written, but for the times, the order of lines that came as they came, and what is hidden."""
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.name.startswith(".") and file.name != "metadata.json":
            data = file.read_bytes()
            found[str(file.relative_to(folder))] = b"".join(sorted(data.splitlines(keepends=True)))
    return found


def test_the_scripted_lean_answers_what_is_asked() -> None:
    assert trace_rows.KEYWORD == KEYWORD


def test_killed_in_the_middle_it_goes_on_and_ends_as_if_it_had_not_been(
    project: Path, extract: Extract, tmp_path: Path
) -> None:
    status, said, complained = extract(project, tmp_path / "whole", "--workers", WORKERS)
    assert (status, "6 files traced with 10 steps" in said) == (1, True), complained
    assert "N/F5.lean cannot be loaded (unknown module prefix 'Missing'); build the project first." in complained

    held = tmp_path / "held"
    extract.hold_at(held)
    process = extract.start(project, tmp_path / "killed", "--workers", WORKERS)
    end = time.monotonic() + LIMIT_S
    while not held.exists():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.01)  # until another process has written a file: there is no event to wait for
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    assert wait_until_gone(extract.pids, LIMIT_S) == [], "no Lean is left"
    assert not (tmp_path / "killed" / "metadata.json").exists()

    done = (tmp_path / "killed" / "traced.jsonl").read_text().count("\n")  # the last line may be half written
    status, said, complained = extract(project, tmp_path / "killed", "--workers", WORKERS)
    assert status == 1
    assert f"{6 - done} files traced" in said, complained
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


def test_what_is_written_and_told(project: Path, extract: Extract, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (project / "N" / "Crash.lean").write_text("-- crash\n")
    status, said, _ = extract(project, out, "--json")
    assert status == 1
    *files, last = [json.loads(line) for line in said.splitlines()]
    assert {row["file"]: row["error"] is None for row in files} == {
        "N/Crash.lean": False,
        **{f"N/F{n}.lean": n != 5 for n in range(6)},
    }
    assert (last["traced"], last["steps"], last["report"]["theorems"]) == (7, 10, 10)
    assert {one["path"] for one in last["report"]["failed"]} == {"N/Crash.lean", "N/F5.lean"}
    written = [
        theorem
        for side in ("train", "val", "test")
        for theorem in json.loads((out / "random" / f"{side}.json").read_text())
    ]
    [first] = [theorem for theorem in written if theorem["full_name"] == "N.t0"]
    assert (first["file_path"], first["start"]) == ("N/F0.lean", [1, 1])
    [step] = first["traced_tactics"]
    assert (step["tactic"], step["state_before"], step["state_after"]) == ("rfl", "n : Nat\n⊢ t0", "no goals")
    assert sorted(path.name for path in project.rglob("*")) == sorted(
        ["N", "Crash.lean", "lean-toolchain", *(f"F{n}.lean" for n in range(6))]
    ), "nothing of the project changes"


def test_a_part_of_a_project_one_file_and_what_changed(project: Path, extract: Extract, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _, said, _ = extract(project / "N" / "F1.lean", out)
    assert "1 file traced with 2 steps" in said
    _, said, complained = extract(project / "N" / "F1.lean", out)
    assert "holds all 1 files already" in complained
    assert "traced with" not in said
    (project / "N" / "F1.lean").write_text("theorem other : True := by trivial\n")
    _, said, complained = extract(project / "N" / "F1.lean", out)
    assert "1 file traced with 1 step " in said
    assert "of other texts, another Lean or another version" in complained
    _, said, _ = extract(project / "N" / "F1.lean", out, "--restart")
    assert "1 file traced with 1 step " in said


def test_a_set_with_reference_proofs(extract: Extract, tmp_path: Path) -> None:
    data = tmp_path / "small_set.jsonl"
    rows = [
        {"name": f"t{n}", "statement": f"theorem t{n} : True := by", "reference_proof": "trivial"} for n in range(3)
    ]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    status, said, complained = extract(data, tmp_path / "out")
    assert (status, complained) == (0, "")
    assert "3 files traced" in said
    data.write_text(json.dumps({"name": "t", "statement": "theorem t : True := by"}) + "\n")
    status, _, complained = extract(data, tmp_path / "out")
    assert (status, complained) == (2, f"lean-sidekick: {data}, line 1: t has no `reference_proof`.\n")


def test_wrong_use_is_one_sentence(project: Path, extract: Extract, tmp_path: Path) -> None:
    def complaint(place: Path, out: Path, lean: Path | None = None) -> str:
        status, said, complained = extract(place, out, lean=lean)
        assert (status in (2, 3), said) == (True, "")
        assert complained.count("\n") == 1
        return complained

    out = tmp_path / "out"
    assert "nowhere does not exist." in complaint(tmp_path / "nowhere", out)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert f"{empty} has no Lean files: name a project" in complaint(empty, out)
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    assert "cannot be written" in complaint(project, blocked / "out")
    assert "lean" in complaint(project, out, tmp_path / "no-such-lean")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    (out / "traced.jsonl").write_text("what is this\n")
    assert f"{out / 'traced.jsonl'}, line 1: damaged; delete the file" in complaint(project, out)
