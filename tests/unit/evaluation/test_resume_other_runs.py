"""`bench effort` and `bench premises`, killed as it cannot be caught and continued, end as runs that were not."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lean_sidekick.cli import app
from support.held_runs import make_effort, make_premises

ROOT = Path(__file__).parents[3]
PYTHONPATH = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "server")])
TIMES = ("ms_p50", "ms_p95")


def run_and_kill(kind: str, data: Path, out: Path, hold: int) -> None:
    """Starts a run as a process of its own and kills it after `hold` results."""
    process = subprocess.Popen(
        [sys.executable, "-m", "support.held_runs", kind, data, out, f"--hold={hold}"],
        env={**os.environ, "PYTHONPATH": PYTHONPATH},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "holding\n" in iter(process.stdout.readline, "")
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)


def test_effort(tmp_path: Path) -> None:
    data, whole, killed = tmp_path / "data.jsonl", tmp_path / "whole", tmp_path / "killed"
    rows = [
        {"name": f"t{10**n}", "statement": f"theorem t{10**n} : {n} = {n} := by", "reference_proof": "rfl"}
        for n in range(12)
    ]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert make_effort(data, whole, None) == 12
    run_and_kill("effort", data, killed, hold=5)
    assert not (killed / "summary.json").exists()
    kept = (killed / "results.jsonl").read_bytes()
    assert kept.count(b"\n") == 5
    (killed / "results.jsonl").write_bytes(kept + b'{"declaration": "t1')  # the row it was writing
    assert make_effort(data, killed, None) == 7, "what was done is not done again"
    for name in ("results.jsonl", "summary.json", "run.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    assert sorted(path.name for path in killed.iterdir()) == ["results.jsonl", "run.json", "summary.json"]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "theorems.jsonl"
    rows = [
        {
            "name": f"M.t{n}",
            "module": "M",
            "type": f"∀ (a b : Nat), a + {n % 5} = b * {n % 3}",
            "premises": [f"M.t{n // 2}"] if n else [],
            "line": n + 1,
        }
        for n in range(40)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def without_times(result: Path) -> dict[str, Any]:
    fields = json.loads(result.read_text(encoding="utf-8"))
    for groups in fields["ways"].values():
        for figures in groups.values():
            assert all(figures.pop(name) >= 0 for name in TIMES)
    return fields


def test_premises(library: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    count = make_premises(library, whole, None)
    run_and_kill("premises", library, killed, hold=3)
    assert not (killed / "premises.json").exists()
    kept = (killed / "ways.jsonl").read_bytes()
    assert kept.count(b"\n") == 3
    (killed / "ways.jsonl").write_bytes(kept + b'{"way": "sha')
    assert make_premises(library, killed, None) == count - 3, "what was measured is not measured again"
    assert without_times(killed / "premises.json") == without_times(whole / "premises.json")
    assert list(without_times(killed / "premises.json")["ways"])[:3] == [
        json.loads(row)["way"] for row in kept.splitlines()
    ]
    assert sorted(path.name for path in killed.iterdir()) == ["premises.json", "run.json"]


def test_a_finished_run_of_premises_is_shown_and_another_one_refused(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    count = make_premises(library, out, None)
    table = capsys.readouterr().out
    assert make_premises(library, out, None) == 0
    said = capsys.readouterr()
    assert said.out == table and "--restart makes it again" in said.err
    library.write_text(library.read_text(encoding="utf-8").replace("M.t39", "M.t99"), encoding="utf-8")
    assert app.run(["bench", "premises", str(library), "--out", str(out)]) == 2
    assert "holds another run" in capsys.readouterr().err
    assert app.run(["bench", "premises", str(library), "--out", str(out), "--restart"]) == 0
    assert len(json.loads((out / "premises.json").read_text(encoding="utf-8"))["ways"]) == count
