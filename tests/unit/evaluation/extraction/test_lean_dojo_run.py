"""lean-dojo in its own process: what it traced arrives as traced files, what it lacks as one sentence, and it ends."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from lean_sidekick.core.errors import ConfigError, InputError, TimedOut
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.evaluation.extraction.dojo_files import DojoOrigin
from lean_sidekick.evaluation.extraction.layout import write_benchmark
from lean_sidekick.evaluation.extraction.lean_dojo_run import RUNNER, DojoTrace, LeanDojo
from lean_sidekick.evaluation.extraction.traced import SourcePoint, TracedFile, TracedStep, TracedTheorem, UsedPremise
from support.made_up_traces import ORIGIN, InMemory

ROOT = Path(__file__).parents[3]
STUB = ROOT / "support" / "stub_lean_dojo"
DOJO_PYTHON = os.environ.get("LEAN_SIDEKICK_DOJO_PYTHON")
TEXT = """\
import P.A

/-- one -/
theorem P.one (n : Nat) : n + 0 = n := by
  rw [Nat.add_zero, -- here
      P.a n]

theorem P.two : 1 = 1 := by sorry
theorem P.three : 1 = 1 := rfl
"""
STEP = {
    "start": [5, 3],
    "end": [6, 13],
    "annotated": [
        "rw [<a>Nat.add_zero</a>, -- here\n      <a>P.a</a> n]",
        [
            {"full_name": "Nat.add_zero", "def_path": ".lake/packages/lean4/src/lean/Init/Core.lean"}
            | {"def_pos": [9, 9], "def_end_pos": [9, 17]},
            {"full_name": "P.a", "def_path": "P/A.lean", "def_pos": [1, 9], "def_end_pos": [1, 10]},
        ],
    ],
    "state_before": "n : Nat\n⊢ n + 0 = n",
    "state_after": "no goals",
}


def theorem(name: str, line: int, *steps: dict[str, Any], **more: object) -> dict[str, Any]:
    lines = TEXT.split("\n")
    last = line + (2 if steps else 0)
    return {
        "full_name": name,
        "start": [line, 1],
        "end": [last, len(lines[last - 1]) + 1],
        "statement": lines[line - 1].partition(" :=")[0] + " :=",
        "has_tactic_proof": ":= by" in lines[line - 1],
        "names": ["Nat.add_zero", "P.a", name] if steps else [],
        "steps": list(steps),
        **more,
    }


def source(path: str, **more: object) -> dict[str, Any]:
    return {"path": path, "text": TEXT, "imports": [], "premises": [], "theorems": [], **more}


REPOSITORY = {
    "files": [
        source(
            "P/B.lean",
            imports=["P/A.lean", ".lake/packages/lean4/src/lean/Init.lean"],
            premises=[
                {
                    "full_name": "P.one",
                    "code": "/-- one -/\ntheorem P.one (n : Nat) : n + 0 = n",
                    "start": [3, 1],
                    "end": [6, 13],
                    "kind": "commanddeclaration",
                },
                {"full_name": None, "code": "x", "start": [1, 1], "end": [1, 2], "kind": "lemma"},
            ],
            theorems=[
                theorem("P.one", 4, STEP),
                theorem("P.two", 8),
                theorem("P.three", 9),
                theorem("Std.other", 9, repo="https://example.org/std"),
            ],
        ),
        source("P/A.lean"),
        source("P/C.lean", fault="c.end <= start"),
    ]
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(STUB))
    monkeypatch.setenv("STUB_LEAN_DOJO_PROJECT", str(folder))
    fill(folder, REPOSITORY)
    return folder


def fill(project: Path, repository: dict[str, Any]) -> None:
    (project / "traced.json").write_text(json.dumps(repository), encoding="utf-8")


def lean_dojo(project: Path, limit_s: float = 30.0) -> LeanDojo:
    return LeanDojo(python=Path(sys.executable), project=project, limit_s=limit_s)


async def traced(project: Path) -> tuple[DojoOrigin, list[TracedFile]]:
    async with lean_dojo(project).trace(lambda line: None) as trace:
        return trace.origin, list(trace.files())


async def test_a_traced_repository_becomes_traced_files(project: Path) -> None:
    origin, files = await traced(project)
    assert origin == DojoOrigin(version="4.20.0", url="https://example.org/project", commit="c" * 40, lean="v4.20.0")
    assert [(file.path, file.error) for file in files] == [
        ("P/A.lean", None),
        ("P/B.lean", None),
        ("P/C.lean", "lean-dojo: AssertionError: c.end <= start"),
    ]
    file = files[1]
    assert isinstance(file.premises, CorpusFile)
    assert file.premises.imports == ("Init", "P.A") and file.premises.module == "P.B"
    [premise] = file.premises.premises
    assert isinstance(premise, Premise)
    assert (premise.full_name, premise.statement, premise.doc) == ("P.one", "(n : Nat) : n + 0 = n", "one")
    one, two, three = file.theorems
    assert one == TracedTheorem(
        full_name="P.one",
        path="P/B.lean",
        start=SourcePoint(4, 1),
        end=SourcePoint(6, 13),
        statement="theorem P.one (n : Nat) : n + 0 = n",
        steps=(
            TracedStep(
                tactic="rw [Nat.add_zero, -- here\n      P.a n]",
                start=SourcePoint(5, 3),
                end=SourcePoint(6, 13),
                state_before="n : Nat\n⊢ n + 0 = n",
                state_after="no goals",
                premises=(
                    UsedPremise(
                        full_name="Nat.add_zero",
                        start=SourcePoint(5, 7),
                        end=SourcePoint(5, 19),
                        defined_in=".lake/packages/lean4/src/lean/Init/Core.lean",
                        defined_at=SourcePoint(9, 9),
                        defined_end=SourcePoint(9, 17),
                    ),
                    UsedPremise(
                        full_name="P.a",
                        start=SourcePoint(6, 7),
                        end=SourcePoint(6, 10),
                        defined_in="P/A.lean",
                        defined_at=SourcePoint(1, 9),
                        defined_end=SourcePoint(1, 10),
                    ),
                ),
            ),
        ),
        uses=("Nat.add_zero", "P.a"),
        is_complete=True,
    )
    assert not two.is_complete, "it says sorry"
    assert three.is_complete and three.steps == ()


async def test_what_lean_dojo_annotated_is_written_as_it_annotated_it(project: Path, tmp_path: Path) -> None:
    _, files = await traced(project)
    write_benchmark(InMemory(files), tmp_path / "out", ORIGIN, 0, lambda path: None)
    rows = [
        row
        for side in ("train", "val", "test")
        for row in json.loads((tmp_path / "out" / "random" / f"{side}.json").read_text("utf-8"))
    ]
    [step] = next(row for row in rows if row["full_name"] == "P.one")["traced_tactics"]
    assert step["annotated_tactic"] == STEP["annotated"]
    assert step["tactic"] == "rw [Nat.add_zero,\n    P.a n]"
    assert {row["full_name"] for row in rows} == {"P.one", "P.three"}


async def test_a_python_without_lean_dojo_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "")
    with pytest.raises(ConfigError, match=r"has no lean-dojo .*No module named.*the extra `dojo`.*--dojo-python"):
        await traced(project)


async def test_an_import_that_fails_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a GitHub token lean-dojo asks GitHub while it is imported."""
    monkeypatch.setenv("STUB_LEAN_DOJO", "import fails")
    with pytest.raises(ConfigError, match=r"BadCredentialsException: 401"):
        await traced(project)


async def test_no_python_at_all(project: Path, tmp_path: Path) -> None:
    missing = LeanDojo(python=tmp_path / "no-python", project=project)
    with pytest.raises(ConfigError, match=r"no-python is no program.*--dojo-python"):
        async with missing.trace(lambda line: None):
            pass


async def test_a_project_that_it_cannot_trace_is_said(project: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"lean-dojo cannot trace .*is not a valid URL"):
        await traced(tmp_path / "elsewhere")
    fill(project, {"fault": "Max retries exceeded with url:\n/repos/leanprover/lean4"})
    with pytest.raises(InputError, match=r"cannot trace .*Max retries exceeded with url: /repos/leanprover"):
        await traced(project)


async def test_it_ends_with_its_time(project: Path, tmp_path: Path) -> None:
    fill(project, {**REPOSITORY, "hangs": str(tmp_path / "pid")})
    with pytest.raises(TimedOut, match="did not come to an end"):
        async with lean_dojo(project, limit_s=0.5).trace(lambda line: None):
            pass


async def test_a_cancel_ends_it_with_all_that_it_started(project: Path, tmp_path: Path) -> None:
    """Also what has a session of its own, as the workers of ray have."""
    pid_file = tmp_path / "pid"
    fill(project, {**REPOSITORY, "hangs": str(pid_file)})
    has_child = asyncio.Event()

    def look(line: str) -> None:
        if pid_file.exists() and psutil.Process(int(pid_file.read_text())).children():
            has_child.set()

    async def run() -> None:
        async with lean_dojo(project).trace(look):
            pass

    task = asyncio.create_task(run())
    async with asyncio.timeout(20):
        await has_child.wait()
    runner = psutil.Process(int(pid_file.read_text()))
    family = [runner, *runner.children(recursive=True)]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(family) == 2 and psutil.wait_procs(family, timeout=10)[1] == []


@pytest.mark.skipif(DOJO_PYTHON is None, reason="LEAN_SIDEKICK_DOJO_PYTHON names no Python that has lean-dojo")
def test_objects_of_the_real_lean_dojo_become_traced_files(tmp_path: Path) -> None:
    """The runner on lean-dojo's own classes, which read a made-up traced file: all names it uses are there."""
    program = ROOT / "support" / "real_lean_dojo.py"
    subprocess.run(
        [DOJO_PYTHON or "", program, RUNNER, tmp_path / "made", tmp_path / "out.jsonl"], check=True, timeout=50
    )
    trace = DojoTrace(path=tmp_path / "out.jsonl")
    assert trace.origin.version.startswith("4.")
    [file] = trace.files()
    assert (file.path, file.error) == ("P/A.lean", None)
    assert [premise.full_name for premise in file.premises.premises] == ["P.a", "P.b"]
    one, other = file.theorems
    assert one.is_complete and other.is_complete and other.steps == ()
    assert one.statement == "theorem P.a (n : Nat) : n + 0 = n"
    assert [step.tactic for step in one.steps] == ["rw [Nat.add_zero, -- here\n      Nat.add_zero]", "exact rfl"]
    assert [premise.start for premise in one.steps[0].premises] == [SourcePoint(3, 7), SourcePoint(4, 7)]
    assert one.uses == ("Nat.add_zero",)
