"""`bench check`: what is wrong with a benchmark that somebody else wrote is told with file and line, all of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from lean_sidekick.cli import app
from lean_sidekick.evaluation.extraction.layout import write_benchmark
from support.made_up_traces import ORIGIN, InMemory, MadeUpProject, made_up_file, made_up_theorem

SIDES = ("train", "val", "test")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound benchmark of a hundred theorems, as `extract` writes it: an item a line."""
    write_benchmark(MadeUpProject(100), tmp_path, ORIGIN, 0, lambda path: None)
    return tmp_path


def check(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = app.run(["bench", "check", str(folder), *more])
    said = capsys.readouterr()
    return status, said.out, said.err


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / name).read_text(encoding="utf-8"))
    return found


def write(folder: Path, name: str, items: list[Any]) -> None:
    text = ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)
    (folder / name).write_text(f"[{text}]\n", encoding="utf-8")


def test_a_sound_benchmark_is_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said, complained = check(folder, capsys)
    assert (status, complained) == (0, "")
    lines = said.splitlines()
    assert lines[0] == "corpus: 5 files, 100 premises"
    sides = [rows(folder, f"random/{side}.json") for side in SIDES]
    counts = [f"{len(side)} / {sum(len(row['traced_tactics']) for row in side)}" for side in sides]
    assert " ".join(lines[2].split()) == " ".join(["random", *counts])
    assert sum(len(rows(folder, f"random/{side}.json")) for side in SIDES) == 100
    assert "random: no theorem and no statement stands on two sides" in said
    status, said, _ = check(folder, capsys, "--json")
    first, second = map(json.loads, said.splitlines())
    assert (status, first["split"], second["split"]) == (0, "random", "novel_premises")
    assert first["is_sound"] and second["is_sound"]
    assert [one["theorems"] for one in first["sides"]] == [len(rows(folder, f"random/{side}.json")) for side in SIDES]
    assert [one["steps"] for one in first["sides"]] == [
        sum(len(row["traced_tactics"]) for row in rows(folder, f"random/{side}.json")) for side in SIDES
    ]


def test_every_damaged_item_is_told_with_its_line_and_the_others_are_checked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    val = rows(folder, "random/val.json")
    val[1] = {**val[1], "start": [0]}
    val[3] = {name: value for name, value in val[3].items() if name != "full_name"}
    val[4] = {**val[4], "traced_tactics": [{"tactic": "rfl"}]}
    val[5] = {**val[5], "file_path": "M/\ud800.lean"}
    text = ",\n".join(json.dumps(item) for item in val)
    (folder / "random" / "val.json").write_text(f"[{text}]\n", encoding="utf-8")
    status, said, _ = check(folder, capsys)
    assert status == 1
    what = "  line that cannot be read: random/val.json, line"
    assert f"{what} 2, item 2: `start` is not a line and a column, both from 1." in said
    assert f"{what} 4, item 4: `full_name` is missing or no text." in said
    assert f"{what} 5, item 5, step 1: `state_before` is missing or no text." in said
    assert f"{what} 6, item 6: `file_path` holds half a character" in said
    assert said.count(what) == 4
    assert "corpus: 5 files, 100 premises" in said, "the rest is checked"


def test_where_a_file_is_no_json_any_more_it_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "random" / "test.json"
    path.write_bytes(path.read_bytes()[:-300])
    (folder / "novel_premises" / "val.json").write_text("")
    status, said, _ = check(folder, capsys)
    assert status == 1
    [cut, empty] = [line for line in said.splitlines() if "cannot be read: " in line]
    assert "random/test.json, line 10, item 10: not JSON" in cut and cut.endswith("; nothing behind it was read.")
    assert empty.endswith("novel_premises/val.json is empty; nothing behind it was read.")


def test_damage_of_the_corpus(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1][:40]
    lines[3] = '{"path": "x"}'
    (folder / "corpus.jsonl").write_text("\n".join(lines), encoding="utf-8")
    status, said, _ = check(folder, capsys)
    assert status == 1
    assert "corpus: 3 files, 60 premises" in said
    what = "line of the corpus that cannot be read: corpus.jsonl, line"
    assert f"{what} 2: it is no JSON." in said and f"{what} 4: it has no `premises`." in said


def test_what_leaks_and_what_stands_twice(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train, val = rows(folder, "random/train.json"), rows(folder, "random/val.json")
    write(folder, "random/val.json", [*val, train[5], val[0]])
    status, said, _ = check(folder, capsys)
    assert status == 1
    both, twice = (f"{row['file_path']} {row['full_name']}" for row in (train[5], val[0]))
    assert f"  theorem on two sides: {both} (random/train.json, line 6, item 6)" in said
    assert f"  theorem on two sides: {both} (random/val.json, line {len(val) + 1}, item {len(val) + 1})" in said
    assert f"  theorem that stands on its side already: {twice} (random/val.json, line {len(val) + 2}, " in said
    assert said.count("  theorem that stands on its side already") == 1
    assert "random: LEAKS: 2 theorems on two sides" in said
    write(folder, "random/val.json", [*val, *train])
    _, said, _ = check(folder, capsys)
    assert f"… and {2 * len(train) - 20} more like it" in said


def test_examples_of_one_file_are_not_one_theorem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They have no name: the benchmark tells them apart by their place."""
    made = [made_up_theorem("_example", f": {n} = {n}", line=10 * n + 1) for n in range(30)]
    file = made_up_file(0, [evolve(one, statement=f"example : {n} = {n}") for n, one in enumerate(made)])
    file = evolve(file, premises=evolve(file.premises, premises=()))
    report = write_benchmark(InMemory([file]), tmp_path, ORIGIN, 0, lambda path: None)
    assert report.is_sound and all(len(rows(tmp_path, f"random/{side}.json")) > 0 for side in SIDES)
    status, said, _ = check(tmp_path, capsys)
    assert (status, "30 theorems have no statement in the corpus" in said) == (0, True)


def test_what_is_no_benchmark_is_one_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "novel_premises" / "val.json").unlink()
    status, said, complained = check(folder, capsys)
    assert (status, said) == (2, "")
    assert complained.startswith(f"lean-sidekick: {folder} has no novel_premises/val.json: a benchmark in LeanDojo's")
    for file in (folder / "novel_premises").iterdir():
        file.unlink()
    (folder / "novel_premises").rmdir()
    assert check(folder, capsys)[0] == 0, "one split alone is a benchmark too"
    status, _, complained = check(folder / "random", capsys)
    assert (status, "has no random/ and novel_premises/" in complained) == (2, True)
