"""`extract --with lean-dojo` from the command line, with a stand-in for the package."""

import json
import sys
from pathlib import Path

import pytest

from lean_sidekick.cli import app
from lean_sidekick.evaluation.extraction.store import open_traced_store
from support.made_up_traces import MadeUpProject

STUB = Path(__file__).parents[2] / "support" / "stub_lean_dojo"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "LICENSE").write_text("Do as you like.\n", encoding="utf-8")
    theorem = {
        "full_name": "t",
        "start": [1, 1],
        "end": [1, 24],
        "statement": "theorem t : 1 = 1",
        "has_tactic_proof": False,
        "names": [],
        "steps": [],
    }
    file = {
        "path": "A.lean",
        "text": "theorem t : 1 = 1 := rfl",
        "imports": [],
        "premises": [{"full_name": "t", "code": "theorem t : 1 = 1", "start": [1, 1], "end": [1, 24], "kind": "x"}],
        "theorems": [theorem],
    }
    (folder / "traced.json").write_text(json.dumps({"files": [file]}), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(STUB))
    monkeypatch.setenv("STUB_LEAN_DOJO_PROJECT", str(folder))
    return folder


def extract(project: Path, out: Path, *more: str) -> int:
    return app.run(
        ["extract", str(project), "--with", "lean-dojo", "--dojo-python", sys.executable, "--out", str(out), *more]
    )


def test_a_benchmark_comes_of_what_lean_dojo_traced(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert extract(project, out) == 0
    said = capsys.readouterr()
    assert "theorems: 1;" in said.out and "Traced with lean-dojo 4.20.0" in said.err
    metadata = json.loads((out / "metadata.json").read_text(encoding="utf-8"))
    assert metadata["leandojo_version"] == "4.20.0" and metadata["traced_with"] == "lean-dojo 4.20.0"
    assert metadata["from_repo"] == {"url": "https://example.org/project", "commit": "c" * 40}
    assert [file.name for file in (out / "licenses").iterdir()] == ["project-LICENSE"]
    assert extract(project, out, "--json") == 0, "again into the same folder"
    assert json.loads(capsys.readouterr().out)["report"]["theorems"] == 1


def test_what_our_own_lean_traced_is_not_thrown_away(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = MadeUpProject(20)
    with open_traced_store(tmp_path / "out") as store:
        store.add(files.read(files.paths[0]), key="ours")
    assert extract(project, tmp_path / "out") == 2
    assert "holds what was traced without lean-dojo" in capsys.readouterr().err
    assert extract(project, tmp_path / "out", "--restart") == 0


def test_what_fails_is_one_sentence(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "traced.json").write_text('{"fault": "no network"}', encoding="utf-8")
    assert extract(project, tmp_path / "out") == 2
    assert capsys.readouterr().err.strip().endswith(f"lean-dojo cannot trace {project} (RuntimeError: no network).")
