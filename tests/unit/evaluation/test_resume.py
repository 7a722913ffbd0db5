"""A run that is killed and continued ends as one that was not: rows, figures, nothing twice, nothing lost."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lean_sidekick.core.errors import InputError, LeanUnavailable
from lean_sidekick.evaluation.data_sets import Selection, open_data_set
from lean_sidekick.evaluation.pool import LocalPool
from lean_sidekick.evaluation.run_folder import open_run_folder
from support.scripted_bench import Counter, ScriptedProvers, make_run, scripted_run

ROOT = Path(__file__).parents[3]
PYTHONPATH = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "server")])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "theorems.jsonl"
    rows = [{"name": f"t{n}", "statement": f"theorem t{n} : {n} = {n} := by"} for n in range(40)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def run_in_process(data: Path, out: Path, *, attempts: int, workers: int = 1) -> int:
    provers = ScriptedProvers()
    pool = LocalPool(workers=provers, count=workers)
    asyncio.run(make_run(scripted_run(open_data_set(data, Selection(), None), attempts), pool, out))
    return provers.counter.count


def run_and_kill(data: Path, out: Path, *, attempts: int, workers: int, hold: int) -> None:
    """Starts a run as a process of its own and kills it, as it cannot be caught, after `hold` attempts."""
    options = (f"--attempts={attempts}", f"--workers={workers}", f"--hold={hold}")
    process = subprocess.Popen(
        [sys.executable, "-m", "support.scripted_bench", data, out, *options],
        env={**os.environ, "PYTHONPATH": PYTHONPATH},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)


@pytest.mark.parametrize(("attempts", "workers"), [(1, 1), (3, 2)])
def test_killed_and_continued_is_the_same_run(data: Path, tmp_path: Path, attempts: int, workers: int) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run_in_process(data, whole, attempts=attempts) == 40 * attempts
    run_and_kill(data, killed, attempts=attempts, workers=workers, hold=17)
    assert not (killed / "summary.json").exists()
    kept = (killed / "results.jsonl").read_bytes()
    assert kept.count(b"\n") in range(17 // attempts - workers, 17 // attempts + 1)
    (killed / "results.jsonl").write_bytes(kept + b'{"declaration": "t39", "sta')  # the row it was writing
    left = run_in_process(data, killed, attempts=attempts)
    assert 40 * attempts - 17 <= left <= 40 * attempts - 17 + workers, "what was done is not done again"
    for name in ("results.jsonl", "summary.json", "run.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    assert sorted(path.name for path in killed.iterdir()) == ["results.jsonl", "run.json", "summary.json"]


def test_rows_stand_in_the_order_of_the_data(data: Path, tmp_path: Path) -> None:
    run_in_process(data, tmp_path / "out", attempts=1, workers=7)
    rows = (tmp_path / "out" / "results.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(row)["declaration"] for row in rows] == [f"t{n}" for n in range(40)]


def test_another_run_is_not_continued(data: Path, tmp_path: Path) -> None:
    """Rows of two configurations in one file would be counted as one run."""
    run_in_process(data, tmp_path / "out", attempts=1)
    before = (tmp_path / "out" / "results.jsonl").read_bytes()
    with pytest.raises(InputError, match=r"another run.*attempts 1, not 2.*--restart"):
        run_in_process(data, tmp_path / "out", attempts=2)
    assert (tmp_path / "out" / "results.jsonl").read_bytes() == before


def test_two_processes_do_not_write_to_one_folder(data: Path, tmp_path: Path) -> None:
    opened = open_data_set(data, Selection(), None)
    record = scripted_run(opened, 1).record
    with (
        open_run_folder(tmp_path / "out", record, opened, restart=False),
        pytest.raises(InputError, match="Another process"),
    ):
        run_in_process(data, tmp_path / "out", attempts=1)


def test_a_damaged_row_is_said_with_its_line(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_in_process(data, out, attempts=1)
    (out / "summary.json").unlink()
    rows = (out / "results.jsonl").read_text(encoding="utf-8").splitlines()
    for damage, message in (("{", "line 3: not JSON"), (rows[0], "line 3: the theorem has a row already")):
        (out / "results.jsonl").write_text("\n".join([*rows[:2], damage, *rows[3:], ""]), encoding="utf-8")
        with pytest.raises(InputError, match=message):
            run_in_process(data, out, attempts=1)


def test_restart_begins_anew(data: Path, tmp_path: Path) -> None:
    run_in_process(data, tmp_path / "out", attempts=1)
    opened = open_data_set(data, Selection(), None)
    with open_run_folder(tmp_path / "out", scripted_run(opened, 2).record, opened, restart=True) as folder:
        assert folder.done_count == 0
    assert not (tmp_path / "out" / "summary.json").exists()


def test_a_failing_prover_ends_the_run_and_loses_nothing(data: Path, tmp_path: Path) -> None:
    opened = open_data_set(data, Selection(), None)
    provers = ScriptedProvers(counter=Counter(fail=5))
    with pytest.raises(LeanUnavailable, match="Lean is gone"):
        asyncio.run(make_run(scripted_run(opened, 1), LocalPool(workers=provers, count=2), tmp_path / "out"))
    assert (tmp_path / "out" / "results.jsonl").read_bytes().count(b"\n") >= 4
    assert run_in_process(data, tmp_path / "out", attempts=1) <= 36
