"""`bench generate` on a mini model: figures of the worker and of plain `generate`, from one run."""

import json
from pathlib import Path

import pytest

from lean_sidekick.cli.app import run
from lean_sidekick.evaluation.generate_run import prompt

pytestmark = pytest.mark.model


@pytest.mark.timeout(300)  # two processes that import torch, on a busy machine
def test_a_run_says_what_was_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two goals at once, three candidates each: all tokens are counted, and both sides have their own times. The next
    run adds what is missing; other settings are refused."""
    options = ["--batch", "3", "--goals", "2", "--rounds", "2", "--device", "cpu", "--weights", str(tmp_path / "w")]
    assert run(["bench", "generate", "byt5-mini", *options, "--out", str(tmp_path / "out")]) == 0
    figures = json.loads((tmp_path / "out" / "generate.json").read_text(encoding="utf-8"))
    (row,) = figures["cells"]
    assert (row["model"], row["goals"], row["candidates_a_goal"], row["rounds"]) == ("byt5-mini", 2, 3, 2)
    assert row["tokens_per_second"] == pytest.approx(row["candidates_per_second"] * 48, rel=0.02)
    assert row["ratio_to_plain_generate"] == pytest.approx(row["p50_ms"] / row["plain_generate_p50_ms"], rel=0.01)
    loaded = figures["models"]["byt5-mini"]
    assert 0 < loaded["memory_before_mb"] < loaded["memory_after_mb"]
    assert row["prompt_tokens"] == 501  # ByT5 ends a text with a mark
    assert (tmp_path / "out" / "generate.png").stat().st_size > 5_000

    options[1:1] = ["1", "--batch"]
    assert run(["bench", "generate", "byt5-mini", *options, "--out", str(tmp_path / "out")]) == 0
    figures = json.loads((tmp_path / "out" / "generate.json").read_text(encoding="utf-8"))
    assert figures["cells"][0] == row
    assert [cell["candidates_a_goal"] for cell in figures["cells"]] == [3, 1]
    options[options.index("--rounds") + 1] = "3"
    assert run(["bench", "generate", "byt5-mini", *options, "--out", str(tmp_path / "out")]) == 2
    assert "other settings: name another --out" in capsys.readouterr().err


@pytest.mark.parametrize("size", [500, 2000])
def test_a_prompt_has_the_size_that_it_is_said_to_have(size: int) -> None:
    assert len(prompt(size, 0).encode()) == size
    assert prompt(size, 0) != prompt(size, 1)
